"""Words that people use for one another when they ask about a server. Data, and pure.

General on purpose: a group is here because both a newcomer and a manual would say it so, and none is here for one
question or one document. What somebody wrote counts more than what is alike (see `server.library.ranking`).
"""

from collections.abc import Iterator, Mapping
from typing import Final

_GROUPS: Final = """
    add create new register sign-up
    remove delete drop erase uninstall
    change edit modify alter update replace
    setting option configure configuration config setup parameter variable preference
    start run launch begin boot serve
    stop end cancel abort halt quit interrupt
    kill terminate sigkill
    crash die fail failure break broken error exception
    restart retry again reboot
    hang freeze stuck stall block unresponsive
    wait sleep pause delay
    user account person people member someone somebody
    password credential passphrase passwd secret
    login log-in signin sign-in authenticate authentication auth sso
    logout log-out signout sign-out
    token jwt bearer
    provider oidc openid oauth
    https tls ssl certificate wss encrypt encryption
    proxy proxies nginx haproxy caddy load-balancer
    cpu processor compute
    memory ram
    disk drive file storage
    store save keep kept persist remember retain
    folder directory path
    database sqlite db
    log journal history
    document docs documentation manual file
    search find lookup look
    message prompt
    answer reply response
    stream piece chunk delta partial typing
    model llm gpt
    tool function plugin extension
    limit maximum max bound cap quota allowed
    big large size length bytes huge
    fast quick speed performance
    slow behind lag latency
    monitor monitoring metrics prometheus observability grafana
    health healthz ready readyz alive liveness
    version release
    install deploy deployment
    test check verify audit
    backup export dump copy
    isolate isolated separate private
    role permission admin administrator operator privilege
    status state code
    reconnect resume return back
    connect hook attach plug
    lose lost loss miss missing missed
    duplicate twice repeat again
    long timeout time seconds deadline
    client browser frontend app
    socket websocket connection
    local own loopback localhost offline
    parallel concurrent simultaneous side
    order sequence seq
    license licence
    fault chaos inject
    old expire expired age days
    often every interval frequency
    hide hidden mask masked redact
    write written wrote
    picture image
    http endpoint api rest url address
    command cli terminal
    show list display print
    full space enospc
    ban disable lock
    cost overhead price expensive
    architecture design structure
    example sample tutorial first
"""


def alike(word: str) -> frozenset[str]:
    """Return what people also say for a word, whichever form it is in; nothing for one that isn't known."""
    form = next((form for form in _forms(word) if form in _ALIKE), "")
    return _ALIKE.get(form, frozenset()) - {word, form}


def _forms(word: str) -> Iterator[str]:
    """Give the word itself, then what it may be a plural, a past tense or a participle of."""
    yield word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word.removesuffix(ending) + instead
            yield stem
            if stem[-1] == stem[-2]:
                yield stem[:-1]


def _by_word() -> Mapping[str, frozenset[str]]:
    groups = [frozenset(line.split()) for line in _GROUPS.splitlines() if line.strip()]
    return {
        word: frozenset().union(*(group for group in groups if word in group)) for word in frozenset().union(*groups)
    }


_ENDINGS: Final = (
    ("ies", "y"), ("ied", "y"), ("es", ""), ("s", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
)  # fmt: skip
_ALIKE: Final = _by_word()
