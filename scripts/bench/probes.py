"""Measures actors, in a process of its own: ours, or pykka's threading ones, monkey-patched.

    python -m scripts.bench.probes LIBRARY KIND [LIVE]

``LIVE`` actors idle meanwhile. It says ``ready``, and then answers each line of its standard input, a number of things
to do, with a line of JSON.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402 - whatever is imported before the patch keeps the blocking library
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from functools import partial  # noqa: E402
from statistics import median  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
import pykka  # noqa: E402

from actors.runtime.actor import Actor  # noqa: E402
from actors.runtime.errors import ActorDied  # noqa: E402
from actors.runtime.restarts import Intensity  # noqa: E402
from actors.runtime.runtime import Runtime  # noqa: E402
from actors.runtime.specs import ChildSpec  # noqa: E402
from actors.runtime.supervisor import Supervisor  # noqa: E402
from config.logs import set_up  # noqa: E402
from config.settings import Logs  # noqa: E402
from scripts.bench.process import resident_bytes  # noqa: E402


class Ours(Actor):
    """Answers with what it is told, and crashes where it is told so."""

    def on_receive(self, message: Any) -> Any:
        """Answer."""
        if message == "crash":
            raise RuntimeError(message)
        return message


class Theirs(pykka.ThreadingActor):
    """Answers with what it is told."""

    def on_receive(self, message: Any) -> Any:
        """Answer."""
        return message


class Nursery(Supervisor):
    """Has as many children as it is told to, each with a budget of its own."""

    dynamic = True

    def __init__(self, count: int) -> None:
        """Note how many."""
        self._count = count

    def children(self) -> list[ChildSpec]:
        """Give them."""
        return [ChildSpec(str(number), Ours, intensity=Intensity()) for number in range(self._count)]


LIBRARIES: dict[str, Any] = {"greenroom": Ours, "pykka": Theirs}


def asks(library: Any, count: int) -> dict[str, float]:
    """Ask one actor so often."""
    ref = library.start()
    found = _rate(lambda: ref.ask("?"), count)
    ref.stop()
    return found


def spawns(library: Any, count: int) -> dict[str, float]:
    """Start and stop so many actors, one after the other."""
    return _rate(lambda: library.start().stop(), count)


def idle(library: Any, count: int) -> dict[str, float]:
    """Start so many actors and leave them alone; what was there before doesn't count."""
    library.start()
    gevent.sleep(0.1)
    before = resident_bytes("self")
    kept = [library.start() for _ in range(count)]
    gevent.sleep(1)
    return {"bytes": (resident_bytes("self") - before) / len(kept)}


def stops(library: Any, count: int) -> dict[str, float]:
    """Stop so many actors, which were started before. Processor time: at so few microseconds, others would count."""
    refs = [library.start() for _ in range(count)]
    gevent.sleep(0.1)
    spent = time.process_time()
    for ref in refs:
        ref.stop()
    return {"cpu_us": (time.process_time() - spent) / count * 1e6}


def restarts(library: Any, count: int) -> dict[str, float]:
    """Crash so many supervised actors, once each, until the next life answers; and start as many that do.

    In turns, so that whatever else the machine does falls on both.
    """
    runtime = Runtime.default()
    top = runtime.supervise(ChildSpec("nursery", Nursery, (count,)))
    gevent.sleep(1)
    refs = [runtime.ref(f"nursery/{number}") for number in range(count)]
    crashed, started = [], []
    for ref in refs:
        crashed += _timed(partial(_crash, ref), 1)
        started += _timed(lambda: library.start().ask("?"), 1)
    top.stop()
    return {
        "restart_p99_us": _p99(crashed) * 1e6,
        "restart_p50_us": median(crashed) * 1e6,
        "spawn_p99_us": _p99(started) * 1e6,
        "spawn_p50_us": median(started) * 1e6,
    }


def _crash(ref: Any) -> None:
    ref.tell("crash")
    while True:
        try:
            ref.ask("?")
        except ActorDied:  # Or is between two lives, which is one of its kinds.
            gevent.sleep(0)
        else:
            return


def _rate(call: Callable[[], object], count: int) -> dict[str, float]:
    spent, took = time.process_time(), _timed(call, count)
    return {"per_second": count / sum(took), "cpu_us": (time.process_time() - spent) / count * 1e6}


def _timed(call: Callable[[], object], count: int) -> list[float]:
    """Return how many seconds each of so many calls took."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return took


def _p99(values: list[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]


KINDS = {"asks": asks, "spawns": spawns, "idle": idle, "stops": stops, "restarts": restarts}


def main(library: str, kind: str, live: str = "0") -> None:
    """Measure as the standard input says until it ends."""
    set_up(Logs())
    kept = [LIBRARIES[library].start() for _ in range(int(live))]
    _say("ready")
    for line in sys.stdin:
        _say(json.dumps(KINDS[kind](LIBRARIES[library], int(line))))
    del kept
    # Not by way of the interpreter's end, which would wait for every thread.
    os._exit(0)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
