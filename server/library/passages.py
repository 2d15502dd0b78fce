"""A document cut into passages: paragraphs, list items, rows of tables, each under its headings. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 1500  # characters of a passage; what is longer is cut at a line's end

_HASHES = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*")
_RULE = re.compile(r"([=\-~^\"'`*+#.:_])\1{2,}\s*")
_ITEM = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s+\S")
_KEYWORDS = re.compile(r"<!--\s*keywords:\s*(.*?)\s*-->\s*")
_FENCE = re.compile(r"\s*(```|~~~)")
_CODE = re.compile(r"^\s*(```|~~~)(?:.*\n)*?\s*\1\s*$", re.MULTILINE)
_LINKS = re.compile(r"!?\[[^\]]*\]\([^)]*\)|[-*+|\d.)\s]+")
_SEPARATOR = re.compile(r"\s*\|?[\s:|-]*-[\s:|-]*\|[\s:|-]*")
_INTRODUCTION = 100  # characters: a paragraph no longer than this leads to what follows it


class Piece(NamedTuple):
    """A passage: the number of its first line, the headings above it below the document's own, and its text.

    A row of a table tells what it is ``about`` by its first cell, and is read with the table's head, its ``columns``.
    ``prose`` is the text without the code that is in it, ``code`` the rest. ``keywords`` are other words for what the
    heading says; in Markdown a comment below it, ``<!-- keywords: abort halt -->``, has them, which no reader sees.
    """

    line: int
    heading: str
    text: str
    about: str = ""
    columns: str = ""
    keywords: str = ""

    @property
    def prose(self) -> str:
        """What is said in words."""
        return f"{_CODE.sub('', self.text)} {self.columns}"

    @property
    def code(self) -> str:
        """What is said in code."""
        return "\n".join(match[0] for match in _CODE.finditer(self.text))


class Document(NamedTuple):
    """A document's title, empty where it has none, and its passages in order."""

    title: str
    pieces: tuple[Piece, ...]


class _Block(NamedTuple):
    line: int
    heading: str
    lines: tuple[str, ...]
    columns: str
    keywords: str
    joins: bool
    """Whether it belongs to the paragraph before it: code does."""


def cut(text: str, suffix: str) -> Document:
    """Cut a document into passages; ``suffix`` is its file's, and says which marks are headings."""
    reader = _Reader(suffix)
    blocks = list(reader.blocks(text.splitlines()))
    pieces = [piece for block in _joined(blocks) if not _points_elsewhere(block) for piece in _short(block)]
    return Document(reader.title, tuple(pieces))


class _Reader:
    """One reading of a document, line by line."""

    def __init__(self, suffix: str) -> None:
        self.title = ""
        self._hashes = suffix in (".md", ".markdown")
        self._underlines = suffix != ".txt"
        self._rules: list[str] = []
        self._headings: dict[int, str] = {}
        self._lines: list[str] = []
        self._first = 0
        self._columns = ""
        self._keywords = ""

    def blocks(self, lines: list[str]) -> Iterator[_Block]:
        fence = ""
        for number, line in enumerate(lines, start=1):
            mark = _FENCE.match(line) if self._hashes else None
            if fence:
                self._take(number, line)
                if mark and mark[1] == fence:
                    yield from self._end(joins=True)
                    fence = ""
            elif mark:
                yield from self._end()
                self._take(number, line)
                fence = mark[1]
            else:
                yield from self._plain(number, line)
        yield from self._end(joins=bool(fence))

    def _plain(self, number: int, line: str) -> Iterator[_Block]:
        if self._hashes and (hashes := _HASHES.fullmatch(line)):
            yield from self._end()
            self._under(len(hashes[1]), hashes[2])
        elif self._hashes and (keywords := _KEYWORDS.fullmatch(line)):
            yield from self._end()
            self._keywords = keywords[1]
        elif self._underlines and self._lines[-1:] != [] and len(self._lines) == 1 and _RULE.fullmatch(line):
            self._under(self._level(line[0]), self._lines.pop().strip())
        elif not line.strip() or _SEPARATOR.fullmatch(line):
            if line.strip():
                self._columns = " ".join(self._lines)  # The head of a table says nothing by itself.
                self._lines.clear()
            yield from self._end()
            self._columns *= bool(line.strip())
        else:
            if line.startswith("|") or _ITEM.match(line):
                yield from self._end()
            self._take(number, line)

    def _take(self, number: int, line: str) -> None:
        if not self._lines:
            self._first = number
        self._lines.append(line)

    def _end(self, *, joins: bool = False) -> Iterator[_Block]:
        if self._lines and not all(_RULE.fullmatch(line) for line in self._lines):
            headings = " / ".join(heading for _, heading in sorted(self._headings.items()))
            yield _Block(self._first, headings, tuple(self._lines), self._columns, self._keywords, joins)
        self._lines.clear()

    def _level(self, rule: str) -> int:
        if rule not in self._rules:
            self._rules.append(rule)
        return self._rules.index(rule) + 1

    def _under(self, level: int, heading: str) -> None:
        self._keywords = ""
        if not self.title:
            self.title = heading
            return
        self._headings = {above: title for above, title in self._headings.items() if above < level} | {level: heading}


def _about(block: _Block) -> str:
    first = block.lines[0]
    return first.strip("| ").partition("|")[0] if first.startswith("|") else ""


def _points_elsewhere(block: _Block) -> bool:
    """Tell whether it is nothing but links: what it says is said where they lead."""
    return all(_LINKS.sub("", line) == "" for line in block.lines)


def _joined(blocks: list[_Block]) -> list[_Block]:
    """Give code to the paragraph before it, and a paragraph that leads to the next one to that."""
    joined: list[_Block] = []
    for block in blocks:
        before = joined[-1] if joined else None
        if before is not None and before.heading == block.heading and (block.joins or _leads(before, block)):
            joined[-1] = before._replace(lines=(*before.lines, *(("",) if block.joins else ()), *block.lines))
        else:
            joined.append(block)
    return joined


def _leads(before: _Block, block: _Block) -> bool:
    last = before.lines[-1].rstrip()
    plain = not block.lines[0].startswith("|") and not before.lines[0].startswith("|")
    return plain and len(before.lines) == 1 and len(last) <= _INTRODUCTION and last.endswith(":")


def _short(block: _Block) -> Iterator[Piece]:
    """Cut a block that is too long, at the ends of lines where there are any."""
    lines: list[str] = []
    first, size = block.line, 0
    for number, line in enumerate(block.lines, start=block.line):
        for start in range(0, max(len(line), 1), LONGEST):
            part = line[start : start + LONGEST]
            if lines and size + len(part) > LONGEST:
                yield Piece(first, block.heading, "\n".join(lines), _about(block), block.columns, block.keywords)
                lines, size = [], 0
            if not lines:
                first = number
            lines.append(part)
            size += len(part) + 1
    yield Piece(first, block.heading, "\n".join(lines), _about(block), block.columns, block.keywords)
