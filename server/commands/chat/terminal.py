"""A chat at a terminal: a line to write on below, and above it the conversation as it happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style
from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from actors.session.events import AgentCompleted, Event
from server.client import Client, ClientFault, Closed, Gap
from server.commands.chat.lines import fitted, line, plain, prose
from server.commands.chat.orders import (
    ORDERS,
    Order,
    help_table,
    numbered,
    order_in,
    queue_table,
    sessions_table,
)
from server.commands.chat.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyPressEvent

    from server.client import Session, State
    from server.client.stream import Item

REFRESH = 0.2
"""How many seconds pass at most until what moves is drawn again."""

RECALLED = 40
"""How many of the last events of a session are looked at for what was said last."""

STYLE = Style.from_dict({"status": "fg:ansibrightblack", "prompt": "bold"})


class Terminal:
    """One person at one terminal, talking in one session at a time."""

    def __init__(self, agent: str | None) -> None:
        """Prepare the screen; nothing is connected yet."""
        self._agent = agent
        self._lost = False
        self._ended = ""
        self._standing = Standing()
        self._client: Client | None = None
        self._session: Session | None = None
        self._watching: asyncio.Task[None] | None = None
        self._beside: set[asyncio.Task[None]] = set()
        self._console = Console(highlight=False)
        self._prompt: PromptSession[str] = PromptSession(
            message=self._above,
            history=FileHistory(str(history_file())),
            completer=WordCompleter(list(ORDERS), sentence=True),
            complete_while_typing=False,
            key_bindings=self._keys(),
            refresh_interval=REFRESH,
            erase_when_done=True,
            style=STYLE,
        )

    # The line to the server.

    def connection(self, state: State) -> None:
        """Show how the client stands with the server: in words what is news, and below for as long as it lasts."""
        self._standing.connection(state, time.monotonic())
        if state.name == "waiting" and not self._lost:
            self._lost = True
            self._show(Text(f"⚡ the connection was lost ({plain(state.reason)}); coming back …", "yellow"))
        elif state.name == "connected" and self._lost:
            self._lost = False
            self._show(Text("⚡ connected again", "yellow"))
        elif state.name == "closed":
            self._ended = state.reason
            self._leave()
        self._draw()

    async def converse(self, client: Client, session: Session) -> None:
        """Talk until the person leaves.

        Raises:
            ClientFault: there is no such session, or the client gave up.
        """
        self._client = client
        with patch_stdout(raw=True):
            self._console = Console(highlight=False, force_terminal=True)
            self._show(Text("Connected. /help lists what can be ordered, Ctrl-C stops a run, Ctrl-D leaves.", "dim"))
            try:
                await self._enter(session)
                await self._read()
            finally:
                for task in (self._watching, *self._beside):
                    if task is not None:
                        task.cancel()
        if self._ended:
            raise Closed(self._ended)

    async def _read(self) -> None:
        while True:
            try:
                text = await self._prompt.prompt_async()
            except EOFError:
                return
            if order := order_in(text):
                if order.name == "/quit":
                    return
                self._start(self._obey(order))
            elif text.strip():
                self._start(self._send(text.removeprefix("/") if text.startswith("//") else text))

    def _leave(self) -> None:
        if self._prompt.app.is_running:
            self._prompt.app.exit(exception=EOFError())

    # What comes.

    def _go_to(self, session: Session) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._session = session
        self._standing.over()
        self._watching = asyncio.create_task(self._watch(session))

    async def _watch(self, session: Session) -> None:
        with contextlib.suppress(ClientFault):
            async for item in session.events():
                self._happened(item)
        if session.fault is not None and not isinstance(session.fault, Closed):
            self._complain(session.fault)

    def _happened(self, item: Item) -> None:
        if isinstance(item, Gap):
            self._show(Text("… some of what happened meanwhile isn't kept any more", "yellow"))
            return
        self._standing.take(item, time.monotonic())
        if isinstance(item, Event):
            self._tell(item)
        self._draw()

    def _tell(self, event: Event) -> None:
        if isinstance(event.data, AgentCompleted) and event.data.text:
            # It takes the place of what was shown of it below.
            self._answer(event.data.text)
        if event.type == "message_accepted":
            self._show(line(event))
        else:
            self._show(fitted(line(event), self._width()))

    # What goes.

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        async def told() -> None:
            try:
                await work
            except Closed:
                pass
            except ClientFault as fault:
                self._complain(fault)

        task = asyncio.create_task(told())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _send(self, text: str) -> None:
        assert self._session is not None
        if self._standing.line:
            self._show(Text(f"> {plain(text)}  (will be sent when there is a connection)", "dim"))
        await self._session.send(text, agent=self._agent)

    async def _obey(self, order: Order) -> None:
        match order.name:
            case "/help":
                self._show(help_table())
            case "/stop":
                await self._stop()
            case "/sessions":
                await self._list()
            case "/session":
                await self._change(order.argument)
            case "/new":
                assert self._client is not None
                await self._enter(await self._client.session(await self._client.new_session(order.argument)))
            case "/queue":
                await self._wait(order.argument)
            case _:
                self._show(Text(f"{plain(order.name)}? /help lists what can be ordered", "red"))

    async def _stop(self) -> None:
        assert self._session is not None
        self._standing.stopping = self._standing.run_id is not None
        try:
            if await self._session.cancel() is None:
                self._show(Text("nothing is being worked on", "dim"))
        finally:
            self._standing.stopping = False

    async def _list(self) -> None:
        assert self._client is not None
        assert self._session is not None
        self._show(sessions_table(await self._client.sessions(), self._session.session_id))

    async def _change(self, argument: str) -> None:
        assert self._client is not None
        session_id = numbered(argument, [session["session_id"] for session in await self._client.sessions()])
        if session_id is None:
            self._show(Text("there is no such session; /sessions lists them", "red"))
        else:
            await self._enter(await self._client.session(session_id))

    async def _enter(self, session: Session) -> None:
        """Go to a session, and show how it stands: what was said last, and what is being worked on."""
        self._go_to(session)
        standing = await session.ready()
        self._show(Text(f"this is session {session.session_id}", "dim"))
        await self._recall(session.session_id, standing.head_seq)
        if standing.active_run is not None:
            active = standing.active_run
            self._standing.attend(active.run_id, active.elapsed_ms, time.monotonic())

    async def _recall(self, session_id: str, head_seq: int) -> None:
        assert self._client is not None
        for event in await self._client.log(session_id, max(0, head_seq - RECALLED)):
            if event.seq > head_seq:
                break
            if event.type == "message_accepted":
                self._show(line(event))
            elif isinstance(event.data, AgentCompleted) and event.data.text:
                self._answer(event.data.text)

    async def _wait(self, argument: str) -> None:
        assert self._session is not None
        queue = self._session.queue
        if argument.startswith("drop"):
            run_id = numbered(argument.removeprefix("drop").strip(), list(queue))
            if run_id is None:
                self._show(Text("there is no such message; /queue lists them", "red"))
            else:
                await self._session.dequeue(run_id)
        elif queue:
            self._show(queue_table(queue))
        else:
            self._show(Text("nothing waits", "dim"))

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("c-c")
        def _(event: KeyPressEvent) -> None:
            if self._standing.run_id is not None and not self._standing.stopping:
                self._standing.stopping = True
                self._start(self._stop())
            elif self._standing.run_id is None and event.current_buffer.text:
                event.current_buffer.reset()
            else:
                self._leave()

        return keys

    # The screen.

    def _above(self) -> StyleAndTextTuples:
        """Return what stands between the conversation and where the person writes."""
        queued = len(self._session.queue) if self._session is not None else 0
        shown: StyleAndTextTuples = []
        shown.extend(self._standing.lines(time.monotonic(), self._width(), queued))
        shown.append(("class:prompt", "> "))
        return shown

    def _show(self, what: Any) -> None:
        """Print what stays."""
        with self._console.capture() as captured:
            self._console.print(what, width=self._width())
        sys.stdout.write(captured.get())
        sys.stdout.flush()

    def _answer(self, text: str) -> None:
        # Links are spelled out: a text that leads elsewhere than it says is easy to write.
        self._show(Markdown(prose(text), hyperlinks=False))

    def _complain(self, fault: ClientFault) -> None:
        self._show(Text(plain(str(fault)), "red"))

    def _draw(self) -> None:
        if self._prompt.app.is_running:
            self._prompt.app.invalidate()

    def _width(self) -> int:
        return max(20, shutil.get_terminal_size().columns - 1)


def history_file() -> Path:
    """Return where the lines are kept that were written before: for their owner's eyes alone; blocks on the disk."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    file = state / "greenroom" / "chat-history"
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        return file
    return Path(os.devnull)
