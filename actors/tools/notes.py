"""Notes that a user asks to be kept: whatever a call says, they are those of the user for whom it is made."""

from typing import Annotated

from msgspec import Meta

from actors.tools.errors import ToolFailed
from actors.tools.lending import ToolUser
from actors.tools.notebook import Notebook
from actors.tools.tool import tool

MAX_LENGTH = 2000  # characters of a note

Query = Annotated[str, Meta(max_length=MAX_LENGTH)]


@tool(timeout=10, idempotent=True)
def remember(text: Annotated[str, Meta(max_length=MAX_LENGTH)], *, user: ToolUser, notebook: Notebook) -> str:
    """Keep a note for the user, in their own words, until they ask to have it forgotten; returns it.

    Args:
        text: what to keep.
        user: whose note it is.
        notebook: the server's.

    Raises:
        ToolFailed: ``empty``; ``too_many``.
    """
    note = " ".join(text.split())
    if not note:
        raise ToolFailed("empty", "There is nothing to remember.")
    notebook.add(user.user_id, note)
    return note


@tool(timeout=10, idempotent=True)
def recall(
    query: Query = "", *, limit: Annotated[int, Meta(ge=1, le=50)] = 10, user: ToolUser, notebook: Notebook
) -> list[str]:
    """Return the user's notes about something, or the newest ones; none where there are none about it.

    Args:
        query: what they are about; empty for all.
        limit: how many at most.
        user: whose notes they are.
        notebook: the server's.
    """
    return notebook.find(user.user_id, query, limit)


@tool(timeout=10, idempotent=True)
def forget(query: Query = "", *, everything: bool = False, user: ToolUser, notebook: Notebook) -> int:
    """Drop the user's notes about something; returns how many there were.

    Args:
        query: words that a note must all have to be dropped.
        everything: whether to drop all notes; the query is of no account then.
        user: whose notes they are.
        notebook: the server's.
    """
    if everything:
        return notebook.clear(user.user_id)
    return len(notebook.remove(user.user_id, query))
