"""A memtable as rows of the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from server.journal.segments import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.session.journal import SessionRecord
    from server.journal.memtable import Memtable


class Rows(NamedTuple):
    """What is deleted and written, in this order; each row has its table's columns in theirs."""

    wiped: Sequence[tuple[str]]
    """Sessions of which nothing that was there stays."""
    created: Sequence[SessionRecord]
    changed: Sequence[tuple[int, int, str]]
    """Time of the change, seq of the head, session."""
    segments: Sequence[tuple[str, int, int, int, bytes]]
    ended: Sequence[tuple[str]]
    begun: Sequence[tuple[str, str, int]]
    claims: Sequence[tuple[str, str, str, str, int]]


def rows_of(memtable: Memtable) -> Rows:
    """Return what a memtable makes of the tables."""
    parts = memtable.parts.items()
    return Rows(
        wiped=[(session_id,) for session_id, part in parts if part.wiped],
        created=[record for _, part in parts if part.created is not None and (record := part.over(None)) is not None],
        changed=[(part.updated_at, part.head_seq, session_id) for session_id, part in parts if not part.is_base],
        segments=[
            (session_id, last_seq, first_seq, part.updated_at, joined)
            for session_id, part in parts
            for first_seq, last_seq, joined in cut(part.first_seq, part.frames)
        ],
        ended=[(run_id,) for _, part in parts for run_id in part.ended],
        begun=[(run_id, session_id, seq) for session_id, part in parts for run_id, seq in part.begun.items()],
        claims=[
            (part.user_id, client_msg_id, session_id, run_id, part.updated_at)
            for session_id, part in parts
            for client_msg_id, run_id in part.claims.items()
        ],
    )
