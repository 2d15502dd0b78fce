"""What an idle connected session holds, and an idle actor: by the line that made it, and by type.

    python -m scripts.bench.holdings session|actor [COUNT]

The server is in this process; another one connects. Sizes are Python's, without the allocator's overhead and without
what C libraries take for themselves: the resident growth, which counts everything, is the benchmark's.
"""

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402 - whatever is imported before the patch keeps the blocking library
import linecache  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import tracemalloc  # noqa: E402
from collections import Counter  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from types import FunctionType, ModuleType  # noqa: E402
from typing import NamedTuple  # noqa: E402

from gevent import subprocess  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from actors.runtime.runtime import Runtime  # noqa: E402
from config.logs import set_up  # noqa: E402
from config.settings import Logs  # noqa: E402
from scripts.bench.furnish import furnish  # noqa: E402
from scripts.bench.probes import Ours  # noqa: E402
from scripts.bench.settings import settings  # noqa: E402
from server.app import Server  # noqa: E402

WARM, COUNT = 300, 1000
SHOWN = 100


class Census(NamedTuple):
    """How many objects of each type there are, and their bytes."""

    numbers: Counter[str]
    sizes: Counter[str]


def census() -> Census:
    """Count what can be reached from what the collector knows."""
    gc.collect()
    numbers: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for thing in _everything():
        name = f"{type(thing).__module__}.{type(thing).__qualname__}".removeprefix("builtins.")
        numbers[name] += 1
        sizes[name] += sys.getsizeof(thing)
    return Census(numbers, sizes)


def _everything() -> Iterator[object]:
    seen: set[int] = set()
    todo: list[object] = gc.get_objects()
    mine = {id(seen), id(todo)}
    while todo:
        thing = todo.pop()
        if id(thing) in seen or id(thing) in mine:
            continue
        seen.add(id(thing))
        yield thing
        if not isinstance(thing, ModuleType | FunctionType | type):
            todo.extend(gc.get_referents(thing))


def report(count: int, grow: Callable[[int], object]) -> None:
    """Grow by ``WARM`` and then twice by ``count``, and print what each one of it holds: by type, then by line."""
    grow(WARM)
    before = census()
    grow(count)
    console = Console(width=170)
    console.print(_by_type(count, before, census()))
    gc.collect()
    tracemalloc.start(1)
    first = tracemalloc.take_snapshot()
    grow(count)
    gc.collect()
    traces = tracemalloc.take_snapshot().compare_to(first, "lineno")
    tracemalloc.stop()
    traces = [trace for trace in traces if "tracemalloc" not in trace.traceback[0].filename]
    console.print(_by_line(count, traces))
    size, blocks = sum(trace.size_diff for trace in traces), sum(trace.count_diff for trace in traces)
    console.print(f"all lines: {size / count:.0f} bytes in {blocks / count:.0f} blocks")


def _by_type(count: int, before: Census, after: Census) -> Table:
    table = Table("type", "bytes", "of them", title="by type; what an instance keeps in its __dict__ isn't counted")
    sizes = Counter({name: size - before.sizes[name] for name, size in after.sizes.items()})
    for name, size in sizes.most_common(SHOWN):
        if size >= count:
            table.add_row(name, f"{size / count:.0f}", f"{(after.numbers[name] - before.numbers[name]) / count:.2f}")
    return table


def _by_line(count: int, traces: list[tracemalloc.StatisticDiff]) -> Table:
    table = Table("line", "bytes", "blocks", "", title="by the line that made it")
    for trace in traces[:SHOWN]:
        where = trace.traceback[0]
        if trace.size_diff >= count:
            name = where.filename.partition("site-packages/")[2] or where.filename.removeprefix(f"{Path.cwd()}/")
            line = linecache.getline(where.filename, where.lineno).strip()
            table.add_row(
                f"{name}:{where.lineno}", f"{trace.size_diff / count:.0f}", f"{trace.count_diff / count:.2f}", line
            )
    return table


def actors(count: int) -> None:
    """Report on idle actors."""
    runtime = Runtime()
    kept: list[object] = []

    def grow(more: int) -> None:
        kept.extend(runtime.start(Ours) for _ in range(more))
        runtime.start(Ours).ask("?")  # Behind them all in the run queue: they have started.

    report(count, grow)


def sessions(count: int) -> None:
    """Report on sessions that somebody is connected to and nobody uses."""
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as place:
        furnish(Path(place), WARM + 2 * count)
        server = Server(settings(Path(place)))
        server.start()
        crowds = Crowds(server.url.rpartition(":")[2])
        try:
            report(count, crowds.grow)
        finally:
            crowds.end()
            server.stop()


class Crowds:
    """The processes that connect."""

    def __init__(self, port: str) -> None:
        """Begin with none."""
        self._port = port
        self._processes: list[subprocess.Popen] = []
        self._connections = 0

    def grow(self, more: int) -> None:
        """Have so many more connect; blocks this greenlet until they have."""
        arguments = ("greenroom", self._port, more, 0, self._connections)
        command = [sys.executable, "-m", "scripts.bench.load", *map(str, arguments)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._processes.append(process)
        self._connections += more
        assert process.stdout.readline() == b"ready\n"

    def end(self) -> None:
        """End them all."""
        for process in self._processes:
            process.kill()
            process.wait()


KINDS = {"session": sessions, "actor": actors}

if __name__ == "__main__":
    set_up(Logs(level="warning"))
    KINDS[sys.argv[1]](int(dict(enumerate(sys.argv)).get(2, COUNT)))
