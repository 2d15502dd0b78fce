from openai.types.chat import ChatCompletionChunk

from actors.agents.assistant.reply import CallPart, Part, Reply, ToolCall, Usage, part_of


def chunk(delta=None, **fields):
    """Make a chunk as the library does of what an endpoint sent: without a check."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": fields.pop("finish", None)}]
    return ChatCompletionChunk.construct(**{"choices": choices, **fields})


def reply_of(*chunks):
    reply = Reply()
    for each in chunks:
        reply.add(part_of(each))
    return reply


def call(index=0, call_id=None, name=None, arguments=None):
    return {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}


def test_text_comes_in_pieces():
    reply = reply_of(chunk({"role": "assistant", "content": ""}), chunk({"content": "Hel"}), chunk({"content": "lo"}))

    assert (reply.text, reply.finish) == ("Hello", "")


def test_reasoning_has_two_names():
    assert reply_of(chunk({"reasoning_content": "a"}), chunk({"reasoning": "b"})).reasoning == "ab"


def test_a_refusal_and_the_end_are_noted():
    reply = reply_of(chunk({"refusal": "No"}), chunk({}, finish="stop"))

    assert (reply.refusal, reply.finish) == ("No", "stop")


def test_calls_side_by_side_are_put_together_by_their_place():
    reply = reply_of(
        chunk({"tool_calls": [call(0, "a", "add", "")]}),
        chunk({"tool_calls": [call(0, None, None, '{"x"')]}),
        chunk({"tool_calls": [call(1, "b", "echo", "{}"), call(0, None, None, ": 1}")]}),
    )

    assert reply.calls == [ToolCall("a", "add", '{"x": 1}'), ToolCall("b", "echo", "{}")]


def test_another_id_begins_another_call_where_every_place_is_0():
    reply = reply_of(chunk({"tool_calls": [call(0, "a", "add", "{}")]}), chunk({"tool_calls": [call(0, "b", "x", "")]}))

    assert [found.name for found in reply.calls] == ["add", "x"]


def test_calls_without_ids_and_places_get_some():
    calls = [{"function": {"name": "add", "arguments": "{}"}}, {"function": {"name": "echo", "arguments": "{}"}}]

    reply = reply_of(chunk({"tool_calls": calls}))

    assert [(found.call_id, found.name) for found in reply.calls] == [("call_0", "add"), ("call_1", "echo")]


def test_the_last_count_is_the_whole():
    counts = [{"prompt_tokens": 9, "completion_tokens": count, "total_tokens": 0} for count in (1, 2, 3)]

    assert reply_of(*(chunk(usage=count) for count in counts)).usage == Usage(9, 3)


def test_what_is_of_no_known_shape_counts_as_left_out():
    odd = [chunk(choices=7), chunk({"content": 7, "tool_calls": 7}), chunk(7), chunk(usage={"prompt_tokens": -1}), [1]]

    assert [part_of(each) for each in odd] == [Part()] * 5
    assert part_of(chunk({"tool_calls": [7]})).calls == (CallPart(0, "", "", ""),)


def test_half_a_surrogate_pair_is_replaced():
    assert reply_of(chunk({"content": "a\ud83d"})).text == "a\ufffd"
