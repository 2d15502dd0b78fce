"""Where sockets come in: who is here, who may still come, and who must go."""

from __future__ import annotations

import secrets
import time
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING, Any

from actors.session.messages import Drain
from config.settings import is_loopback
from server import protocol
from server.errors import TokenInvalid
from server.sockets.connection import Connection
from server.sockets.wheel import Wheel
from server.turns import give_way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.runtime.ref import ActorRef
    from actors.session.journal import Journal
    from config.settings import Settings
    from server.identity.access import Claims
    from server.identity.accounts import Account, Accounts
    from server.identity.tokens import Tokens
    from server.observability.metrics import Metrics
    from server.sockets.websocket import WebSocket

REVOCATIONS_KEPT = 1000
AT_ONCE = 100
"""How many connections are looked at before others have their turn: a millisecond's work where all are due a ping."""


class Reception:
    """The open connections of one server. It knows whose they are and takes none of them anywhere."""

    def __init__(
        self,
        settings: Settings,
        accounts: Accounts,
        tokens: Tokens,
        journal: Journal,
        root: ActorRef[Any],
        metrics: Metrics,
    ) -> None:
        """Open with nobody here."""
        self.settings = settings
        self.metrics = metrics
        self.root = root
        self.draining = False
        self._accounts = accounts
        self._tokens = tokens
        self._journal = journal
        self._connections: dict[str, Connection] = {}
        self._strangers: dict[str, Connection] = {}
        self._by_user: dict[str, set[str]] = defaultdict(set)
        self._by_family: dict[str, set[str]] = defaultdict(set)
        self._by_address: Counter[str] = Counter()
        self._wheel = Wheel(self.now())
        self._due: deque[str] = deque()
        # Those whose tokens may still be under way from the accounts to a socket.
        self._revoked: deque[str] = deque(maxlen=REVOCATIONS_KEPT)
        tokens.on_revoked.append(self.revoke)

    def __iter__(self) -> Iterator[Connection]:
        """Go over a copy, so that the loop may close."""
        return iter(tuple(self._connections.values()))

    def __len__(self) -> int:
        """Count the connections."""
        return len(self._connections)

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def epoch(self) -> float:
        """Return seconds since 1970 UTC, as tokens count them."""
        return time.time()

    def identify(self, access_token: str) -> tuple[Claims, Account]:
        """Return what a token says and whose it is; blocks on the accounts.

        Raises:
            TokenInvalid: it is no good, or its account is gone or disabled.
            TokenExpired: its time is over.
        """
        return self.holder(self._tokens.verify(access_token))

    def redeem(self, ticket: str) -> tuple[Claims, Account]:
        """Return what a one-use ticket stands for, as `identify`."""
        return self.holder(self._tokens.redeem(ticket))

    def holder(self, claims: Claims) -> tuple[Claims, Account]:
        """Return claims with their account; blocks on the accounts.

        Raises:
            TokenInvalid: the account is gone or disabled.
        """
        account = self._accounts.by_id(claims.user_id)
        if account is None or account.disabled:
            raise TokenInvalid("the account is disabled")
        return claims, account

    def session_of(self, account: Account | None, run_id: str | None) -> str | None:
        """Return the session of a user's unfinished run; None where there is none that is theirs."""
        session_id = None if run_id is None else self._journal.session_of(run_id)
        record = None if session_id is None else self._journal.find(session_id)
        mine = record is not None and account is not None and record.user_id == account.user_id
        return session_id if mine else None

    @property
    def recording(self) -> bool:
        """Whether the log can be written."""
        return self._journal.available

    # Coming and going.

    def receive(self, websocket: WebSocket, address: str, who: tuple[Claims, Account] | None, early: bytes) -> None:
        """Take in a socket whose upgrade is done, with the credential that it brought, if any."""
        connection = Connection(websocket, self, f"c_{secrets.token_hex(8)}", address)
        self._connections[connection.connection_id] = connection
        self.metrics.opened.inc()
        self._by_address[address] += 1
        self._look_at(connection, self._next_look(connection))
        limits = self.settings.limits
        websocket.begin(connection, b"" if who is not None else early)
        if self._by_address[address] > limits.connections_per_address and not is_loopback(address):
            self.metrics.limits["limits.connections_per_address"].inc()
            connection.close(4029, "too many connections of this address")
        elif len(self) > limits.connections and not self._make_room():
            connection.close(1013, "too many connections")
        elif who is not None:
            connection.welcome(*who)
            websocket.feed(early)
        else:
            self._strangers[connection.connection_id] = connection

    @property
    def packed(self) -> bool:
        """Whether there is no place left even for telling newcomers that there is none."""
        limits = self.settings.limits
        return len(self) >= limits.connections + limits.http_connections

    def _make_room(self) -> bool:
        """Cut off the one that has been here longest without a credential; tell whether there was one.

        Were the newcomer sent away instead, whoever opens sockets and never says a word could keep everybody out.
        """
        self.metrics.limits["limits.connections"].inc()
        longest = next(iter(self._strangers.values()), None)
        if longest is not None:
            longest.websocket.abort()
        return longest is not None

    def admit(self, connection: Connection) -> bool:
        """Count a connection whose user is known; one over the limit is closed."""
        assert connection.claims is not None
        user_id = connection.claims.user_id
        if not self._may_stay(connection, connection.claims):
            return False
        if len(self._by_user[user_id]) >= self.settings.limits.connections_per_user:
            self.metrics.limits["limits.connections_per_user"].inc()
            connection.close(4029, "too many connections of this user")
            return False
        self._strangers.pop(connection.connection_id, None)
        self.look_soon(connection)
        self._by_user[user_id].add(connection.connection_id)
        self._by_family[connection.claims.family].add(connection.connection_id)
        return True

    def move(self, connection: Connection, claims: Claims) -> bool:
        """Let a connection go on under another login of its user; tell whether it may."""
        if not self._may_stay(connection, claims):
            return False
        self._leave_family(connection)
        self._by_family[claims.family].add(connection.connection_id)
        self.look_soon(connection)
        return True

    def _may_stay(self, connection: Connection, claims: Claims) -> bool:
        """Tell whether a connection is still here and its login still good: looking that up took its time."""
        if claims.family in self._revoked:
            connection.close(4001, "the login was revoked")
        return connection.connection_id in self._connections and claims.family not in self._revoked

    def forget(self, connection: Connection) -> None:
        """Note that a connection is closed."""
        if self._connections.pop(connection.connection_id, None) is None:
            return
        self._strangers.pop(connection.connection_id, None)
        self._by_address[connection.address] -= 1
        if self._by_address[connection.address] <= 0:
            del self._by_address[connection.address]
        if connection.claims is not None:
            self._discard(self._by_user, connection.claims.user_id, connection)
            self._leave_family(connection)

    def _leave_family(self, connection: Connection) -> None:
        assert connection.claims is not None
        self._discard(self._by_family, connection.claims.family, connection)

    @staticmethod
    def _discard(groups: dict[str, set[str]], name: str, connection: Connection) -> None:
        group = groups.get(name, set())
        group.discard(connection.connection_id)
        if not group:
            groups.pop(name, None)

    def revoke(self, family: str) -> None:
        """Close the connections of a login that was revoked."""
        self._revoked.append(family)
        for connection_id in tuple(self._by_family.get(family, ())):
            self._connections[connection_id].close(4001, "the login was revoked")

    # Time.

    def sweep(self) -> None:
        """Look at the connections that may be silent, stuck, late or out of time by now. Called every second."""
        # Kept, so that where looking at one fails the rest have their look a second later.
        self._due += self._wheel.turn(self.now())
        while self._due:
            for _ in range(min(AT_ONCE, len(self._due))):
                self._look(self._due.popleft())
            give_way()

    def _look(self, connection_id: str) -> None:
        connection = self._connections.get(connection_id)
        # One that stands on the wheel more than once is looked at when its time has come.
        if connection is None or connection.look_at > self.now():
            return
        try:
            self._check(connection, self.now(), self.epoch())
        finally:
            self._look_at(connection, self._next_look(connection))

    def look_soon(self, connection: Connection) -> None:
        """Look at a connection with the next sweep: something of it is due earlier than it was."""
        if connection.look_at > self.now():
            self._look_at(connection, self.now())

    def _look_at(self, connection: Connection, at: float) -> None:
        connection.look_at = at
        self._wheel.put(connection.connection_id, at)

    def _next_look(self, connection: Connection) -> float:
        """Return when the first thing is due that `_check` looks for, if nothing happens until then."""
        timeouts, websocket, claims = self.settings.timeouts, connection.websocket, connection.claims
        due: list[float] = [
            websocket.last_seen + timeouts.dead_after,
            max(websocket.last_ping, websocket.last_seen) + timeouts.ping_interval,
            connection.opened_at + timeouts.auth if claims is None else self._expires_at(claims),
        ]
        if websocket.stalled_since is not None:
            due.append(websocket.stalled_since + timeouts.write)
        if websocket.close_by is not None:
            due.append(websocket.close_by)
        return min(due)

    def _expires_at(self, claims: Claims) -> float:
        """Return when a token is over at last, in monotonic seconds."""
        return self.now() + claims.expires_at + self.settings.tokens.expiry_grace - self.epoch()

    def _check(self, connection: Connection, now: float, epoch: float) -> None:
        websocket = connection.websocket
        if websocket.stalled_since is not None and now - websocket.stalled_since > self.settings.timeouts.write:
            self.metrics.limits["timeouts.write"].inc()
            websocket.abort()
        elif websocket.close_by is not None and now >= websocket.close_by:
            websocket.abort()
        elif not connection.closing:
            self._check_life(connection, now, epoch)

    def _check_life(self, connection: Connection, now: float, epoch: float) -> None:
        timeouts, websocket, claims = self.settings.timeouts, connection.websocket, connection.claims
        if claims is None and now - connection.opened_at > timeouts.auth:
            self._end(connection, "timeouts.auth", 4008, "no auth in time")
        elif now - websocket.last_seen > timeouts.dead_after:
            self._end(connection, "timeouts.dead_after", 4011, "no heartbeat")
        elif claims is not None and epoch > claims.expires_at + self.settings.tokens.expiry_grace:
            self._end(connection, "tokens.expiry_grace", 4001, "the token has expired")
        elif now - max(websocket.last_ping, websocket.last_seen) >= timeouts.ping_interval:
            websocket.ping()

    def _end(self, connection: Connection, limit: str, code: int, reason: str) -> None:
        self.metrics.limits[limit].inc()
        connection.close(code, reason)

    # The end.

    def announce_drain(self, seconds: float) -> None:
        """Tell everybody that the server is going away, in at most ``seconds``."""
        self.draining = True
        self.root.tell(Drain())
        for connection in self:
            if connection.welcomed:
                connection.send(protocol.Draining(deadline_ms=round(seconds * 1000)))

    def dismiss(self) -> None:
        """Close every connection for a restart, the clients' returns spread over a second."""
        for connection in self:
            connection.close(1012, "the server is restarting", retry_after_ms=secrets.randbelow(1000))
