"""The sessions that write to one connection, and the way back to one that died."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from actors.runtime.errors import RuntimeFault
from actors.session.messages import ConnectionGone, ConnectionReady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from actors.runtime.ref import ActorRef
    from actors.session.audience import Subscription


class Attachment(NamedTuple):
    """One session that writes here."""

    subscription: Subscription
    session: ActorRef[Any]
    forget_death: Callable[[], None]


class Attachments:
    """A connection's attachments by session id."""

    __slots__ = ("_by_session",)

    def __init__(self) -> None:
        """Begin with none."""
        self._by_session: dict[str, Attachment] = {}

    def __len__(self) -> int:
        """Count the sessions that write here."""
        return len(self._by_session)

    def __iter__(self) -> Iterator[Subscription]:
        """Go over the subscriptions."""
        return iter([attachment.subscription for attachment in self._by_session.values()])

    def get(self, session_id: str) -> Attachment | None:
        """Return the attachment of a session, or None."""
        return self._by_session.get(session_id)

    def attach(
        self, subscription: Subscription, session: ActorRef[Any], come_back: Callable[[Subscription], object]
    ) -> None:
        """Note that a session writes here, in this life of it; ``come_back`` is called when that ends."""
        self.detach(subscription.session_id)
        forget_death = session.on_death(lambda _down: come_back(subscription))
        self._by_session[subscription.session_id] = Attachment(subscription, session, forget_death)

    def detach(self, session_id: str) -> None:
        """Note that a session no longer writes here."""
        attachment = self._by_session.pop(session_id, None)
        if attachment is not None:
            attachment.forget_death()

    def tell_ready(self) -> None:
        """Tell every session that there is room again."""
        for attachment in tuple(self._by_session.values()):
            tell(attachment.session, ConnectionReady(attachment.subscription))

    def leave(self) -> None:
        """Tell every session that the connection is gone."""
        for session_id, attachment in tuple(self._by_session.items()):
            self.detach(session_id)
            tell(attachment.session, ConnectionGone(attachment.subscription))


def tell(actor: ActorRef[Any], message: Any) -> bool:
    """Tell ``message`` to an actor that may be gone or full; say whether it was taken."""
    try:
        actor.tell(message)
    except RuntimeFault:
        return False
    return True
