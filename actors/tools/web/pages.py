"""Pages as a person, or a model, would read them; pure."""

from __future__ import annotations

import re
import warnings
from email.message import Message
from typing import NamedTuple

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

from actors.tools.errors import ToolFailed

MAX_CHARACTERS = 12_000

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEXT = re.compile(r"text/.+|application/(?:.+\+)?(?:json|xml|yaml|toml|javascript)")
_UNSEEN = ("head", "script", "style", "noscript", "template", "svg", "iframe", "canvas", "object")
_BLOCKS = (
    *("address", "article", "aside", "blockquote", "br", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption"),
    *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p"),
    *("pre", "section", "summary", "table", "tr", "ul"),
)


class Page(NamedTuple):
    """A page's title, empty where it has none, and its text."""

    title: str
    text: str


def readable(data: bytes, content_type: str, *, cut_off: bool) -> Page:
    """Return what a page says; burns the processor, a second for a mebibyte of HTML.

    Args:
        data: its bytes.
        content_type: the header; what isn't text by it isn't read.
        cut_off: whether the bytes aren't all; the text says so at its end.

    Raises:
        ToolFailed: ``not_text``.
    """
    kind, charset = _kind(content_type)
    if kind in _HTML:
        page = _of_html(data, charset)
    elif _TEXT.fullmatch(kind) and "\0" not in (text := _decoded(data, charset)):
        page = Page("", text)
    else:
        raise ToolFailed("not_text", f"What is there isn't text (it is called {kind}).")
    return page._replace(text=_bounded(page.text, cut_off=cut_off))


def _kind(content_type: str) -> tuple[str, str | None]:
    message = Message()
    message["content-type"] = content_type or "application/octet-stream"
    return message.get_content_type(), message.get_content_charset()


def _of_html(data: bytes, charset: str | None) -> Page:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)  # XHTML is read as HTML by browsers, too.
        soup = BeautifulSoup(data, "html.parser", from_encoding=charset)
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    for unseen in soup.find_all(_UNSEEN):
        unseen.decompose()
    for block in soup.find_all(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    for cell in soup.find_all(("td", "th")):
        cell.insert_after(" ")
    lines = (" ".join(line.split()) for line in soup.get_text().splitlines())
    return Page(title, "\n".join(line for line in lines if line))


def _decoded(data: bytes, charset: str | None) -> str:
    try:
        return data.decode(charset or "utf-8", "replace")
    except LookupError:  # A charset that nobody knows.
        return data.decode("utf-8", "replace")


def _bounded(text: str, *, cut_off: bool) -> str:
    if len(text) <= MAX_CHARACTERS and not cut_off:
        return text
    return f"{text[:MAX_CHARACTERS].rstrip()}\n\n[Cut off here: the page is longer.]"
