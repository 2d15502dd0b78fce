"""The words of a question that say what it is about, and others that people use for them. Pure."""

import re
from typing import Final

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
    with within without would yes you your yours explain describe find show mean means meant called become becomes
    happen happens happened
    """.split()  # noqa: SIM905 - a hundred quoted words can't be read
)
_ALIKE: Final = tuple(
    frozenset(group.split())
    for group in (
        "big large size bytes",
        "start run launch begin serve",
        "crash die dies died fail",
        "stop end",
        "delete remove drop",
        "save store stored keep kept file directory",
        "lose lost miss missing missed",
        "resume reconnect back",
        "write written wrote",
        "slow behind",
        "picture image",
        "setting option configure configuration",
        "often every interval",
        "long timeout time",
        "hide hidden mask masked",
        "user account",
        "twice again repeat",
        "disk file",
    )
)


def words(text: str) -> list[str]:
    """Return the words that matter, each once, in their order; none of a text that has only others."""
    found = dict.fromkeys(word for word in _WORD.findall(text.casefold()) if word not in _STOP)
    return list(found)[:MOST]


def terms(text: str) -> list[str]:
    """Return an FTS5 expression for each word that matters: itself, or what people also say for it."""
    return [_term(word) for word in words(text)]


def _term(word: str) -> str:
    alike = {word}.union(
        *(
            group
            for group in _ALIKE
            if group & {word, word.rstrip("s"), word.removesuffix("es"), word.removesuffix("ed")}
        )
    )
    return "(" + " OR ".join(f'"{one}"' for one in sorted(alike)) + ")"
