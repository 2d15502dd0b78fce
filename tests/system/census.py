"""Counts what a server is made of, before and after spoiled connections: prints both counts as JSON.

Run as a program, in a process that holds one server and its clients. Its arguments are a data directory and a seed.
"""

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402 - whatever is imported before the patch keeps the blocking library
import json  # noqa: E402
import sys  # noqa: E402
from collections import Counter  # noqa: E402
from http.client import HTTPConnection  # noqa: E402
from pathlib import Path  # noqa: E402
from random import Random  # noqa: E402

import gevent  # noqa: E402
import structlog  # noqa: E402
from greenlet import greenlet  # noqa: E402

from config.settings import Settings  # noqa: E402
from server.app import Server  # noqa: E402
from server.sockets.connection import Connection  # noqa: E402
from server.sockets.deflate import Deflate  # noqa: E402
from server.sockets.frames import Frames  # noqa: E402
from server.sockets.websocket import WebSocket  # noqa: E402
from tests.system.bare import Bare, request  # noqa: E402
from tests.system.mutations import spoiled_frame  # noqa: E402

COUNTED = (greenlet, WebSocket, Frames, Deflate, Connection)
AT_ONCE = 20
CONNECTIONS = 1000
SETTLE_SECONDS = 10.0


def census() -> Counter[str]:
    """Count the living things that a connection may leave behind."""
    gc.collect()
    living = [thing for thing in gc.get_objects() if isinstance(thing, COUNTED)]
    names = ["greenlet" if isinstance(thing, greenlet) else type(thing).__name__ for thing in living]
    return Counter(
        name for name, thing in zip(names, living, strict=True) if name != "greenlet" or (thing and not thing.dead)
    )


def spoil(port: int, token: str, chance: Random) -> None:
    """Open a connection, spoil it, and leave it by chance in one of three ways."""
    offer = chance.choice([None, "permessage-deflate"])
    fields = {"Authorization": f"Bearer {token}", "Sec_WebSocket_Extensions": offer}
    with Bare(port, request(port, **fields)) as bare:
        bare.send(b"".join(spoiled_frame(chance) for _ in range(3)))
        if chance.random() < 0.5:
            bare.read()


def settled(most: Counter[str]) -> Counter[str]:
    """Count until there is no more than this, or the time for that is over."""
    count = census()
    with gevent.Timeout(SETTLE_SECONDS, exception=False):
        while not count <= most:
            gevent.sleep(0.1)
            count = census()
    return count


def main(data_dir: str, seed: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = Settings(
        port=0,
        data_dir=Path(data_dir),
        demo=True,
        limits={"connections_per_user": 1000, "messages_per_second": 100_000, "message_burst": 100_000},
    )
    server = Server(settings)
    server.start()
    port, chance = int(server.url.rpartition(":")[2]), Random(seed)
    token = log_in(port)

    def crowd(times: int) -> None:
        for _ in range(times // AT_ONCE):
            gevent.joinall([gevent.spawn(spoil, port, token, chance) for _ in range(AT_ONCE)], raise_error=True)

    idle = census()
    crowd(AT_ONCE)
    # What the first connections of all leave behind for the next, at most: an actor's greenlet, a thread's.
    before = settled(idle + Counter(greenlet=20))
    crowd(CONNECTIONS)
    print(json.dumps([before, settled(before)]))  # noqa: T201 - what the test reads
    server.stop()


def log_in(port: int) -> str:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/v1/login", json.dumps({"username": "demo", "password": "demo"}))
    token = json.load(connection.getresponse())["access_token"]
    connection.close()
    return token


if __name__ == "__main__":
    main(*sys.argv[1:])
