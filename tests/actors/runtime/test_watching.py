"""What an operator sees: events in one place, the tree, what is left of crashes, and a log that isn't flooded."""

from typing import NamedTuple

import pytest
import structlog
from gevent.event import Event

from actors.runtime import telemetry
from actors.runtime.administration import StopChild
from actors.runtime.bundles import BUNDLES, ENVELOPES
from actors.runtime.deadletters import COUNTED
from actors.runtime.errors import MailboxFull
from actors.runtime.muting import LOUD, MUTED_SECONDS, Mute, once_more
from actors.runtime.reasons import KILLED, NORMAL, ExitKind, failed
from actors.runtime.restarts import Intensity
from actors.runtime.specs import ChildSpec, MailboxSpec
from actors.runtime.states import State
from tests.actors.runtime.policies import LATER


@pytest.fixture
def events(runtime):
    events = []
    runtime.telemetry.subscribe(events.append)
    return events


def of(kind, events):
    return [event for event in events if type(event) is kind]


# Events.


def test_starts_stops_crashes_kills_and_restarts_are_told(tree, events, chronicle):
    tree.plant("a", "b", "c")
    tree.names()
    tree.crash("a")
    tree["b"].kill()
    chronicle.wait_for("start", "b", 2)
    tree.order(StopChild("c"))

    assert [(event.address, event.incarnation) for event in of(telemetry.Started, events)] == [
        *(("top/a", 1), ("top/b", 1), ("top/c", 1), ("top", 1), ("top/a", 2), ("top/b", 2)),
    ]
    assert [event.address for event in of(telemetry.Crashed, events)] == ["top/a"]
    assert of(telemetry.Killed, events) == [telemetry.Killed("top/b", 1, KILLED)]
    assert [event.address for event in of(telemetry.Restarting, events)] == ["top/a", "top/b"]
    assert [event.address for event in of(telemetry.Stopped, events)] == ["top/c"]


def test_a_budget_that_is_spent_is_told_with_who_gives_up(tree, events, watch):
    end = watch(tree.plant("a", intensity=Intensity(0, 1.0)))
    tree.names()
    tree.crash("a")
    end.down()

    [exceeded] = of(telemetry.IntensityExceeded, events)
    assert (exceeded.address, exceeded.supervisor) == ("top/a", "top")
    assert of(telemetry.Crashed, events)[-1].reason.kind is ExitKind.INTENSITY_EXCEEDED


def test_rejections_dead_letters_and_late_replies_are_told_without_their_texts(runtime, obedient, events, gate):
    ref = runtime.supervise(ChildSpec("busy", obedient, mailbox=MailboxSpec(1)))
    ref.ask(lambda _: None)
    late = ref.ask(lambda _: gate.hold(), block=False, timeout=0)
    gate.await_visitor()
    late.abandoned = True  # As its asker's impatience has it.
    ref.tell("a secret")
    with pytest.raises(MailboxFull):
        ref.tell("another")
    ended = ref.stop(block=False)
    gate.set()
    ended.get()

    assert of(telemetry.Rejected, events) == [telemetry.Rejected("busy", "str")]
    assert of(telemetry.DeadLettered, events) == [telemetry.DeadLettered("busy", "str")]
    assert of(telemetry.LateReply, events) == [telemetry.LateReply("busy")]
    assert runtime.telemetry.counts[telemetry.LateReply] == runtime.late_replies == 1


def test_whoever_unsubscribes_hears_no_more_and_others_do(runtime, obedient, events):
    heard = []
    runtime.telemetry.subscribe(heard.append)()
    runtime.start(obedient).stop()

    assert heard == []
    assert of(telemetry.Stopped, events)[-1].reason is NORMAL


def test_the_events_of_one_kind_are_counted(runtime, obedient):
    for _ in range(3):
        runtime.start(obedient).stop()

    assert runtime.telemetry.counts[telemetry.Stopped] == 3


# The log.


def test_what_is_said_too_often_is_muted_for_a_while_and_then_says_how_often():
    mute, said = Mute(), []
    for now in range(LOUD + 7):
        mute, say, last, skipped = once_more(mute, float(now))
        said.append((say, last, skipped))
    after = once_more(mute, LOUD - 1 + MUTED_SECONDS)

    assert said[: LOUD - 1] == [(True, False, 0)] * (LOUD - 1)
    assert said[LOUD - 1] == (True, True, 0)
    assert said[LOUD:] == [(False, False, 0)] * 7
    assert (after.say, after.last, after.skipped) == (True, False, 7)
    assert after.mute == Mute(said=1)


def test_a_thousand_dead_letters_are_ten_lines_in_the_log(runtime):
    with structlog.testing.capture_logs() as lines:
        for _ in range(1000):
            runtime.dead_letter("nobody", "text")

    lines = [line for line in lines if line["event"] == "dead_letter"]
    assert len(lines) == LOUD
    assert lines[-1] == {
        "event": "dead_letter",
        "log_level": "info",
        "actor": "nobody",
        "message_type": "str",
        "muted_for": MUTED_SECONDS,
    }
    assert runtime.dead_letters.counts["nobody", "str"] == 1000


# The tree.


def test_the_tree_shows_who_is_below_whom_and_how_they_are(tree, runtime, group):
    tree.plant("a", ChildSpec("inner", group, ([tree.spec("leaf")],)))
    tree.names()
    [top] = runtime.tree()

    assert (top.address, top.class_name, top.state, top.incarnation) == ("top", "Group", State.RUNNING, 1)
    assert [child.address for child in top.children] == ["top/a", "top/inner"]
    assert [leaf.address for leaf in top.children[1].children] == ["top/inner/leaf"]
    assert (top.budget, top.children[0].budget) == (None, (3, 3))
    assert (top.last_exit, top.retry_in, top.depth, top.oldest) == (None, None, 0, None)


def test_the_tree_shows_what_waits_and_for_how_long(tree, runtime, gate):
    tree.plant("a")
    tree.names()
    tree["a"].tell(lambda _: gate.hold())
    gate.await_visitor()
    for _ in range(3):
        tree["a"].tell(lambda _: None)
    waited = Event()
    runtime.clock.call_later(0.01, waited.set)
    assert waited.wait(5)
    [[a]] = (top.children for top in runtime.tree())

    assert a.depth == 3
    assert 0.01 <= a.oldest < 5


def test_the_tree_shows_who_backs_off_and_why(tree, runtime, chronicle):
    tree.plant(tree.spec("a", backoff=LATER), intensity=Intensity(3, 600.0))
    tree.names()
    tree.crash("a")
    chronicle.wait_for("start", "a", 2)
    tree.crash("a")
    tree.names()
    [[a]] = (top.children for top in runtime.tree())

    assert (a.state, a.incarnation, a.budget) == (State.DOWN, 2, (1, 3))
    assert 59 < a.retry_in <= 72
    assert a.last_exit == "error(ValueError)"


def test_a_part_of_the_tree_is_what_the_whole_shows_of_it(tree, runtime, group):
    tree.plant("a", ChildSpec("inner", group, ([tree.spec("leaf")],)))
    tree.names()
    [top] = runtime.tree()

    assert runtime.subtree("top/inner") == top.children[1]
    assert (runtime.tops(), runtime.children("top")) == (("top",), ("top/a", "top/inner"))
    assert runtime.subtree("top", 1) == top._replace(children=top.children[:1], omitted=1)
    assert (runtime.subtree("nobody"), runtime.children("nobody"), runtime.population) == (None, (), 4)


def test_those_of_whom_there_is_nothing_to_tell_are_passed_over(tree, runtime, chronicle):
    tree.plant("a", "b", tree.spec("c", backoff=LATER), intensity=Intensity(5, 600.0))
    tree.names()
    assert list(runtime.restless("top")) == []
    for name in ("b", "c"):
        tree.crash(name)
        chronicle.wait_for("start", name, 2)
    tree.crash("c")
    tree.names()
    b, c = runtime.restless("top")

    assert (b.address, b.state, b.incarnation, b.children) == ("top/b", State.RUNNING, 2, ())
    assert (c.address, c.state, c.incarnation) == ("top/c", State.DOWN, 2)


# What is left of a crash.


def test_a_crash_leaves_what_it_was_handed_last_and_nothing_of_what_people_wrote(tree, runtime):
    tree.plant("a")
    tree.names()
    for number in range(50):
        tree["a"].ask(lambda _, n=number: n)
    tree.crash("a")
    [bundle] = runtime.crashes

    assert (bundle.address, bundle.incarnation, bundle.class_name) == ("top/a", 1, "Child")
    assert (bundle.kind, bundle.error_type) == ("error", "ValueError")
    assert bundle.attributes == ("_cell", "begin", "chronicle", "finish")
    assert [envelope.message_type for envelope in bundle.envelopes] == ["function"] * ENVELOPES
    assert all(envelope.size > 0 for envelope in bundle.envelopes)
    assert bundle.places[-1].endswith("fail")


class Note(NamedTuple):
    number: int
    text: str | None
    data: bytes = b""


def test_the_size_of_a_message_counts_its_texts(runtime, obedient):
    ref = runtime.start(obedient)
    short, long = Note(1, None, b"x"), Note(1, "x" * 900, b"x" * 100)
    for message in (short, long):
        runtime.recorder.note(ref.address, 1, message)
    runtime.recorder.keep(ref.address, 1, None, "Obedient", KILLED, 0)
    sizes = [envelope.size for envelope in runtime.crashes[0].envelopes]

    assert sizes[1] - sizes[0] == 999


def test_a_start_that_fails_leaves_a_bundle_too(tree, runtime, watch):
    def fail(_):
        raise ValueError("no")

    watch(tree.plant(tree.spec("a", on_start=fail))).down()

    assert [bundle.kind for bundle in runtime.crashes] == ["start_failed", "start_failed"]
    assert [bundle.number for bundle in runtime.crashes] == [1, 2]


def test_a_kill_is_no_crash_and_old_bundles_go(runtime, obedient):
    runtime.start(obedient).kill()
    for number in range(BUNDLES + 5):
        runtime.recorder.keep(str(number), 1, None, "Obedient", KILLED, 0)

    assert [bundle.address for bundle in runtime.crashes] == [str(number) for number in range(5, BUNDLES + 5)]


def test_counts_are_kept_of_as_many_addresses_as_there_is_room_for(runtime):
    for number in range(COUNTED + 2):
        runtime.dead_letters.add(f"tool-{number}", "text")

    assert len(runtime.dead_letters.counts) == COUNTED
    assert ("tool-1", "str") not in runtime.dead_letters.counts
    assert runtime.dead_letters.counts[f"tool-{COUNTED + 1}", "str"] == 1
    assert runtime.dead_letters.types == {"str": COUNTED + 2}


def test_the_log_says_what_kind_of_error_it_was_and_not_what_it_says(runtime):
    with structlog.testing.capture_logs() as lines:
        runtime.telemetry.emit(telemetry.Crashed("agent", 1, failed(ValueError("what a person wrote"))))

    assert [line["reason"] for line in lines] == ["error(ValueError)"]
