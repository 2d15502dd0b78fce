"""A crowd that comes and never logs in: run as a program, in a process of its own, it slows nobody but itself down.

    python -m tests.system.crowd PORT COUNT KIND

It opens that many connections one after another, keeps them open for as long as the server lets it, says so on
standard output when all are there, and leaves when its standard input ends.
"""

import resource
import socket
import sys

HEAD = (
    b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
KINDS = {
    "silent": b"",
    "half a head": HEAD[:-2],
    "half a body": b"POST /v1/login HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
}
KINDS["upgraded"] = HEAD


def main(port: int, count: int, kind: str) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    crowd = []
    for _ in range(count):
        sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        sock.sendall(KINDS[kind])
        crowd.append(sock)
    sys.stdout.write("here\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
