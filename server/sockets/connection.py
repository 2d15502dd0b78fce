"""One client: what it says becomes commands to its sessions, what they say becomes frames.

It runs on the hub and never blocks. A credential that must be looked up is looked up in a greenlet, and the frames
that come meanwhile wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent
import structlog

from actors.session import messages
from actors.session.audience import Subscription
from actors.session.connection import Refusal
from actors.session.identifiers import default_session_id
from config.version import VERSION
from server import protocol
from server.errors import IssuerUnreachable, TokenFault
from server.protocol import BadFrame
from server.sockets.attachments import Attachments, tell
from server.sockets.bucket import Bucket
from server.sockets.dues import Dues

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actors.runtime.ref import ActorRef
    from server.identity.access import Claims
    from server.identity.accounts import Account
    from server.sockets.reception import Reception
    from server.sockets.websocket import WebSocket

log = structlog.get_logger(__name__)

PING_COST = 0.1
EARLY_FRAMES = 100
EARLY_BYTES = 262_144
"""How many frames, and bytes in them, wait for the welcome."""

BYE_BEFORE = frozenset({1011, 1012, 4001, 4010})
"""The closes that a ``bye`` goes before: those after which a client that missed the code wouldn't know what to do."""

TOO_BIG = 1009

AGAIN = Refusal("internal", "The session could not take that now. Try again.", temporary=True)
DRAINING = Refusal("draining", "The server is going away. Try again at the next one.", temporary=True)
UNCHECKED = Refusal("internal", "Logins can't be checked now. Try again soon.", temporary=True, retry_after_ms=5000)


class Connection:
    """The `actors.session.connection.Connection` of a WebSocket.

    Attributes:
        opened_at: when it came in. Times are in monotonic seconds.
        look_at: when the reception looks at it next.
    """

    def __init__(self, websocket: WebSocket, reception: Reception, connection_id: str, address: str) -> None:
        """Stand before the welcome; `welcome` or an ``auth`` frame opens it."""
        self.connection_id = connection_id
        self.address = address
        self.websocket = websocket
        self.opened_at = self.look_at = reception.now()
        self.claims: Claims | None = None
        self.account: Account | None = None
        self._reception = reception
        self._metrics = reception.metrics
        self._delivery = reception.metrics.delivery
        limits = reception.settings.limits
        self._bucket = Bucket(limits.messages_per_second, limits.message_burst, self.opened_at)
        self._attachments = Attachments()
        self._early: list[bytes] | None = []
        self._dues = Dues()
        self._closing = False

    @property
    def welcomed(self) -> bool:
        """Whether the client has had its welcome."""
        return self._early is None

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """By what its sessions write here."""
        return tuple(self._attachments)

    @property
    def closing(self) -> bool:
        """Whether its end has begun."""
        return self._closing

    # The socket's side.

    def received(self, data: bytes) -> None:
        """Hear one message of the client."""
        if self._closing:
            return
        if self._early is not None:
            self._receive_early(self._early, data)
        else:
            self._do(data)

    def _receive_early(self, early: list[bytes], data: bytes) -> None:
        early.append(data)
        if len(early) > EARLY_FRAMES or sum(map(len, early)) > EARLY_BYTES:
            self.close(4029, "too much before the welcome")
        elif self.account is None and len(early) == 1 and self.claims is None:
            self._look_up(self._authenticate, data)

    def drained(self) -> None:
        """Hear that there is room again."""
        self._attachments.tell_ready()

    def pressed(self) -> None:
        """Hear that its socket has little time from now on."""
        self._reception.look_soon(self)

    def lost(self) -> None:
        """Hear that the socket is closed."""
        self._closing = True
        self._metrics.closed(self.websocket.close_code)
        if self.websocket.close_code == TOO_BIG:
            self._metrics.limits["limits.message_bytes"].inc()
        self._reception.forget(self)
        self._attachments.leave()

    # Credentials.

    def welcome(self, claims: Claims, account: Account, auth_id: str | None = None) -> None:
        """Open the connection for a credential that was found good, and do what came early.

        ``auth_id`` is the id of the frame that brought the credential, if one did.
        """
        if self._closing:
            return
        self.claims, self.account = claims, account
        if not self._reception.admit(self):
            return
        settings = self._reception.settings
        self.send(
            protocol.Welcome(
                protocol=protocol.NAME,
                connection_id=self.connection_id,
                user_id=account.user_id,
                default_session_id=default_session_id(account.user_id),
                ping_interval_ms=round(settings.timeouts.ping_interval * 1000),
                max_message_bytes=settings.limits.message_bytes,
                token_expires_in=self._expires_in(),
                server=f"greenroom/{VERSION}",
            )
        )
        self.acknowledge(auth_id, token_expires_in=self._expires_in())
        early, self._early = self._early or [], None
        for data in early:
            self.received(data)

    def _look_up(self, check: Callable[[Any], None], argument: Any) -> None:
        """Have a credential looked up in a greenlet of its own: that blocks on the accounts."""

        def guarded() -> None:
            try:
                check(argument)
            except Exception:
                log.exception("look_up_failed", connection_id=self.connection_id)
                self.close(1011, "the server failed at this", retry_after_ms=1000)

        gevent.spawn(guarded)

    def _authenticate(self, data: bytes) -> None:
        """Take the first frame as the credential; blocks on the accounts."""
        try:
            frame = protocol.decode(data)
        except BadFrame:
            frame = None
        if not isinstance(frame, protocol.Auth):
            self.close(4008, "the first frame must be auth")
            return
        try:
            claims, account = self._reception.identify(frame.token)
        except TokenFault:
            self.close(4001, "the token is no good")
            return
        except IssuerUnreachable:
            self.close(1011, "logins can't be checked now", retry_after_ms=5000)
            return
        if self._early:
            self._early.pop(0)
        self._dues.owe(frame.id)
        self.welcome(claims, account, frame.id)

    def _renew(self, frame: protocol.Auth) -> None:
        """Take a later ``auth`` frame as a renewal; blocks on the accounts."""
        try:
            claims, account = self._reception.identify(frame.token)
        except TokenFault:
            self.refuse(frame.id, Refusal("unauthorized", "The token is no good; the old one goes on."))
            return
        except IssuerUnreachable:
            self.refuse(frame.id, UNCHECKED)
            return
        if self.account is None or account.user_id != self.account.user_id:
            self.refuse(frame.id, Refusal("forbidden", "The token is another user's."))
            return
        if not self._closing and self._reception.move(self, claims):
            self.claims, self.account = claims, account
            self.acknowledge(frame.id, token_expires_in=self._expires_in())

    def _expires_in(self) -> int:
        return 0 if self.claims is None else max(0, round(self.claims.expires_at - self._reception.epoch()))

    # Frames.

    def _afford(self, cost: float, frame_id: str | None) -> bool:
        now = self._reception.now()
        wait = self._bucket.take(cost, now)
        if wait == 0.0:
            return True
        self._metrics.limits["limits.messages_per_second"].inc()
        if self._bucket.refused(now):
            self.close(4029, "too many frames")
            return False
        retry_after_ms = max(1, round(wait * 1000))
        refusal = Refusal("rate_limited", "Too many frames; slow down.", temporary=True, retry_after_ms=retry_after_ms)
        self.refuse(frame_id, refusal)
        return False

    def _do(self, data: bytes) -> None:
        try:
            frame = protocol.decode(data)
        except BadFrame as bad:
            self._dues.owe(bad.re)
            if self._afford(1.0, bad.re):
                self.refuse(bad.re, Refusal(bad.code, bad.message))
            return
        self._dues.owe(frame.id)
        kind = type(frame)
        small_talk = kind is protocol.Ping or kind is protocol.Pong
        if self._afford(PING_COST if small_talk else 1.0, frame.id):
            _HANDLERS[kind](self, frame)

    def _on_auth(self, frame: protocol.Auth) -> None:
        self._look_up(self._renew, frame)

    def _on_ping(self, frame: protocol.Ping) -> None:
        if frame.id is None:
            self.send(protocol.ServerPong(t=frame.t))
        elif self._dues.settle(frame.id):
            self.send(protocol.ServerPong(t=frame.t, re=frame.id))

    def _on_pong(self, frame: protocol.Pong) -> None:
        """Do nothing: any frame counts as life."""
        self.acknowledge(frame.id)

    def _on_subscribe(self, frame: protocol.Subscribe) -> None:
        after = None if frame.after is None else messages.After(frame.after.epoch, frame.after.seq)
        session_id = self._session_id(frame.session_id)
        self._route(session_id, frame.id, messages.Subscribe(Subscription(self, session_id), frame.id, after))

    def _on_unsubscribe(self, frame: protocol.Unsubscribe) -> None:
        subscription = Subscription(self, frame.session_id)
        self._route(frame.session_id, frame.id, messages.Unsubscribe(subscription, frame.id))

    def _on_message(self, frame: protocol.Message) -> None:
        if self._reception.draining:
            self.refuse(frame.id, DRAINING)
            return
        assert self.account is not None
        session_id = self._session_id(frame.session_id)
        command = messages.Submit(
            self.held(session_id) or Subscription(self, session_id),
            frame.id,
            frame.text,
            frame.client_msg_id,
            frame.agent,
            frame.on_busy,
            frame.queue,
            self.account.roles,
        )
        self._route(session_id, frame.id, command)

    def _on_cancel(self, frame: protocol.Cancel) -> None:
        session_id = frame.session_id or self._reception.session_of(self.account, frame.run_id)
        command = messages.Cancel(self, frame.id, frame.run_id, frame.queue)
        self._route(self._session_id(session_id), frame.id, command)

    def _on_dequeue(self, frame: protocol.Dequeue) -> None:
        session_id = frame.session_id or self._reception.session_of(self.account, frame.run_id)
        self._route(self._session_id(session_id), frame.id, messages.Dequeue(self, frame.id, frame.run_id))

    def _session_id(self, session_id: str | None) -> str:
        assert self.account is not None
        return session_id or default_session_id(self.account.user_id)

    def _route(self, session_id: str, frame_id: str | None, command: Any) -> None:
        """Take a command to its session: straight where it writes here, else by way of the root."""
        assert self.account is not None
        attachment = self._attachments.get(session_id)
        if attachment is not None and attachment.session.is_alive():
            taken = tell(attachment.session, command)
        else:
            taken = tell(
                self._reception.root, messages.Route(self.account.user_id, session_id, self, frame_id, command)
            )
        if not taken:
            self.refuse(frame_id, AGAIN)

    # The sessions' side.

    @property
    def writable(self) -> bool:
        """Whether there is room."""
        return self.websocket.writable

    def forward(self, frames: Sequence[bytes]) -> int:
        """Write encoded messages as long as there is room; return how many were written."""
        written = self.websocket.send_while_room(frames)
        followed = self._delivery.frame
        if followed is not None and followed in frames[:written]:
            self._delivery.written()
        return written

    def acknowledge(self, frame_id: str | None, **fields: Any) -> None:
        """Answer the client's frame, unless it was answered before."""
        if frame_id is not None and self._dues.settle(frame_id):
            self.websocket.send(protocol.encode_ack(frame_id, fields))

    def refuse(self, frame_id: str | None, refusal: Refusal) -> None:
        """Answer the client's frame with an error, unless it was answered before."""
        if frame_id is None or self._dues.settle(frame_id):
            self._send_error(refusal, {} if frame_id is None else {"re": frame_id})

    def held(self, session_id: str) -> Subscription | None:
        """Return the subscription by which that session writes here, or will again; None where it doesn't."""
        attachment = self._attachments.get(session_id)
        return None if attachment is None else attachment.subscription

    def attached(self, subscription: Subscription, session: ActorRef[Any]) -> None:
        """Hear that a session writes here; when it dies, come back to its next life."""
        if self._closing:
            tell(session, messages.ConnectionGone(subscription))
        else:
            self._attachments.attach(subscription, session, self._reattach)

    def _reattach(self, subscription: Subscription) -> None:
        if self.account is not None and not self._reception.draining:
            session_id, again = subscription.session_id, messages.Reattach(subscription)
            tell(self._reception.root, messages.Route(self.account.user_id, session_id, self, None, again))

    def detached(self, session_id: str) -> None:
        """Hear that a session no longer writes here."""
        self._attachments.detach(session_id)

    def outrun(self) -> None:
        """Hear that it is so far behind that what it has yet to be shown isn't kept any more."""
        self.close(4010, "too slow: what comes next for you isn't kept any more")

    def gone(self, session_id: str, refusal: Refusal) -> None:
        """Hear that a session is no more; close where it was the only one and the fault is ours."""
        self._attachments.detach(session_id)
        if refusal.code == "internal" and not self._attachments:
            self.close(1011, "the session failed", retry_after_ms=1000)
        else:
            self._send_error(refusal, {"session_id": session_id})

    def _send_error(self, refusal: Refusal, extra: dict[str, Any]) -> None:
        if refusal.retry_after_ms is not None:
            extra["retry_after_ms"] = refusal.retry_after_ms
        self._metrics.refusals[refusal.code].inc()
        if refusal.limit is not None:
            self._metrics.limits[refusal.limit].inc()
        error = protocol.Error(code=refusal.code, message=refusal.message, temporary=refusal.temporary, **extra)
        self.send(error)

    # Ending.

    def send(self, frame: protocol.ServerFrame) -> None:
        """Write one frame of the server."""
        self.websocket.send(protocol.encode(frame))

    def close(self, code: int, reason: str, *, retry_after_ms: int = 0) -> None:
        """Say ``bye`` where the protocol has one, and begin to close."""
        if self._closing:
            return
        self._closing = True
        if code in BYE_BEFORE:
            self.send(protocol.Bye(code=code, reason=reason, reconnect=True, retry_after_ms=retry_after_ms))
        self.websocket.close(code, reason)


_HANDLERS: dict[type, Callable[[Connection, Any], None]] = {
    protocol.Auth: Connection._on_auth,  # noqa: SLF001 - the table of this module's own handlers
    protocol.Subscribe: Connection._on_subscribe,  # noqa: SLF001
    protocol.Unsubscribe: Connection._on_unsubscribe,  # noqa: SLF001
    protocol.Message: Connection._on_message,  # noqa: SLF001
    protocol.Cancel: Connection._on_cancel,  # noqa: SLF001
    protocol.Dequeue: Connection._on_dequeue,  # noqa: SLF001
    protocol.Ping: Connection._on_ping,  # noqa: SLF001
    protocol.Pong: Connection._on_pong,  # noqa: SLF001
}
