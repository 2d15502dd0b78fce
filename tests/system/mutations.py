"""What a fuzzer sends: good frames and handshakes, spoiled by chance. All chance is the given `Random`'s."""

import base64
import json
import zlib
from collections.abc import Callable
from random import Random

from tests.system.bare import BINARY, CLOSE, CONT, PING, PONG, TEXT, close_frame, fragments, frame, ping_text

RSV1 = 4


def deflated(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return (deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]


# None starts a run: what is fuzzed is the way in, and runs would fill the log.
TEXTS = [
    ping_text(b"Hello"),
    ping_text(size=1500),
    b'{"type":"ping","id":"1","t":{"a":[1,2,3.5e7,null,true]}}',
    b'{"type":"pong"}',
    b'{"type":"subscribe","id":"2","after":{"seq":0}}',
    b'{"type":"unsubscribe","session_id":"s_none","id":"3"}',
    b'{"type":"message","id":"4","text":"hello","agent":"nobody","on_busy":"reject","client_msg_id":"m"}',
    b'{"type":"cancel","id":"5","run_id":"r_none","queue":"clear"}',
    b'{"type":"dequeue","id":"6","run_id":"r_none"}',
    b'{"type":"auth","id":"7","token":"a.b.c"}',
    b'{"type":"nonsense","id":"8"}',
    b"",
]
FRAMES = [
    *(frame(TEXT, text) for text in TEXTS),
    *(frame(TEXT, deflated(text), rsv=RSV1) for text in TEXTS),
    *(b"".join(fragments(TEXT, [text[:7], text[7:20], text[20:]])) for text in TEXTS),
    b"".join(fragments(TEXT, [deflated(TEXTS[1])[:9], deflated(TEXTS[1])[9:]], rsv=RSV1)),
    frame(PING, b"there?"),
    frame(PONG, b"here"),
    frame(BINARY, b"\xfe\xff"),
    close_frame(1000, b"bye"),
    fragments(TEXT, TEXTS[0:2])[0] + frame(PING) + fragments(TEXT, TEXTS[0:2])[1],
]


def flip(chance: Random, data: bytes) -> bytes:
    """Flip up to eight bits."""
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
    return bytes(spoiled)


def flip_head(chance: Random, data: bytes) -> bytes:
    """Flip a bit of the first two bytes: the final bit, the reserved ones, the opcode, the mask, the length."""
    spoiled = bytearray(data)
    spoiled[chance.randrange(min(2, len(data)))] ^= 1 << chance.randrange(8)
    return bytes(spoiled)


def truncate(chance: Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def lie(chance: Random, _: bytes) -> bytes:
    """Declare another length than there is."""
    exact = chance.choice([0, 1, 125, 126, 65_535, 65_536, 65_537, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
    opcode = chance.choice([CONT, TEXT, BINARY, CLOSE, PING, PONG])
    return frame(opcode, chance.choice(TEXTS), declared=chance.choice([exact, chance.randrange(1 << 17)]))


def splice(chance: Random, data: bytes) -> bytes:
    """Go on with another frame from somewhere within both."""
    other = chance.choice(FRAMES)
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


def repeat(chance: Random, data: bytes) -> bytes:
    return data * chance.randint(2, 30)


def mismask(chance: Random, _: bytes) -> bytes:
    """Mask with another key than is said, or with none."""
    good = frame(TEXT, chance.choice(TEXTS[:-1]), mask=chance.choice([None, chance.randbytes(4)]))
    return good if not good[1] & 0x80 else good[:2] + chance.randbytes(4) + good[6:]


def misspell(chance: Random, _: bytes) -> bytes:
    """Put bad JSON, or good JSON of bad shape, into a good frame."""
    text = bytearray(chance.choice(TEXTS[:-1]))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(text))
        piece = chance.choice([b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\ud800", b"\x00", b"1e999", b"null"])
        text[place : place + chance.randint(0, 3)] = piece * chance.choice([1, 1, 1, 2000])
    spoiled = bytes(text[:65_000])
    return frame(TEXT, deflated(spoiled), rsv=RSV1) if chance.random() < 0.3 else frame(TEXT, spoiled)


def reshape(chance: Random, _: bytes) -> bytes:
    """Change a field's value into one of another kind."""
    shaped = json.loads(chance.choice(TEXTS[:-2]))
    values = [None, 0, -1, 1 << 70, 1.5, True, "", "x" * 300, "\ud800", [], {}, [[[[]]]], {"seq": -1, "epoch": 7}]
    shaped[chance.choice([*shaped, "id", "session_id", "after", "token"])] = chance.choice(values)
    if shaped.get("type") == "message":
        shaped["agent"] = "nobody"
    return frame(TEXT, json.dumps(shaped).encode())


def garble(chance: Random, _: bytes) -> bytes:
    """Put bytes that deflate never wrote into a compressed message, or spoil those that it did."""
    if chance.random() < 0.5:
        return frame(TEXT, chance.randbytes(chance.randrange(300)), rsv=RSV1)
    return frame(TEXT, flip(chance, deflated(chance.choice(TEXTS))), rsv=RSV1)


def misclose(chance: Random, _: bytes) -> bytes:
    return frame(CLOSE, chance.randbytes(chance.randrange(130)))


def noise(chance: Random, _: bytes) -> bytes:
    return chance.randbytes(chance.randint(1, 300))


def shuffle(chance: Random, _: bytes) -> bytes:
    """Send fragments out of order, with others between them."""
    text = chance.choice(TEXTS[:-1])
    parts = fragments(TEXT, [text[at : at + 9] for at in range(0, len(text), 9)][:20])
    parts += [frame(PING), frame(CONT, fin=False), chance.choice(FRAMES)]
    chance.shuffle(parts)
    return b"".join(parts)


SPOILERS: list[Callable[[Random, bytes], bytes]] = [
    *(flip, flip_head, truncate, lie, splice, repeat, mismask),
    *(misspell, reshape, garble, misclose, noise, shuffle),
]


def spoiled_frame(chance: Random) -> bytes:
    """Return a good frame that was spoiled once or twice."""
    data = chance.choice(FRAMES)
    for _ in range(chance.choice([1, 1, 2])):
        data = chance.choice(SPOILERS)(chance, data) or data
    return data


# Handshakes.

NAMES = [
    *("Host", "Upgrade", "Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol"),
    *("Sec-WebSocket-Extensions", "Authorization", "Origin", "Content-Length", "Transfer-Encoding", "Expect", "Cookie"),
]
VALUES = [
    *("", " ", ",", ";", "x", "13", "-1", "websocket", "Upgrade", "keep-alive", "close", "chunked", "100-continue"),
    *("permessage-deflate", "permessage-deflate; server_max_window_bits=8", "permessage-deflate; =", '"'),
    *("greenroom.v1", "bearer.", "bearer.AAAA", "Bearer", "Bearer a.b.c", "Basic eDp4", "null", "http://", "http://["),
    *("AAAAAAAAAAAAAAAAAAAAAA==", "A" * 5000, "\x00", "\xff\xfe", "\t", "999999999999999999999", "x,, ,y" * 300),
]
PATHS = ["/v1/ws", "/v1/ws?ticket=x", "/v1/ws?ticket=%ff", "/v1/ws?", "/v1/ws/", "//v1/ws", "*", "", "/" + "x" * 9000]
PATHS += ["/v1/%77s", "/v1/ws?a=b&ticket=%00", "http://other/v1/ws", "/v1/../v1/ws", "/v1/ws#x"]


def respell(chance: Random, lines: list[str]) -> None:
    """Set a header to something, or add it once more."""
    line = f"{chance.choice(NAMES)}: {chance.choice(VALUES)}"
    place = chance.randrange(1, len(lines) + 1)
    lines[place : place + chance.randint(0, 1)] = [line]


def drop(chance: Random, lines: list[str]) -> None:
    if len(lines) > 1:
        del lines[chance.randrange(1, len(lines))]


def redirect(chance: Random, lines: list[str]) -> None:
    """Ask for something else."""
    method = chance.choice(["GET", "GET", "POST", "HEAD", "OPTIONS", "get", "G" * 300, "\x16\x03\x01", ""])
    version = chance.choice(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2", "HTTP/1.1 x", "", "ICY"])
    lines[0] = f"{method} {chance.choice(PATHS)} {version}"


def crowd(chance: Random, lines: list[str]) -> None:
    lines += [f"X-{number}: {chance.random()}" for number in range(chance.choice([5, 99, 101, 1000]))]


def disorder(chance: Random, lines: list[str]) -> None:
    """Shift a line, break one, or leave its colon out."""
    place = chance.randrange(len(lines))
    lines[place] = chance.choice([" " + lines[place], lines[place].replace(":", ""), "\n" + lines[place], lines[-1]])


def spoiled_request(chance: Random, port: int, token: str) -> bytes:
    """Return a handshake that was spoiled once or more, in its lines or in its bytes."""
    key = base64.b64encode(chance.randbytes(16)).decode()
    lines = ["GET /v1/ws HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Extensions: permessage-deflate"]
    lines += ["Sec-WebSocket-Protocol: greenroom.v1", f"Authorization: Bearer {token}"]
    for _ in range(chance.randint(1, 3)):
        chance.choice([respell, respell, drop, redirect, crowd, disorder])(chance, lines)
    data = (chance.choice(["\r\n", "\r\n", "\r\n", "\n"]).join(lines) + "\r\n\r\n").encode("latin-1")
    if chance.random() < 0.3:
        data = chance.choice([flip, truncate])(chance, data)
    return data + chance.choice([b"", b"", spoiled_frame(chance)])
