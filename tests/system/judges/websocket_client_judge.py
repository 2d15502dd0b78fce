"""Visits a server with `websocket-client`, as the order in the first argument says, and prints what it saw.

It knows no compression.
"""

import json
import sys

from websocket import ABNF, WebSocket


def ping(t: str) -> str:
    return json.dumps({"type": "ping", "t": t}, ensure_ascii=False)


def pong_of(socket: WebSocket) -> str:
    while (frame := json.loads(socket.recv()))["type"] != "pong":
        pass
    return frame["t"]


def await_frame(socket: WebSocket, opcode: int) -> bytes:
    """Return the payload of the next frame of a kind."""
    while True:
        got, data = socket.recv_data(control_frame=True)
        if got == opcode:
            return data


def visit(order: dict) -> dict:
    report: dict = {"error": None, "compression": False}
    socket = WebSocket(enable_multithread=False)
    socket.connect(order["url"], header=order["headers"], subprotocols=order["protocols"], timeout=10)
    for text in order["texts"]:
        socket.send(ping(text))
    report["echoes"] = [pong_of(socket) for _ in order["texts"]]
    whole = ping(order["fragmented"]).encode()
    for place, piece in enumerate((whole[:10], whole[10:20], whole[20:])):
        opcode = ABNF.OPCODE_CONT if place else ABNF.OPCODE_TEXT
        socket.send_frame(ABNF(fin=int(place == 2), opcode=opcode, data=piece))
    report["fragmented"] = pong_of(socket)
    socket.ping(order["ping"])
    report["pong"] = await_frame(socket, ABNF.OPCODE_PONG).decode()
    close = end(socket, order)
    report["closed"] = [int.from_bytes(close[:2], "big"), close[2:].decode()]
    report["protocol"] = socket.getsubprotocol()
    socket.shutdown()
    return report


def end(socket: WebSocket, order: dict) -> bytes:
    """Close, or have it closed; return the payload of the server's close."""
    if order["end"] == "close":
        socket.send_close(order["code"], order["reason"].encode())
    elif order["end"] == "binary":
        socket.send_binary(b"\1\2\3")
    else:
        print("waiting", flush=True)
    return await_frame(socket, ABNF.OPCODE_CLOSE)


print(json.dumps(visit(json.loads(sys.argv[1]))))
