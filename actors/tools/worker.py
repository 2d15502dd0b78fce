"""The process that makes one call: ``python -m actors.tools.worker``, with the order on standard input.

One line of JSON comes in, one goes out on what was standard output; then it waits to be killed, so that its process
group is still its own when that happens. What the tool prints goes nowhere: both pipes are the server's.
"""

import fcntl
import json
import os
import resource
import select
from functools import reduce
from importlib import import_module
from typing import IO, Any

import msgspec

from actors.tools.errors import ToolFailed
from actors.tools.tool import Tool, tool

NICE = 19
"""So much the server's own work comes first: what burns here must not slow down every session there."""


def main() -> None:
    """Make the call that standard input asks for."""
    orders, answers = _own_pipes()
    line = orders.readline()
    if not line:
        return  # Nobody is there to ask.
    order = json.loads(line)
    _bind_fate(orders)
    _bound(order["memory_bytes"])
    answers.write(_answer(order).encode() + b"\n")
    answers.flush()
    orders.read()


def _own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return orders, answers


def _bind_fate(orders: IO[bytes]) -> None:
    """Have the kernel end this process group when the server's end of the pipe closes, as it does when that is killed.

    A thread that watches the pipe would wait for ever behind a call that holds the interpreter's lock, as 9**9**9 does.
    """
    pipe = orders.fileno()
    fcntl.fcntl(pipe, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([pipe], [], [], 0)[0]:
        raise SystemExit  # It closed before anybody was told of it: more than the one line is never sent.


def _bound(memory_bytes: int) -> None:
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(order: dict[str, Any]) -> str:
    try:
        return _result(_called(order))
    except ToolFailed as failure:
        return json.dumps({"code": failure.code, "message": failure.message})
    except MemoryError:
        return json.dumps({"code": "out_of_memory", "message": "The tool needed more memory than it may have."})
    except Exception as error:  # noqa: BLE001 - a tool may raise what it likes; that is its answer
        kind = type(error).__name__
        return json.dumps({"code": "failed", "message": f"The tool failed ({kind}).", "error_type": kind})


def _called(order: dict[str, Any]) -> Any:
    found = _found(order["function"])
    arguments = found.bind(order["arguments"])
    lent: dict[str, Any] = {name: msgspec.convert(user, found.lent[name]) for name, user in order["lent"].items()}
    return found(**arguments, **lent)


def _found(path: str) -> Tool:
    module, _, name = path.partition(":")
    found: Any = reduce(getattr, name.split("."), import_module(module))
    # A function that was made a tool under another name is found as itself.
    return found if isinstance(found, Tool) else tool(name="found")(found)


def _result(value: Any) -> str:
    try:
        return json.dumps({"value": msgspec.to_builtins(value)})
    except (TypeError, ValueError, RecursionError) as error:
        raise ToolFailed("bad_result", f"JSON can't carry the result ({type(error).__name__}).") from error


if __name__ == "__main__":
    main()
