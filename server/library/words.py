"""The words of a question that say what it is about. Pure."""

import re
from typing import Final, NamedTuple

from server.library.thesaurus import alike

MOST = 16
"""Of so many words a question is looked up; each costs some looks into the index."""

_WORD = re.compile(r"\w+")
_STOP: Final = frozenset(
    """
    a about all also am an and any anything are as at be been being but by can could did do does doing for from get
    give gives go got had has have having he her here him his how i if in into is it its just know let like ll many may
    me might more most much must my need no not now of off on one or our out over please s say says shall she should so
    some something t tell tells than that the their them then there these they thing things this those to too up us use
    used using ve very want was way we well were what whatever when where whether which while who whom whose why will
    with within without would yes you your yours explain describe find show mean means meaning meant called become
    becomes happen happens happened
    """.split()  # noqa: SIM905 - a hundred quoted words can't be read
)
_FAINT: Final = frozenset(
    """
    able best case correctly difference different enable good help kind make makes made making need needed needs part
    possible properly put really right set sets support supported supports thing turn type want way ways work working
    works
    """.split()  # noqa: SIM905 - the same
)


class Term(NamedTuple):
    """A word of a question, what people also say for it, and whether it says little about what is asked."""

    word: str
    alike: frozenset[str]
    faint: bool

    @property
    def itself(self) -> str:
        """The FTS5 expression for the word."""
        return f'"{self.word}"'

    @property
    def ways(self) -> tuple[str, ...]:
        """The FTS5 expressions for the word and, where there is any, for what is said for it."""
        others = " OR ".join(f'"{word}"' for word in sorted(self.alike))
        return (self.itself, f"({others})") if others else (self.itself,)


def words(text: str) -> list[str]:
    """Return the words that matter, each once, in their order; none of a text that has only others."""
    found = dict.fromkeys(word for word in _WORD.findall(text.casefold()) if word not in _STOP)
    return list(found)[:MOST]


def terms(text: str) -> list[Term]:
    """Return the words that matter, with what people also say for each."""
    return [Term(word, alike(word), word in _FAINT) for word in words(text)]


def tokens(text: str) -> frozenset[str]:
    """Return the words of a text as they are written, small letters aside."""
    return frozenset(_WORD.findall(text.casefold()))
