import pytest

from actors.mcp.offer import Offer
from actors.mcp.wire import Described
from actors.tools import ToolFailed
from config.settings import McpServer

READ = Described("read.file", "Read a file.", {"type": "object", "properties": {"path": {}}}, idempotent=True)
WRITE = Described("write", "", {"type": "object"}, idempotent=False)


def offer_of(**fields):
    return Offer("files", McpServer(command=("files",), **fields))


def test_tools_are_shared_under_their_servers_name_with_their_schemas():
    offer = offer_of(timeout=7, roles=("operator",))
    offer.replace([READ, WRITE])

    read, write = offer.tools("rehearsal")

    assert (read.name, read.description, read.parameters) == ("files_read_file", READ.description, READ.parameters)
    assert (read.timeout, read.roles, read.idempotent, write.idempotent) == (7, {"operator"}, True, False)
    assert read.bind({"path": 3, "more": []}) == {"path": 3, "more": []}


def test_a_server_that_has_said_nothing_yet_has_any_tool_of_its_name_and_none_works():
    offer = offer_of()

    assert offer.tools("rehearsal") == ()
    assert offer.find("rehearsal", "other_read") is None
    with pytest.raises(ToolFailed) as failed:
        offer.find("rehearsal", "files_read")(path="x")
    assert failed.value.code == "unavailable"


def test_a_server_that_has_said_what_it_has_has_nothing_else():
    offer = offer_of()
    offer.replace([READ])

    assert offer.find("rehearsal", "files_read_file") is offer.tools("rehearsal")[0]
    assert offer.find("rehearsal", "files_write") is None


def test_tools_are_for_the_agents_that_the_settings_name():
    offer = offer_of(agents=("teller",))

    assert offer.find("rehearsal", "files_read") is None
    offer.replace([READ])
    assert (offer.tools("rehearsal"), len(offer.tools("teller"))) == ((), 1)
    assert offer.find("rehearsal", "files_read_file") is None
