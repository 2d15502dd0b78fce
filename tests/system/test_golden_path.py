"""Log in, send a message, see what is happening, get the answer."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from actors.testing.views import check_connection
from tests.system.accounts import add_accounts
from tests.system.client import bearer_protocol, dial, on_stage, script

pytestmark = pytest.mark.system

QUESTION = "what is 17% of 2,340?"


async def open_with_header(server, login):
    return await dial(server, token=login.token)


async def open_with_subprotocol(server, login):
    return await dial(server, subprotocols=["greenroom.v1", bearer_protocol(login.token)])


async def open_with_ticket(server, login):
    ticket = server.call("POST", "/v1/ws-ticket", token=login.token).json["ticket"]
    return await dial(server, f"?ticket={ticket}")


async def open_with_frame(server, login):
    client = await dial(server)
    await client.send("auth", token=login.token)
    return client


CREDENTIALS = [open_with_header, open_with_subprotocol, open_with_ticket, open_with_frame]


@pytest.mark.parametrize("opened", CREDENTIALS)
async def test_each_credential_opens_a_socket_and_a_message_is_answered(server, opened):
    client = await opened(server, server.login("demo"))
    await client.event("welcome")

    ack = await client.request("message", text=QUESTION)
    completed = await client.event("agent_completed", ack["run_id"])

    assert "397.8" in completed["data"]["text"]
    await client.close()
    check_connection(client.entries)


async def test_the_welcome_says_who_one_is_and_what_holds(server):
    login = server.known("demo")
    async with on_stage(server) as client:
        welcome = client.welcome

    assert welcome["user_id"] == login.user_id
    assert welcome["ping_interval_ms"] == 25_000
    assert welcome["max_message_bytes"] == 65_536
    assert 0 < welcome["token_expires_in"] <= 900
    assert welcome["default_session_id"]


async def test_a_question_shows_its_five_stages_in_order_with_every_field(server, session):
    async with on_stage(server) as client:
        ack = await client.request("message", text=QUESTION, session_id=session, client_msg_id="q-1")
        await client.ended(ack["run_id"])
    events = client.events(ack["run_id"])
    data = {event["type"]: event["data"] for event in events}

    assert [event["type"] for event in events] == [
        *("message_accepted", "agent_started", "agent_thinking", "tool_executing", "tool_completed"),
        "agent_completed",
    ]
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert ack == {
        "type": "ack",
        "re": ack["re"],
        "session_id": session,
        "run_id": ack["run_id"],
        "position": 0,
        "duplicate": False,
    }
    accepted = {"text": QUESTION, "client_msg_id": "q-1", "agent": "librarian", "position": 0}
    assert data["message_accepted"] == accepted
    assert data["agent_started"]["agent"] == "librarian"
    assert data["agent_started"]["attempt"] == 1
    assert 0 <= data["agent_started"]["queued_ms"] < 5_000
    assert 110_000 < data["agent_started"]["deadline_ms"] <= 120_000
    assert data["agent_thinking"]["step"] == 1
    assert data["agent_thinking"]["thought"]
    assert data["tool_executing"]["tool"] == "calculator"
    assert data["tool_executing"]["arguments"] == {"expression": "17% of 2,340"}
    assert data["tool_executing"]["step"] == 1
    assert data["tool_completed"]["tool_call_id"] == data["tool_executing"]["tool_call_id"]
    assert data["tool_completed"]["ok"] is True
    assert data["tool_completed"]["result"] == 397.8
    assert data["tool_completed"]["truncated"] is False
    assert data["agent_completed"]["outcome"] == "success"
    assert data["agent_completed"]["attempts"] == 1
    assert data["agent_completed"]["duration_ms"] >= data["tool_completed"]["duration_ms"]
    assert "397.8" in data["agent_completed"]["text"]


async def test_the_answer_is_streamed_and_the_deltas_make_up_the_text(server, session):
    said = "héllo \U0001f600 wörld \U0001f469‍\U0001f680 and more"
    async with on_stage(server) as client:
        events = await client.perform({"say": said, "chunks": 9}, session_id=session)
    deltas = [frame for frame in client.frames if frame["type"] == "message_delta"]

    assert events[-1]["data"]["text"] == said
    assert "".join(delta["text"] for delta in deltas) == said
    assert all(said[delta["offset"] :].startswith(delta["text"]) for delta in deltas)
    assert len(deltas) == 9


async def test_the_default_session_is_made_on_first_use(server):
    add_accounts(server.data_dir, ["fresh"])
    login = server.login("fresh")
    assert server.sessions(login) == []
    async with on_stage(server, login) as client:
        ack = await client.request("message", text=QUESTION)
        await client.ended(ack["run_id"])

    assert ack["session_id"] == client.welcome["default_session_id"]
    assert [kept["session_id"] for kept in server.sessions(login)] == [ack["session_id"]]


@pytest.mark.parametrize("offers", [None, ["greenroom.v1"], ["graphql-ws", "greenroom.v1"]])
async def test_the_subprotocol_is_echoed_where_it_is_offered(server, offers):
    async with on_stage(server, subprotocols=offers) as client:
        assert client.socket.subprotocol == ("greenroom.v1" if offers else None)


async def test_a_token_among_the_subprotocols_is_never_echoed(server):
    client = await open_with_subprotocol(server, server.known("demo"))

    assert client.socket.subprotocol == "greenroom.v1"
    assert client.socket.response.headers.get_all("Sec-WebSocket-Protocol") == ["greenroom.v1"]
    await client.close()


async def test_what_is_sent_before_the_welcome_is_done_after_it(server, session):
    client = await dial(server)
    token = server.known("demo").token
    asked = [await client.ask("auth", token=token), await client.ask("subscribe", session_id=session)]
    text = script({"think": "early"}, {"answer": "late"})
    asked.append(await client.ask("message", text=text, agent="rehearsal", session_id=session))
    answers = [await client.answer(frame_id) for frame_id in asked]

    assert [answer["type"] for answer in answers] == ["ack"] * 3
    assert client.frames[0]["type"] == "welcome"
    assert (await client.ended(answers[2]["run_id"]))["data"]["text"] == "late"
    await client.close()
    check_connection(client.entries)


# Bad credentials.


@pytest.mark.parametrize(
    "options",
    [
        {"token": "nonsense"},
        {"token": ""},
        {"subprotocols": ["greenroom.v1", bearer_protocol("nonsense")]},
        {"subprotocols": ["greenroom.v1", "bearer.%%%"]},
        {"path": "?ticket=nonsense"},
        {"path": "?ticket="},
    ],
)
async def test_a_bad_credential_of_the_request_is_401_before_the_upgrade(server, options):
    with pytest.raises(InvalidStatus) as refused:
        await dial(server, **options)

    assert refused.value.response.status_code == 401
    assert b"unauthorized" in refused.value.response.body


async def test_a_forged_token_is_401(server):
    header, payload, signature = server.known("demo").token.split(".")
    forged = ".".join([header, payload, signature[::-1]])

    with pytest.raises(InvalidStatus) as refused:
        await dial(server, token=forged)

    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("parameter", ["ticket", "token", "access_token", "anything"])
async def test_a_token_in_the_query_string_is_refused_whatever_else_is_there(server, parameter):
    token = server.known("demo").token

    with pytest.raises(InvalidStatus) as refused:
        await dial(server, f"?{parameter}={token}", token=token)

    assert refused.value.response.status_code == 401


async def test_a_ticket_opens_one_socket_and_no_second(server):
    ticket = server.call("POST", "/v1/ws-ticket", token=server.known("demo").token).json["ticket"]
    client = await dial(server, f"?ticket={ticket}")
    await client.event("welcome")
    await client.close()

    with pytest.raises(InvalidStatus) as refused:
        await dial(server, f"?ticket={ticket}")

    assert refused.value.response.status_code == 401


async def test_one_ticket_used_twice_at_once_opens_one_socket(server):
    ticket = server.call("POST", "/v1/ws-ticket", token=server.known("demo").token).json["ticket"]
    opened = await asyncio.gather(*(dial(server, f"?ticket={ticket}") for _ in range(5)), return_exceptions=True)
    clients = [client for client in opened if not isinstance(client, BaseException)]

    assert len(clients) == 1
    assert all(isinstance(other, InvalidStatus) for other in opened if other not in clients)
    await clients[0].close()


async def test_the_first_credential_that_is_present_counts(server):
    ticket = server.call("POST", "/v1/ws-ticket", token=server.known("demo").token).json["ticket"]

    with pytest.raises(InvalidStatus) as refused:
        await dial(server, f"?ticket={ticket}", token="nonsense")

    assert refused.value.response.status_code == 401


async def test_a_bad_token_in_the_first_frame_closes_with_4001_and_says_bye(server):
    client = await dial(server)
    await client.send("auth", token="nonsense")

    assert await client.close_code() == 4001
    assert [(frame["type"], frame["code"]) for frame in client.frames] == [("bye", 4001)]


@pytest.mark.parametrize("first", ['{"type":"auth"}', '{"type":"message","text":"let me in"}', "not even json"])
async def test_a_first_frame_that_is_no_auth_closes_with_4008(server, first):
    client = await dial(server)
    await client.send_raw(first)

    assert await client.close_code() == 4008
    assert client.frames == []


async def test_no_auth_in_time_closes_with_4008(launch):
    server = launch("--demo", toml="[timeouts]\nauth = 0.2\n")
    client = await dial(server)

    assert await client.close_code() == 4008
    assert client.frames == []
