"""What people ask for in a simulation: scripts for the rehearsal agent, made up by a seeded source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Step = dict[str, Any]

HANG: Step = {"hang": True}
LONGEST = 6
"""How many steps a script has at most."""


def _call(random: Random) -> Step:
    calls: list[Step] = [
        {"tool": "echo", "arguments": {"value": random.randint(0, 9)}},
        {"tool": "wait", "arguments": {"seconds": round(random.uniform(0, 40), 3)}},
        {"tool": "fail", "arguments": {"message": "no"}},
        {"tool": "crash", "arguments": {}},
        {"tool": "echo", "arguments": {"wrong": 1}},
        {"tool": "nobody", "arguments": {}},
    ]
    return random.choice(calls)


_STEPS: list[tuple[int, Callable[[Random], Step]]] = [
    (6, lambda random: {"think": f"thought {random.randint(0, 9)}"}),
    (6, _call),
    (3, lambda random: {"tools": [_call(random) for _ in range(random.randint(1, 4))]}),
    (4, lambda random: {"say": "all that is to be said", "chunks": random.randint(1, 5), "every_ms": 10}),
    (4, lambda random: {"sleep_ms": random.randint(1, 3000)}),
    (1, lambda _: {"tool": "charge", "arguments": {"amount": 5}}),
    (1, lambda _: {"crash": "once", "until_attempt": 1}),
    (1, lambda _: {"crash": "always"}),
    (1, lambda _: {"exit": True}),
    (1, lambda _: HANG),
    (4, lambda _: {"answer": "done"}),
]


def random_script(random: Random) -> str:
    """Return the text of a message."""
    weights = [weight for weight, _ in _STEPS]
    picked = random.choices([make for _, make in _STEPS], weights, k=random.randint(1, LONGEST))
    return json.dumps({"steps": [make(random) for make in picked]})


def may_run_out_of_time(text: str) -> bool:
    """Tell whether a run of this message may rightly end as timed out."""
    return HANG in json.loads(text)["steps"]
