"""The pure side of fault plans: which deliveries a plan strikes."""

import os
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime import ledger
from actors.runtime.errors import FaultPlanInvalid
from actors.runtime.faultplan import FaultPlan, Rule
from actors.runtime.faults import Faults
from actors.runtime.ledger import START, Action

ADDRESSES = ("session/ann/agent", "session/ann/tools", "session/bob/agent", "root", "odd[1]*?")
MESSAGES = ("StartRun", "Emit", START)

triggers = st.one_of(
    st.builds(lambda value: {"nth": value}, st.integers(1, 8)),
    st.builds(lambda value: {"every": value}, st.integers(1, 8)),
    st.builds(lambda value: {"probability": value}, st.floats(0.01, 1)),
)
rules = st.builds(
    lambda address, action, message, trigger: Rule(
        address,
        action,
        "*" if action is Action.FAIL_START else message,
        seconds=1.0 if action is Action.DELAY else None,
        **trigger,
    ),
    st.sampled_from((*ADDRESSES, "*", "session/*", "session/*/agent", "session/[ab]*")),
    st.sampled_from(Action),
    st.sampled_from(("*", "StartRun", "Emit")),
    triggers,
)
plans = st.builds(
    FaultPlan, st.lists(rules, max_size=4).map(tuple), seed=st.integers(-9, 2**63 - 1), budget=st.integers(1, 12)
)
deliveries = st.lists(st.tuples(st.sampled_from(ADDRESSES), st.integers(1, 3), st.sampled_from(MESSAGES)), max_size=60)


def ledger_of(plan, deliveries):
    faults = Faults(plan)
    for delivery in deliveries:
        faults.decide(*delivery)
    return faults.ledger


def struck(trigger, times=20, seed=0):
    """Return which of some deliveries one rule strikes."""
    plan = FaultPlan((Rule("a", Action.DROP, **trigger),), seed=seed, budget=10_000)
    return [injection.delivery for injection in ledger_of(plan, [("a", 1, "Emit")] * times)]


# Which deliveries.


@given(plans, deliveries)
def test_the_same_seed_and_the_same_deliveries_give_the_same_ledger(plan, deliveries):
    assert ledger_of(plan, deliveries) == ledger_of(plan, deliveries)


@given(plans, deliveries)
def test_the_budget_is_never_exceeded(plan, deliveries):
    assert len(ledger_of(plan, deliveries)) <= plan.budget


def test_a_spent_budget_leaves_every_further_delivery_alone():
    plan = FaultPlan((Rule("*", Action.DROP, every=1),), budget=5)

    assert [entry.delivery for entry in ledger_of(plan, [("a", 1, "Emit")] * 9)] == [1, 2, 3, 4, 5]


def test_a_replay_strikes_an_address_with_the_characters_of_globs_and_no_other():
    original = ledger_of(FaultPlan((Rule("*", Action.DROP, nth=1),)), [("odd[1]*?", 1, "Emit")])
    deliveries = [(address, 1, "Emit") for address in ("odd1xy", "odd[1]*?")]

    assert [entry.address for entry in ledger_of(FaultPlan.from_ledger(original), deliveries)] == ["odd[1]*?"]


@given(plans, deliveries)
def test_a_ledger_replays_at_the_same_deliveries(plan, deliveries):
    original = ledger_of(plan, deliveries)
    replayed = ledger_of(FaultPlan.from_ledger(original), deliveries)

    def places(entries):
        return [(entry.delivery, entry.address, entry.incarnation, entry.message, entry.action) for entry in entries]

    assert places(replayed) == places(original)


@given(plans, deliveries)
def test_what_is_injected_is_what_the_rule_says(plan, deliveries):
    for number, entry in enumerate(ledger_of(plan, deliveries), start=1):
        rule = plan.rules[entry.rule - 1]
        assert (entry.number, entry.action, entry.seconds) == (number, rule.action, rule.seconds)
        assert (entry.message == START) == (rule.action is Action.FAIL_START)
        assert rule.message in ("*", entry.message)


def test_nth_strikes_once():
    assert struck({"nth": 3}) == [3]


def test_every_strikes_again_and_again():
    assert struck({"every": 6}) == [6, 12, 18]


def test_a_probability_of_one_strikes_always():
    assert struck({"probability": 1}) == list(range(1, 21))


def test_a_probability_strikes_that_share_of_the_deliveries():
    assert 2850 <= len(struck({"probability": 0.3}, times=10_000)) <= 3150


def test_another_seed_strikes_elsewhere():
    assert struck({"probability": 0.5}, seed=1) != struck({"probability": 0.5}, seed=2)


def test_one_actors_draws_do_not_depend_on_the_others_deliveries():
    plan = FaultPlan((Rule("*", Action.DROP, probability=0.5),), seed=5)
    alone = [("ann", 1, "Emit")] * 20
    among = [delivery for own in alone for delivery in (("bob", 1, "Emit"), own, ("bob", 1, "StartRun"))]

    def of_ann(entries):
        return [entry.delivery for entry in entries if entry.address == "ann"]

    assert of_ann(ledger_of(plan, alone)) == of_ann(ledger_of(plan, among)) != []


def test_a_star_spans_slashes_and_a_question_mark_is_one_character():
    plan = FaultPlan((Rule("session/*/a?", Action.DROP, every=1),))
    deliveries = [(address, 1, "Emit") for address in ("session/x/y/ab", "session/x/abc", "asession/x/ab")]

    assert [entry.address for entry in ledger_of(plan, deliveries)] == ["session/x/y/ab"]


def test_of_two_rules_that_are_due_the_first_acts_and_both_count():
    plan = FaultPlan((Rule("a", Action.DROP, nth=1), Rule("a", Action.KILL, every=2)))

    assert [(entry.delivery, entry.rule) for entry in ledger_of(plan, [("a", 1, "Emit")] * 4)] == [
        (1, 1),
        (2, 2),
        (4, 2),
    ]


def test_deliveries_are_counted_through_restarts():
    plan = FaultPlan((Rule("a", Action.RAISE, nth=3),))

    [entry] = ledger_of(plan, [("a", incarnation, "Emit") for incarnation in (1, 2, 3)])
    assert (entry.incarnation, entry.delivery) == (3, 3)


def test_the_ledger_is_the_same_whatever_the_hash_seed():
    code = """if True:
        from actors.runtime import ledger
        from actors.runtime.faultplan import FaultPlan, Rule
        from actors.runtime.faults import Faults
        faults = Faults(FaultPlan((Rule("session/*", "drop", probability=0.3), Rule("*", "kill", every=7)), seed=3))
        for number in range(200):
            faults.decide(f"session/{number % 7}", 1, ("Emit", "StartRun")[number % 2])
        print(ledger.to_json(faults.ledger))
    """
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4294967295")
    }

    assert len(said) == 1
    assert Counter(entry.action for entry in ledger.from_json(said.pop())).keys() == {Action.DROP, Action.KILL}


# Plans as text.


@given(plans)
def test_a_plan_survives_being_written_and_read(plan):
    assert FaultPlan.from_dict(plan.to_dict()) == plan


@given(plans, deliveries)
def test_a_ledger_survives_being_written_and_read(plan, deliveries):
    entries = ledger_of(plan, deliveries)

    assert list(ledger.from_json(ledger.to_json(entries))) == entries


def test_a_plan_is_read_from_toml():
    plan = FaultPlan.from_toml("""
        seed = 7
        [[rules]]
        address = "session/*/agent"
        message = "StartRun"
        nth = 2
        action = "hang"
        seconds = 1.5
    """)

    assert plan == FaultPlan((Rule("session/*/agent", Action.HANG, "StartRun", nth=2, seconds=1.5),), seed=7)


RIGHT = {"address": "a", "action": "drop", "nth": 1}


def of_rule(**entries):
    return {"rules": [RIGHT | entries]}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "a plan is a table"),
        ({}, "rules: there are none; write"),
        ({"rules": 5}, "rules: there are none; write"),
        ({"rules": [5]}, "rule 1: 5 isn't a table; write"),
        ({"rules": [], "sed": 1}, "there is no 'sed'; did you mean seed?"),
        ({"rules": [], "seed": True}, "seed can't be True; write a whole number"),
        ({"rules": [], "seed": "1"}, "seed can't be '1'; write"),
        ({"rules": [], "seed": 2**63}, "write a whole number of at most 63 bits"),
        ({"rules": [], "budget": 0}, "budget can't be 0; write"),
        ({"rules": [], "budget": 100_001}, "budget can't be 100001; write"),
        (of_rule(address=""), "rule 1: address can't be ''; write"),
        (of_rule(message=3), "rule 1: message can't be 3; write"),
        (of_rule(nth=0), "rule 1: nth can't be 0; write"),
        (of_rule(nth=1.5), "rule 1: nth can't be 1.5; write"),
        (of_rule(every=2), "rule 1: write exactly one of nth, every, probability; it has nth and every"),
        ({"rules": [{"address": "a", "action": "drop"}]}, "rule 1: write exactly one of"),
        ({"rules": [{"action": "drop", "nth": 1}]}, "rule 1: address is missing; write"),
        ({"rules": [{"address": "a", "nth": 1}]}, "rule 1: action is missing; write one of raise, kill"),
        ({"rules": [{"address": "a", "action": "drop", "probability": 1.1}]}, "probability can't be 1.1; write"),
        ({"rules": [{"address": "a", "action": "drop", "probability": float("nan")}]}, "probability can't be nan"),
        (of_rule(action="explode"), "rule 1: action can't be 'explode'; write one of raise"),
        (of_rule(action=["drop"]), "rule 1: action can't be ['drop']; write"),
        (of_rule(action="delay"), "rule 1: a delay needs to know for how long; write seconds"),
        (of_rule(action="delay", seconds=float("inf")), "rule 1: seconds can't be inf; write"),
        (of_rule(seconds=1), "rule 1: drop takes no time; leave seconds out"),
        (of_rule(action="fail_start", message="Emit"), "rule 1: fail_start is about starts, not messages; leave"),
        (of_rule(colour="red"), "rule 1: there is no 'colour'; there are address"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(wrong, said):
    with pytest.raises(FaultPlanInvalid) as invalid:
        FaultPlan.from_dict(wrong)

    [problem] = invalid.value.problems
    assert said in problem


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(FaultPlanInvalid) as invalid:
        FaultPlan.from_dict({"budget": 0, "rules": [of_rule, RIGHT, RIGHT | {"nth": 0, "action": "boom"}]})

    assert [problem.split(";")[0][:18] for problem in invalid.value.problems] == [
        "budget can't be 0",
        f"rule 1: {of_rule!r}"[:18],
        "rule 3: nth can't ",
        "rule 3: action can",
    ]


def test_a_plan_made_in_code_is_checked_as_well():
    with pytest.raises(FaultPlanInvalid, match="it has none"):
        FaultPlan((Rule("a", Action.DROP),))


def test_what_is_not_toml_is_no_plan():
    with pytest.raises(FaultPlanInvalid, match="isn't valid TOML"):
        FaultPlan.from_toml("rules = [")


def test_what_is_not_a_ledger_is_refused():
    with pytest.raises(FaultPlanInvalid, match="isn't a ledger"):
        ledger.from_json('[{"number": "one"}]')
