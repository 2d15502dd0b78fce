"""Many people at once: each gets all that is theirs, in order, and not one byte of anybody else's."""

import asyncio

import pytest

from actors.session.promises import check_acked, check_log
from actors.testing.views import acked_runs, check_connection, check_foreign, check_same, event_bytes
from tests.system.accounts import add_logins
from tests.system.client import dial, script

pytestmark = pytest.mark.system

USERS = 50
ECHOES = 25


def scripts(mark):
    """Return what one session is asked to do: each text, argument and answer bears its mark."""
    tools = [{"tool": "echo", "arguments": {"value": f"{mark}-side-{side}"}} for side in range(3)]
    return [
        script(
            {"think": f"{mark}-thought"},
            *[{"tool": "echo", "arguments": {"value": f"{mark}-{number}"}} for number in range(ECHOES)],
            {"tools": tools},
            {"say": f"{mark}-said \U0001f600 {mark}", "chunks": 7, "every_ms": 1},
        ),
        script(
            {"crash": f"{mark}-crash", "until_attempt": 1},
            {"tool": "fail", "arguments": {"message": f"{mark}-failed"}},
            {"tool": "wait", "arguments": {"seconds": 0.02}},
            {"answer": f"{mark}-answer"},
        ),
    ]


class Person:
    """One user with their sessions and two connections."""

    def __init__(self, server, login, session_count):
        self.server = server
        self.login = login
        # In brackets, so that no mark is a part of another.
        self.marks = [f"<{login.username}/{place}>" for place in range(session_count)]
        self.sessions = []
        self.clients = []
        self.runs = []

    async def arrive(self):
        for _ in self.marks:
            self.sessions.append(await asyncio.to_thread(self.server.new_session, self.login))
        for _ in range(2):
            client = await dial(self.server, token=self.login.token)
            self.clients.append(client)
            for session_id in self.sessions:
                await client.request("subscribe", session_id=session_id, after={"seq": 0})

    async def work(self):
        """Send every message from one connection or the other, all at once, and wait for every end on both."""
        work = [
            (self.clients[place % 2], session_id, text)
            for place, (session_id, mark) in enumerate(zip(self.sessions, self.marks, strict=True))
            for text in scripts(mark)
        ]
        asked = [
            (client, await client.ask("message", text=text, agent="rehearsal", session_id=session_id))
            for client, session_id, text in work
        ]
        acks = [await client.answer(frame_id) for client, frame_id in asked]
        assert [ack["type"] for ack in acks] == ["ack"] * len(acks)
        self.runs = [ack["run_id"] for ack in acks]
        for client in self.clients:
            for run_id in self.runs:
                await client.ended(run_id)

    async def leave(self):
        for client in self.clients:
            await client.close()

    @property
    def needles(self):
        """What nobody else may see."""
        return [*self.marks, *self.sessions, *self.runs, self.login.user_id]

    def check(self, foreign):
        for client in self.clients:
            check_connection(client.entries, owned=self.sessions)
            check_foreign(client.entries, foreign)
        for session_id, mark in zip(self.sessions, self.marks, strict=True):
            log = check_log(session_id, self.server.events(self.login, session_id))
            views = [event_bytes(client.entries, session_id) for client in self.clients]
            check_same(views)
            assert [sorted(view) for view in views] == [list(range(1, len(log.events) + 1))] * 2
            for client in self.clients:
                check_acked(log, acked_runs(client.entries, session_id))
                assert client.events(session_id=session_id) == log.events
            self._check_work(log, mark)

    def _check_work(self, log, mark):
        ends = [event["data"] for event in log.events if event["type"] == "agent_completed"]
        assert [end["outcome"] for end in ends] == ["success", "success"]
        assert [end["attempts"] for end in ends] == [1, 2]
        assert [end["text"] for end in ends] == [f"{mark}-said \U0001f600 {mark}", f"{mark}-answer"]
        calls = [event["data"] for event in log.events if event["type"] == "tool_completed"]
        results = sorted(str(call["result"]) for call in calls if call["ok"])
        assert results == sorted(
            ["0.02", *(f"{mark}-{number}" for number in range(ECHOES)), *(f"{mark}-side-{side}" for side in range(3))]
        )
        assert [call["error"]["message"] for call in calls if not call["ok"]] == [f"{mark}-failed"]


async def test_fifty_people_at_once_each_see_all_of_their_own_and_nothing_of_the_others(launch):
    logins = []
    names = [f"person{number:02}" for number in range(USERS)]
    server = launch("--demo", prepare=lambda data_dir: logins.extend(add_logins(data_dir, names)))
    people = [Person(server, login, 2 + number % 2) for number, login in enumerate(logins)]

    await asyncio.gather(*(person.arrive() for person in people))
    await asyncio.gather(*(person.work() for person in people))
    await asyncio.gather(*(person.leave() for person in people))

    for person in people:
        foreign = [needle for other in people if other is not person for needle in other.needles]
        await asyncio.to_thread(person.check, foreign)


async def test_many_logins_at_once_each_get_their_own_user(launch):
    logins = []
    server = launch("--demo", prepare=lambda data_dir: logins.extend(add_logins(data_dir, map(str, range(8)))))
    again = await asyncio.gather(*(asyncio.to_thread(server.login, login.username) for login in logins))

    assert [login.user_id for login in again] == [login.user_id for login in logins]
    assert len({login.token for login in (*logins, *again)}) == 16


async def test_a_login_never_reaches_anothers_session_by_any_frame(server):
    theirs = server.new_session(server.known("demo2"))
    owner = await dial(server, token=server.known("demo2").token)
    stranger = await dial(server, token=server.known("demo").token)
    await owner.request("subscribe", session_id=theirs)
    run = await owner.message({"hang": True}, session_id=theirs)
    waiting = await owner.message({"answer": "next"}, session_id=theirs)
    asks = [
        ("subscribe", {"session_id": theirs}),
        ("subscribe", {"session_id": theirs, "after": {"seq": 0}}),
        ("message", {"session_id": theirs, "text": "hello"}),
        ("cancel", {"session_id": theirs}),
        ("cancel", {"session_id": theirs, "run_id": run["run_id"], "queue": "clear"}),
        ("dequeue", {"session_id": theirs, "run_id": waiting["run_id"]}),
        ("dequeue", {"run_id": waiting["run_id"]}),
        ("unsubscribe", {"session_id": theirs}),
    ]
    for frame_type, fields in asks:
        real = await stranger.refused(frame_type, **fields)
        imagined = {key: value if key != "session_id" else "s_0000000000000000" for key, value in fields.items()}
        unreal = await stranger.refused(frame_type, **imagined)
        assert real["code"] == "not_found", (frame_type, real)
        assert {**real, "re": None} == {**unreal, "re": None}
    # By its run's id alone another's run can't be ended either.
    assert (await stranger.request("cancel", run_id=run["run_id"]))["run_id"] is None

    ended = await owner.request("cancel", session_id=theirs)
    assert ended["run_id"] == run["run_id"]
    assert (await owner.ended(waiting["run_id"]))["data"]["text"] == "next"
    assert not stranger.events()
    for client in (owner, stranger):
        await client.close()
        check_connection(client.entries)
    check_foreign(stranger.entries, [theirs])


def test_anothers_session_answers_over_http_as_one_that_doesnt_exist(server):
    theirs = server.new_session(server.known("demo2"))
    mine = server.known("demo")
    for method, path in (("GET", "/v1/sessions/{}/events"), ("DELETE", "/v1/sessions/{}")):
        real = server.call(method, path.format(theirs), token=mine.token)
        unreal = server.call(method, path.format("s_0000000000000000"), token=mine.token)
        assert real.status == unreal.status == 404
        assert real.body == unreal.body
    assert theirs not in [kept["session_id"] for kept in server.sessions(mine)]
    assert theirs in [kept["session_id"] for kept in server.sessions(server.known("demo2"))]


async def test_a_message_id_is_its_users_own(server):
    runs = []
    for name in ("demo", "demo2"):
        client = await dial(server, token=server.known(name).token)
        ack = await client.message({"answer": name}, client_msg_id="the-same-for-both")
        assert ack["duplicate"] is False
        assert (await client.ended(ack["run_id"]))["data"]["text"] == name
        runs.append(ack["run_id"])
        await client.close()
        check_connection(client.entries)
    assert len(set(runs)) == 2
