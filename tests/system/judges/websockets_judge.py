"""Visits a server with `websockets`, as the order in the first argument says, and prints what it saw."""

import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect


def ping(t: str) -> str:
    return json.dumps({"type": "ping", "t": t}, ensure_ascii=False)


def pong_of(socket: ClientConnection) -> str:
    while (frame := json.loads(socket.recv()))["type"] != "pong":
        pass
    return frame["t"]


def visit(order: dict) -> dict:
    report: dict = {"error": None}
    with connect(
        order["url"],
        subprotocols=order["protocols"] or None,
        additional_headers=order["headers"],
        compression="deflate" if order["compression"] else None,
        proxy=None,
    ) as socket:
        for text in order["texts"]:
            socket.send(ping(text))
        report["echoes"] = [pong_of(socket) for _ in order["texts"]]
        whole = ping(order["fragmented"])
        socket.send([whole[:10], whole[10:20], whole[20:]])
        report["fragmented"] = pong_of(socket)
        report["pong"] = order["ping"] if socket.ping(order["ping"]).wait(10) else None
        end(socket, order)
        report["closed"] = [socket.close_code, socket.close_reason]
        report["protocol"] = socket.subprotocol
        report["compression"] = bool(socket.protocol.extensions)
    return report


def end(socket: ClientConnection, order: dict) -> None:
    """Close, or have it closed."""
    if order["end"] == "close":
        socket.close(order["code"], order["reason"])
        return
    if order["end"] == "binary":
        socket.send(b"\1\2\3")
    else:
        print("waiting", flush=True)
    try:
        while True:
            socket.recv()
    except ConnectionClosed:
        pass


print(json.dumps(visit(json.loads(sys.argv[1]))))
