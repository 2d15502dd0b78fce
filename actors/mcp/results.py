"""What an MCP tool's result is to an agent; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcp.types import CallToolResult, ContentBlock

LONGEST_ERROR = 2_000  # characters


def value_of(result: CallToolResult) -> Any:
    """Return the structured content where there is some, and the text otherwise."""
    return text_of(result.content) if result.structured_content is None else result.structured_content


def error_of(result: CallToolResult) -> str:
    """Return what a failed call says about it."""
    return text_of(result.content)[:LONGEST_ERROR] or "The tool failed without a word."


def text_of(content: Iterable[ContentBlock]) -> str:
    """Join the texts; what is none is named."""
    return "\n".join(map(_said, content))


def _said(block: ContentBlock) -> str:
    match block.type:
        case "text":
            return block.text
        case "resource_link":
            return f"[{block.uri}]"
        case "resource":
            return str(getattr(block.resource, "text", f"[{block.resource.uri}]"))
        case _:
            return f"[{block.mime_type}]"
