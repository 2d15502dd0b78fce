"""The client library: log in, send messages, follow what comes of them, and outlive every lost connection.

::

    client ── session ── run             what is asked; what is followed; what comes of a message
     │         └─ stream
     └─ line ── connection               who stays connected; one life of the socket
         └─ credentials ── http          who one is

    reconnecting, cursor, outbox, answer, frames, address      decisions and data, without I/O
"""

from actors.session.events import AgentCompleted, Event, MessageDelta, Progress
from server.client.client import Client, connect
from server.client.errors import (
    ClientFault,
    Closed,
    Dequeued,
    Disconnected,
    HistoryLost,
    Refused,
    Stranger,
    Unauthorized,
    Unreachable,
    Untrusted,
)
from server.client.line import State
from server.client.run import Run
from server.client.session import Session
from server.client.stream import Gap, Stream

__all__ = [
    "AgentCompleted",
    "Client",
    "ClientFault",
    "Closed",
    "Dequeued",
    "Disconnected",
    "Event",
    "Gap",
    "HistoryLost",
    "MessageDelta",
    "Progress",
    "Refused",
    "Run",
    "Session",
    "State",
    "Stranger",
    "Stream",
    "Unauthorized",
    "Unreachable",
    "Untrusted",
    "connect",
]
