"""The client library against real servers: it outlives their ends, and nothing is lost or done twice."""

import asyncio
import json
import time

import pytest

from actors.session.events import AgentCompleted, Event, MessageDelta
from actors.session.promises import check_log
from server.client import Client, Closed, Dequeued, Gap, Refused, Unauthorized, Unreachable, connect
from tests.system.process import lasting_port
from tests.system.relay import relay

pytestmark = pytest.mark.system


def script(*steps):
    return json.dumps({"steps": steps})


@pytest.fixture
def lasting(launch):
    """A server that comes back at the same address."""
    return launch("--demo", "--port", str(lasting_port()), toml="[limits]\nsessions_per_user = 1000\n")


async def seen_of(run):
    return [seen async for seen in run]


async def test_a_message_is_answered_and_all_that_happens_is_seen(server):
    async with connect(server.url, "demo", "demo") as client:
        session = await client.session(await client.new_session())
        run = await session.send("what is 12*7?")
        seen = await seen_of(run)

        assert (await run.completed()).text == run.text == "12*7 is 84."
        events = [item for item in seen if isinstance(item, Event)]
        assert events == await client.log(session.session_id)
        assert [event.type for event in events][-3:] == ["tool_executing", "tool_completed", "agent_completed"]
        # Whoever comes late sees the same.
        assert await seen_of(run) == seen


async def test_a_server_killed_in_mid_answer_costs_nothing_and_shows_nothing_twice(lasting):
    async with connect(lasting.url, "demo", "demo") as client:
        session = await client.session()
        stream = session.events()
        words = "".join(f"word{number} " for number in range(20))
        steps = ({"say": words, "chunks": 20, "every_ms": 50}, {"hang": True})
        run = await session.send(script(*steps), agent="rehearsal")
        async for item in stream:
            if isinstance(item, MessageDelta) and item.offset > 30:
                break
        await asyncio.to_thread(lasting.restart)
        # The second attempt says it all again, from the beginning; whoever comes late is told what was said by then.
        async for item in stream:
            if isinstance(item, Event) and item.type == "agent_started":
                break
        async for _ in stream:
            if run.text == words:
                break
        await session.cancel()

        completed, seen = await run.completed(), await seen_of(run)
        assert (completed.outcome, completed.text, completed.attempts) == ("cancelled", words, 2)
        events = [item for item in seen if isinstance(item, Event)]
        assert events == [event for event in await client.log(session.session_id) if event.run_id == run.run_id]
        assert [event.seq for event in events] == list(range(events[0].seq, events[0].seq + len(events)))
        (second,) = (event for event in events if event.type == "agent_started" and event.data.attempt == 2)
        written = [item.text for item in seen[seen.index(second) :] if isinstance(item, MessageDelta)]
        assert "".join(written) == words
        check_log(session.session_id, lasting.events(lasting.known("demo"), session.session_id))


async def test_a_hundred_sends_across_five_kills_are_each_executed_once(lasting):
    login = lasting.known("demo2")

    def head_seqs():
        return sum(session["head_seq"] for session in lasting.sessions(login))

    async def send(client, number):
        steps = ({"sleep_ms": 20}, {"answer": f"answer {number}"})
        run = await client.send(script(*steps), session_id=sessions[number % 10], agent="rehearsal")
        return await run.completed()

    async def recorded(events):
        # Over a link of its own, which isn't mute.
        while head_seqs() < events:
            await asyncio.to_thread(time.sleep, 0.02)

    async with relay(lasting.port) as link, connect(link.url, "demo2", "demo2") as client:
        sessions = [await client.new_session() for _ in range(10)]
        sending = []
        for kill in range(5):
            await asyncio.gather(*sending, *[(await client.session(session_id)).ready() for session_id in sessions])
            before = head_seqs()
            # Nothing comes back any more: what is accepted now is accepted without the client's knowing.
            link.mute = True
            sending += [asyncio.create_task(send(client, 20 * kill + number)) for number in range(20)]
            await recorded(before + 12)
            await asyncio.to_thread(lasting.restart)
            link.cut()
            link.mute = False
        completed = await asyncio.gather(*sending)

        assert [done.text for done in completed] == [f"answer {number}" for number in range(100)]
        logs = [await client.log(session_id) for session_id in sessions]
    accepted = [event.data.text for log in logs for event in log if event.type == "message_accepted"]
    assert len(accepted) == len(set(accepted)) == 100
    for session_id in sessions:
        check_log(session_id, lasting.events(lasting.known("demo2"), session_id))


async def test_a_connection_outlives_its_token_by_renewing_it_in_place(launch):
    server = launch("--demo", toml="[tokens]\naccess_ttl = 2\nexpiry_grace = 0.1\n")
    states, frames = [], []

    async with connect(
        server.url, "demo", "demo", on_state=states.append, tap=lambda sent, text: frames.append(text) if sent else None
    ) as client:
        run = await client.send(script({"sleep_ms": 3500}, {"answer": "still here"}), agent="rehearsal")
        assert (await run.completed()).text == "still here"

    assert [state.name for state in states] == ["connecting", "connected", "closed"]
    assert sum('"auth"' in text for text in frames) >= 1


async def test_a_login_that_ended_elsewhere_is_made_anew(lasting):
    states = []
    async with connect(lasting.url, "demo", "demo", on_state=states.append) as client:
        await client._credentials.logout()
        run = await client.send("6*7")

        assert (await run.completed()).text == "6*7 is 42."
        assert "waiting" in [state.name for state in states]


async def test_those_who_refresh_at_once_share_one_exchange(server):
    async with connect(server.url, "demo2", "demo2") as client:
        token, logins = client._credentials.token, server.metric("logins_total", outcome="good")
        await asyncio.gather(*(client._credentials.refresh() for _ in range(20)))

        assert client._credentials.token != token
        assert (await client.call("GET", "/v1/me"))["username"] == "demo2"
        # A token that was spent twice would have ended the login, and another one been made.
        assert server.metric("logins_total", outcome="good") == logins > 0


async def test_a_server_that_drains_is_left_and_found_again(lasting):
    states, draining = [], asyncio.Event()

    def on_state(state):
        states.append(state)
        if state.name == "draining":
            draining.set()

    async with connect(lasting.url, "demo", "demo", on_state=on_state) as client:
        session = await client.session(await client.new_session())
        run = await session.send(script({"sleep_ms": 20_000}, {"answer": "after"}), agent="rehearsal")
        assert not run.over
        stream = session.events()
        lasting.signal()
        await draining.wait()
        # It isn't lost that is sent meanwhile.
        waiting = asyncio.create_task(session.send("6*7", on_busy="interrupt"))
        lasting.signal()
        await asyncio.to_thread(lasting.wait)
        lasting.start()

        assert (await (await waiting).completed()).text == "6*7 is 42."
        assert (await run.completed()).outcome == "cancelled"
        assert "waiting" in [state.name for state in states]
    assert [event async for event in stream][-1].type == "agent_completed"


async def test_a_flood_of_messages_is_paced_and_all_are_answered(server):
    async with connect(server.url, "operator", "operator") as client:
        sessions = [await client.new_session() for _ in range(10)]
        runs = await asyncio.gather(
            *(client.send("6*7", session_id=session_id) for session_id in sessions for _ in range(10))
        )
        assert {(await run.completed()).text for run in runs} == {"6*7 is 42."}


async def test_a_message_sent_again_by_another_client_is_the_same_run(server):
    async with connect(server.url, "demo", "demo") as client:
        session_id = await client.new_session()
        first = await client.send("6*7", session_id=session_id, client_msg_id="once")
        await first.completed()
    async with connect(server.url, "demo", "demo") as client:
        again = await client.send("6*7", session_id=session_id, client_msg_id="once")

        assert (again.duplicate, again.run_id) == (True, first.run_id)
        assert (await again.completed()).text == "6*7 is 42."


async def test_a_run_is_cancelled_and_a_queued_message_taken_out(server):
    async with connect(server.url, "demo", "demo") as client:
        session = await client.session(await client.new_session())
        running = await session.send(script({"hang": True}), agent="rehearsal")
        queued = await session.send("6*7")
        await session.dequeue(queued.run_id)
        with pytest.raises(Dequeued):
            await queued.completed()

        assert await session.cancel() == running.run_id
        assert (await running.completed()).outcome == "cancelled"
        assert await session.cancel() is None


async def test_a_refused_message_raises_and_a_failed_run_is_an_answer(server):
    async with connect(server.url, "demo", "demo") as client:
        session = await client.session(await client.new_session())
        with pytest.raises(Refused) as refused:
            await session.send("hello", agent="nobody")
        assert refused.value.code == "not_found"

        completed = await (await session.send(script({"crash": "no"}), agent="rehearsal")).completed()
        assert isinstance(completed, AgentCompleted)
        assert completed.outcome == "error"


async def test_a_message_that_is_too_large_is_refused_before_it_costs_the_connection(server):
    states = []
    async with connect(server.url, "demo", "demo", on_state=states.append) as client:
        session = await client.session(await client.new_session())
        with pytest.raises(Refused) as refused:
            await session.send("ö" * 32_768)
        assert refused.value.code == "too_large"
        # Half of it is a message like any other; two bytes a letter.
        assert (await (await session.send("ö" * 16_384)).completed()).outcome == "success"
    assert [state.name for state in states] == ["connecting", "connected", "closed"]


async def test_a_session_is_ready_once_it_is_known_how_it_stands(server):
    async with connect(server.url, "demo", "demo") as client:
        session = await client.session(await client.new_session())
        assert (await session.ready()).head_seq == 0
        running = await session.send(script({"say": "so far"}, {"hang": True}), agent="rehearsal")
        async for seen in running:
            if isinstance(seen, MessageDelta):
                break
        await session.send("6*7")
        async with connect(server.url, "demo", "demo") as other:
            elsewhere = await other.session(session.session_id)
            standing = await elsewhere.ready()
            assert standing.active_run.run_id == running.run_id
            assert list(elsewhere.queue.values()) == ["6*7"]
            assert elsewhere.run(running.run_id).text == "so far"
            with pytest.raises(Refused):
                await (await other.session("s_unknown")).ready()
        await session.cancel(queue="clear")


async def test_somebody_elses_session_is_not_there(server):
    async with connect(server.url, "demo", "demo") as client:
        session_id = await client.new_session()
    async with connect(server.url, "demo2", "demo2") as client:
        with pytest.raises(Refused) as refused:
            await client.send("hello", session_id=session_id)
        assert refused.value.code == "not_found"


async def test_a_session_deleted_meanwhile_ends_what_waits_for_it(server):
    async with connect(server.url, "demo", "demo") as client:
        session = await client.session(await client.new_session())
        run = await session.send(script({"hang": True}), agent="rehearsal")
        await client.call("DELETE", f"/v1/sessions/{session.session_id}")

        with pytest.raises(Refused):
            await run.completed()


async def test_who_waits_when_the_client_is_closed_is_told(server):
    async with connect(server.url, "demo", "demo") as client:
        session = await client.session(await client.new_session())
        run = await session.send(script({"sleep_ms": 2000}), agent="rehearsal")
        waiting = asyncio.create_task(run.completed())
        await asyncio.sleep(0)
    with pytest.raises(Closed):
        await waiting
    with pytest.raises(Closed):
        await session.send("hello")


async def test_a_resume_by_another_client_goes_on_where_the_first_left(server):
    async with connect(server.url, "demo", "demo") as client:
        session = await client.session(await client.new_session())
        await (await session.send("6*7")).completed()
        place = session.cursor
        await (await session.send("7*7")).completed()
        log = await client.log(session.session_id)
    async with connect(server.url, "demo", "demo") as client:
        stream = (await client.session(session.session_id, after=place)).events()
        assert [await anext(stream) for _ in log[place[0] :]] == log[place[0] :]


async def test_a_log_that_is_another_one_is_told_and_read_from_its_beginning(server):
    async with connect(server.url, "demo", "demo") as client:
        session = await client.session(await client.new_session())
        await (await session.send("6*7")).completed()
        log = await client.log(session.session_id)
    async with connect(server.url, "demo", "demo") as client:
        stream = (await client.session(session.session_id, after=(3, "e_lost"))).events()
        assert await anext(stream) == Gap(session.session_id)
        assert [await anext(stream) for _ in log] == log


async def test_a_wrong_password_and_a_server_that_is_not_there_are_told(server):
    with pytest.raises(Unauthorized):
        async with connect(server.url, "demo", "wrong"):
            pass
    with pytest.raises(Unreachable):
        async with connect(f"http://127.0.0.1:{lasting_port()}", "demo", "demo"):
            pass


async def test_a_reader_is_told_of_nothing_after_the_close(server):
    async with connect(server.url, "demo", "demo") as client:
        assert isinstance(client, Client)
        stream = (await client.session(await client.new_session())).events()
    assert [item async for item in stream] == []
