"""The places of gevent and greenlet, private or not, that the runtime stands on."""

import sys
import threading
from contextvars import ContextVar

import gevent
import greenlet
from gevent import get_hub
from gevent.hub import Waiter

from tests.actors.runtime.seams import moved


def run_on_hub(call, *args):
    """Call where a greenlet that ends gives control back to."""
    get_hub().loop.run_callback(call, *args)
    gevent.sleep(0)


def test_a_timeout_throws_by_the_throw_attribute_of_the_greenlet_that_started_it():
    """Looked up when it strikes: a worker's own throw can stand in the way."""
    waiter = Waiter()

    class Catching(greenlet.greenlet):
        def run(self):
            self.timeout = gevent.Timeout(0.001)
            self.timeout.start()

        def throw(self, *error):
            waiter.switch(error)

    catching = Catching(parent=get_hub())
    run_on_hub(catching.switch)
    # A plain timer wouldn't do: it has a higher priority, and goes first where both are due by the same turn.
    with gevent.Timeout(5, AssertionError(moved("gevent.Timeout's throw", "dispatcher.py"))):
        thrown = waiter.get()

    assert thrown == (catching.timeout,), moved("gevent.Timeout's throw", "dispatcher.py")


def test_a_pending_timeout_refers_to_the_greenlet_that_started_it():
    """By that reference a worker learns that somebody can still throw into it."""
    seen = []

    class Counting(greenlet.greenlet):
        def run(self):
            before = sys.getrefcount(self)
            timeout = gevent.Timeout(30)
            timeout.start()
            during = sys.getrefcount(self)
            timeout.close()
            seen.extend([during - before, sys.getrefcount(self) - before])

    run_on_hub(Counting(parent=get_hub()).switch)

    assert seen[0] >= 1, moved("the reference of a pending gevent.Timeout", "dispatcher.py")
    assert seen[1] == 0, moved("the reference of a closed gevent.Timeout", "dispatcher.py")


def test_a_kill_by_gevent_reaches_a_greenlet_by_its_throw_attribute():
    thrown = []

    class Catching(greenlet.greenlet):
        def run(self):
            get_hub().switch()

        def throw(self, *error):
            thrown.append(error)

    catching = Catching(parent=get_hub())
    run_on_hub(catching.switch)
    gevent.kill(catching, KeyError)
    gevent.sleep(0)

    assert thrown == [(KeyError,)], moved("gevent.kill's throw", "dispatcher.py")
    run_on_hub(greenlet.greenlet.throw, catching)


def test_callbacks_run_on_the_hub_in_the_order_they_were_asked_for():
    seen = []
    loop = get_hub().loop
    for number in range(3):
        loop.run_callback(lambda number=number: seen.append((number, gevent.getcurrent() is get_hub())))
    gevent.sleep(0)

    assert seen == [(0, True), (1, True), (2, True)], moved("gevent's loop.run_callback", "dispatcher.py")


def test_a_callback_from_another_thread_wakes_the_loop():
    waiter = Waiter()
    loop = get_hub().loop
    thread = threading.Thread(target=loop.run_callback_threadsafe, args=(waiter.switch, "woken"))
    with gevent.Timeout(5):
        thread.start()
        assert waiter.get() == "woken", moved("gevent's loop.run_callback_threadsafe", "dispatcher.py")
    thread.join()


def test_a_timer_counts_from_now_when_told_to_update():
    """Without it, it would count from when the loop last looked at the clock."""
    waiter = Waiter()
    timer = get_hub().loop.timer(0.001)
    timer.start(waiter.switch, "due", update=True)

    assert waiter.get() == "due", moved("gevent's loop.timer().start(update=True)", "dispatcher.py")
    timer.close()
    timer.close()


def test_a_timer_that_nobody_holds_still_calls():
    waiter = Waiter()
    get_hub().loop.timer(0.001).start(waiter.switch, "due", update=True)

    assert waiter.get() == "due", moved("gevent's loop.timer", "dispatcher.py")


def test_a_waiter_that_is_switched_before_it_waits_does_not_wait():
    waiter = Waiter()
    waiter.switch("early")

    assert waiter.get() == "early", moved("gevent.hub.Waiter", "future.py")


def test_a_waiter_that_is_switched_again_after_it_waited_harms_nobody():
    waiter = Waiter()
    loop = get_hub().loop
    loop.run_callback(waiter.switch, "first")
    loop.run_callback(waiter.switch, "second")
    first = waiter.get()
    gevent.sleep(0)

    assert first == "first", moved("gevent.hub.Waiter", "future.py")


def test_a_greenlet_whose_parent_is_the_hub_gives_control_back_by_its_end():
    ran = []
    run_on_hub(greenlet.greenlet(lambda: ran.append(True), get_hub()).switch)

    assert ran == [True], moved("greenlet's parent", "dispatcher.py")


def test_each_greenlet_has_a_context_of_its_own():
    variable = ContextVar("variable", default="unset")
    run_on_hub(greenlet.greenlet(lambda: variable.set("elsewhere"), get_hub()).switch)

    assert variable.get() == "unset", moved("greenlet's contexts", "cell.py")
