"""A link between a client and a server that can lose what is on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """Passes bytes on, both ways; while it is ``mute`` what the server says is lost."""

    def __init__(self, port: int) -> None:
        self.mute = False
        self.url = ""
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a client, and connect it to the server if that is there."""
        self._writers.append(writer)
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            self._writers.append(back)
            await asyncio.gather(self._pass(reader, back, said=False), self._pass(there, writer, said=True))
        writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, said: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if not (said and self.mute):
                    writer.write(data)
        writer.transport.abort()

    def cut(self) -> None:
        """Break every connection."""
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.transport.abort()


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[Relay]:
    """Listen for as long as the block lasts, for a server on that port."""
    link = Relay(port)
    async with await asyncio.start_server(link.accept, "127.0.0.1", 0) as listener:
        host, own = listener.sockets[0].getsockname()
        link.url = f"http://{host}:{own}"
        yield link
        link.cut()
