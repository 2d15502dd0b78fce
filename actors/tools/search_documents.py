"""The search in the server's documents."""

from typing import Annotated, TypedDict

from msgspec import Meta

from actors.tools.library import Library
from actors.tools.tool import tool


class Quotation(TypedDict):
    """What a document says, and where: ``source`` is ``path:line``."""

    source: str
    text: str


@tool(timeout=10, idempotent=True)
def search_documents(
    query: Annotated[str, Meta(max_length=1000)],
    *,
    limit: Annotated[int, Meta(ge=1, le=10)] = 3,
    library: Library,
) -> list[Quotation]:
    """Look something up in the documents that this server keeps; returns the passages that are about it, best first.

    Args:
        query: a question, or the words that matter in it.
        limit: how many passages at most.
        library: the server's.
    """
    found = library.search(query, limit)
    return [Quotation(source=f"{one.path}:{one.line}", text=one.text) for one in found]
