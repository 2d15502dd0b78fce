"""What people ask for in a drill: short scripts for the rehearsal agent, made up by a seeded source. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Step = dict[str, Any]

CHARGE = "charge"
"""The one tool of the rehearsal that may not be called twice."""

LONGEST = 5
"""How many steps a script has at most."""


def _call(random: Random) -> Step:
    calls: list[Step] = [
        {"tool": "echo", "arguments": {"value": random.randint(0, 9)}},
        {"tool": "wait", "arguments": {"seconds": round(random.uniform(0, 0.2), 3)}},
        {"tool": "wait", "arguments": {"seconds": round(random.uniform(0, 0.2), 3)}},
        {"tool": "big", "arguments": {"bytes": random.randint(0, 3000)}},
        {"tool": "fail", "arguments": {"message": "no"}},
        {"tool": "crash", "arguments": {}},
        {"tool": "nobody", "arguments": {}},
    ]
    return random.choice(calls)


_STEPS: list[tuple[int, Callable[[Random], Step]]] = [
    (6, lambda random: {"think": f"thought {random.randint(0, 9)} über 🎭"}),
    (6, _call),
    (4, lambda random: {"tools": [_call(random) for _ in range(random.randint(1, 4))]}),
    (4, lambda random: {"say": "all that is to be said ", "chunks": random.randint(1, 8), "every_ms": 15}),
    (4, lambda random: {"sleep_ms": random.randint(1, 150)}),
    (2, lambda random: {"tool": CHARGE, "arguments": {"amount": random.randint(1, 9)}}),
    (1, lambda _: {"crash": "once", "until_attempt": 1}),
    (3, lambda random: {"answer": f"answer {random.randint(0, 999)}"}),
]


def random_script(random: Random) -> str:
    """Return the text of a message. What it asks for takes a fraction of a second, so that kills hit all of it."""
    weights = [weight for weight, _ in _STEPS]
    picked = random.choices([make for _, make in _STEPS], weights, k=random.randint(1, LONGEST))
    return json.dumps({"steps": [make(random) for make in picked]})


def answer_of(text: str) -> str:
    """Return what a run of this message answers where it succeeds."""
    steps = json.loads(text)["steps"]
    answers: list[str] = [step["answer"] for step in steps if "answer" in step]
    return answers[-1] if answers else "".join(step["say"] for step in steps if "say" in step)
