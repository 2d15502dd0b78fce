"""Supervisors driven at random, against a model of what OTP's would do that fits on a page."""

import gevent
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.runtime.actor import Actor
from actors.runtime.administration import DeleteChild, RestartChild, StartChild, Status, StopChild, WhichChildren
from actors.runtime.errors import ChildActive, ChildExists, ChildNotFound
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.runtime import Runtime
from actors.runtime.specs import ChildSpec
from actors.runtime.strategies import Strategy
from actors.runtime.supervisor import Supervisor
from tests.actors.runtime.failing import fail
from tests.actors.runtime.policies import AT_ONCE

ALLOWED = 6
SETTLED = {Status.RUNNING, Status.STOPPED}
IDS = st.sampled_from("abcd")


class Top(Supervisor):
    intensity = Intensity(ALLOWED, within=1e9)

    def __init__(self, strategy):
        self.strategy = strategy


class Obedient(Actor):
    def on_receive(self, message):
        return message(self)


class Model:
    """What the supervisor should be: each child's restart type and life, and which of them live."""

    def __init__(self, strategy):
        self.strategy = strategy
        self.restart = {}
        self.life = {}
        self.up = set()
        self.restarts = 0

    @property
    def dead(self):
        return self.restarts > ALLOWED

    def start(self, child_id, restart):
        self.restart[child_id], self.life[child_id] = restart, 1
        self.up.add(child_id)

    def begin(self, child_id):
        self.life[child_id] += 1
        self.up.add(child_id)

    def forget(self, child_id):
        del self.restart[child_id], self.life[child_id]
        self.up.discard(child_id)

    def rest(self, child_id):
        self.up.discard(child_id)
        if self.restart[child_id] is Restart.TEMPORARY:
            self.forget(child_id)

    def end(self, child_id, *, clean):
        restart = self.restart[child_id]
        if restart is Restart.TEMPORARY or (restart is Restart.TRANSIENT and clean):
            self.rest(child_id)
            return
        self.restarts += 1
        for affected in self.strategy.affected(tuple(self.restart), child_id):
            if self.restart[affected] is Restart.TEMPORARY:
                self.forget(affected)
            else:
                self.begin(affected)


class SupervisorAgainstModel(RuleBasedStateMachine):
    @initialize(strategy=st.sampled_from(Strategy))
    def begin(self, strategy):
        self.runtime = Runtime(seed=1)
        self.plant(strategy)

    def plant(self, strategy):
        self.model = Model(strategy)
        self.top = self.runtime.supervise(ChildSpec("top", Top, (strategy,)))

    @precondition(lambda self: self.model.dead)
    @rule(strategy=st.sampled_from(Strategy))
    def begin_anew(self, strategy):
        self.plant(strategy)

    def lives(self):
        return not self.model.dead

    @precondition(lives)
    @rule(child_id=IDS, restart=st.sampled_from(Restart))
    def start(self, child_id, restart):
        order = StartChild(ChildSpec(child_id, Obedient, restart=restart, backoff=AT_ONCE))
        if child_id in self.model.life:
            with pytest.raises(ChildExists):
                self.top.ask(order)
        else:
            self.top.ask(order)
            self.model.start(child_id, restart)

    @precondition(lives)
    @rule(child_id=IDS)
    def stop(self, child_id):
        if child_id in self.model.life:
            self.top.ask(StopChild(child_id))
            self.model.rest(child_id)
        else:
            with pytest.raises(ChildNotFound):
                self.top.ask(StopChild(child_id))

    @precondition(lives)
    @rule(child_id=IDS, order=st.sampled_from([RestartChild, DeleteChild]))
    def restart_or_delete(self, child_id, order):
        if child_id not in self.model.life or child_id in self.model.up:
            with pytest.raises((ChildNotFound, ChildActive)):
                self.top.ask(order(child_id))
        else:
            self.top.ask(order(child_id))
            (self.model.begin if order is RestartChild else self.model.forget)(child_id)

    @precondition(lives)
    @rule(child_id=IDS, how=st.sampled_from(["crash", "kill", "stop"]))
    def end(self, child_id, how):
        if child_id not in self.model.up:
            return
        ref = self.runtime.ref(f"top/{child_id}")
        {"crash": lambda: ref.tell(fail), "kill": ref.kill, "stop": lambda: ref.stop(block=False)}[how]()
        self.model.end(child_id, clean=how == "stop")

    @invariant()
    def is_as_the_model_says(self):
        if not hasattr(self, "top"):
            return
        if self.model.dead:
            self.until(lambda: not self.top.is_alive())
            assert self.runtime.refs() == []
            return
        self.until(lambda: all(info.status in SETTLED for info in self.top.ask(WhichChildren())))
        infos = self.top.ask(WhichChildren())
        assert {info.child_id for info in infos if info.status is Status.RUNNING} == self.model.up
        assert {info.child_id: info.ref.incarnation for info in infos} == self.model.life
        assert [info.child_id for info in infos] == list(self.model.life)
        assert self.top.incarnation == 1

    def until(self, condition):
        with gevent.Timeout(5):
            while not condition():
                gevent.sleep(0)

    def teardown(self):
        if hasattr(self, "runtime"):
            self.runtime.stop()
            assert self.runtime.refs() == []


SupervisorAgainstModel.TestCase.settings = settings(
    max_examples=300, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSupervisorAgainstModel = SupervisorAgainstModel.TestCase
