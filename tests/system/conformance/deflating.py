"""The client's end of permessage-deflate: what it offers, what was agreed on, and frames under that agreement."""

import zlib
from typing import NamedTuple, Self

from tests.system.bare import TEXT, Bare, Frame, dial_bare, fragments, frame

TAIL = b"\x00\x00\xff\xff"
RSV1 = 4
OFFER = "permessage-deflate"
ALONE = "server_no_context_takeover; client_no_context_takeover"


def deflated(data: bytes, bits: int = 15, level: int = 6) -> bytes:
    """Compress one message."""
    deflater = zlib.compressobj(level, wbits=-bits)
    return (deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


def text_frames(data: bytes, size: int = 0) -> list[bytes]:
    """Write a compressed text, in fragments of a size where one is given."""
    whole = deflated(data)
    if not size:
        return [frame(TEXT, whole, rsv=RSV1)]
    return fragments(TEXT, [whole[start : start + size] for start in range(0, len(whole), size)], rsv=RSV1)


class Agreed(NamedTuple):
    """What a server's answer says."""

    parameters: dict[str, str | None]

    @classmethod
    def of(cls, bare: Bare) -> Self:
        """Read the answer, which must be one extension with no parameter twice."""
        name, *rest = [part.strip() for part in bare.extensions.split(";")]
        assert name == "permessage-deflate"
        pairs = [tuple(part.split("=", 1)) if "=" in part else (part, None) for part in rest]
        assert len(dict(pairs)) == len(pairs)
        return cls(dict(pairs))

    @property
    def server_bits(self) -> int:
        """How wide a window of the server may be."""
        return int(self.parameters.get("server_max_window_bits") or 15)

    def inflated(self, got: Frame) -> bytes:
        """Return a message of the server, inflated by a window of the agreed width that knows nothing yet."""
        if not got.compressed:
            return got.payload
        inflater = zlib.decompressobj(wbits=-self.server_bits)
        data = inflater.decompress(got.payload + TAIL)
        assert not inflater.unused_data
        data.decode()
        return data


def dial_deflating(server, offer: str = OFFER) -> Bare:
    """Open a connection with an offer."""
    return dial_bare(server, server.known("demo").token, Sec_WebSocket_Extensions=offer)
