import msgspec
import pytest

from actors.session.events import AgentThinking, Event, MessageDelta
from server.client.errors import Stranger
from server.client.frames import Ack, Unknown, read, write
from server.protocol import Cursor, Error, Message, Subscribe


def test_an_event_has_its_own_data():
    frame = '{"type":"agent_thinking","session_id":"s","run_id":"r","seq":4,"ts":5,"data":{"step":1,"thought":"hm"}}'

    assert read(frame) == Event("agent_thinking", "s", "r", 4, 5, AgentThinking(1, "hm"))


def test_what_a_later_protocol_says_is_kept_as_it_came():
    event = {"type": "agent_sighed", "session_id": "s", "run_id": "r", "seq": 4, "ts": 5, "data": {"loud": True}}

    assert read(msgspec.json.encode(event)) == Event("agent_sighed", "s", "r", 4, 5, {"loud": True})
    assert read('{"type":"weather","rain":1}') == Unknown({"type": "weather", "rain": 1})


def test_answers_and_signals_are_read():
    assert read('{"type":"ack","re":"1","run_id":"r"}') == Ack("1", {"type": "ack", "re": "1", "run_id": "r"})
    assert read('{"type":"error","re":"1","code":"busy","message":"!","temporary":true}') == Error(
        code="busy", message="!", temporary=True, re="1"
    )
    assert read('{"type":"message_delta","session_id":"s","run_id":"r","offset":0,"text":"a"}') == MessageDelta(
        "s", "r", 0, "a"
    )


@pytest.mark.parametrize("text", ["hello", "[]", "{}", '{"type":"welcome"}', '{"type":"agent_thinking","data":1}'])
def test_what_is_no_frame_comes_from_a_stranger(text):
    with pytest.raises(Stranger):
        read(text)


def test_what_is_not_said_is_left_out():
    assert msgspec.json.decode(write(Subscribe(id="1", session_id="s"))) == {
        "type": "subscribe",
        "id": "1",
        "session_id": "s",
    }
    written = msgspec.json.decode(write(Subscribe(id="1", after=Cursor(0, "e"))))
    assert written["after"] == {"seq": 0, "epoch": "e"}
    assert "agent" not in msgspec.json.decode(write(Message(text="hi")))
