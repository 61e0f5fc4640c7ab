import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.bedrock.test_stream_decoder import exception
from tests.dialects.recorded import decoded, gathered
from tokenrouter.dialects.bedrock.codec import ConverseCodec
from tokenrouter.dialects.carried_state import seal
from tokenrouter.dialects.hub import CalledAs, ClientCodec, ProviderCodec, Reply, Target, Undo
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC, ChatCodec
from tokenrouter.dialects.openai_chat.losses import ChatQuirks
from tokenrouter.dialects.translate import TranslatingRelay, translate_answer, translate_request
from tokenrouter.domain.answers import Stop
from tokenrouter.domain.errors import ProviderProtocolError, ProviderRefused
from tokenrouter.domain.items import Call, CallOutput, Item, Message, ProviderState, Reasoning, Text
from tokenrouter.domain.requests import Request

TARGET = Target("acme", "m-1", "acme/m-1")
REPLY = Reply(Request("m", ()), "r1", 1)
DONE = b"data: [DONE]\n\n"


def frame(delta: object, finish: str | None = None) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"id": "c1", "choices": choices}).encode() + b"\n\n"


def called(name: str, arguments: str, call_id: str = "a") -> bytes:
    return frame({"tool_calls": [{"index": 0, "id": call_id, "function": {"name": name, "arguments": arguments}}]})


USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}\n\n'
ROLE = frame({"role": "assistant", "content": ""})
WIRE = ROLE + frame({"content": "Grüße "}) + frame({"content": "dir"}) + frame({}, "stop") + USAGE + DONE


def relay(undo: Undo | None = None) -> TranslatingRelay:
    decoder, encoder = CHAT_CODEC.stream_decoder(TARGET), CHAT_CODEC.stream_encoder(REPLY)
    return TranslatingRelay(decoder, encoder, provider="acme", request_id="r1", undo=undo)


def items(wire: bytes) -> tuple[Item, ...]:
    return gathered(decoded(CHAT_CODEC.stream_decoder(TARGET), wire)).choices[0].items


def test_the_codec_is_what_the_contract_asks_for() -> None:
    client: ClientCodec = CHAT_CODEC
    provider: ProviderCodec = ChatCodec()

    assert client.name == provider.name


@given(st.lists(st.integers(0, len(WIRE)), max_size=10))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    relaying = relay()
    out = b"".join(relaying.feed(WIRE[a:b]) for a, b in pairwise([0, *sorted(cuts), len(WIRE)]))
    last = relaying.close()

    assert last is not None
    assert items(out + last) == (Message("assistant", (Text("Grüße dir"),)),)
    assert relaying.ended
    assert relaying.usage is not None
    assert relaying.usage.output_tokens == 5
    assert relaying.content_bytes == len("Grüße dir".encode())


def test_nothing_goes_out_before_the_first_content() -> None:
    relaying = relay()

    assert relaying.feed(ROLE) == b""
    assert not relaying.content_started
    assert b'"role":"assistant"' in relaying.feed(frame({"content": "x"}))
    assert relaying.content_started


def test_a_stream_that_was_cut_is_not_closed() -> None:
    relaying = relay()
    relaying.feed(frame({"content": "x"}))

    assert relaying.close() is None
    assert not relaying.ended


def test_a_missing_done_is_added_when_the_answer_is_whole() -> None:
    relaying = relay()
    relaying.feed(frame({"content": "x"}, "stop"))

    assert (relaying.close() or b"").endswith(DONE)


def test_an_error_in_the_middle_becomes_the_clients_error_and_nothing_follows() -> None:
    relaying = relay()
    relaying.feed(frame({"content": "x"}))
    out = relaying.feed(b'data: {"error":{"message":"busy"}}\n\n' + WIRE)

    assert b"Provider 'acme' reported an error in its stream: busy" in out
    assert relaying.error_payload == b'{"error":{"message":"busy"}}'
    assert relaying.feed(WIRE) == b""
    assert relaying.close() is None


def test_a_model_that_failed_is_never_shown_as_one_that_ended() -> None:
    relaying = relay()
    out = relaying.feed(frame({"content": "x"}) + frame({}, "error") + DONE)

    assert b'"error"' in out
    assert DONE not in out
    assert relaying.error_payload is not None
    with pytest.raises(ProviderRefused, match="'acme'"):
        translate_answer(
            b'{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}', CHAT_CODEC, TARGET, CHAT_CODEC, REPLY
        )


def test_an_error_whose_kind_stands_beside_its_json_is_told_in_the_shape_that_others_share() -> None:
    decoder, encoder = ConverseCodec().stream_decoder(TARGET), CHAT_CODEC.stream_encoder(REPLY)
    relaying = TranslatingRelay(decoder, encoder, provider="acme", request_id="r1")
    relaying.feed(exception("throttlingException", b'{"message":"slow down"}'))

    assert relaying.error_payload is not None
    assert json.loads(relaying.error_payload)["error"] == {
        "message": "slow down",
        "type": "throttlingException",
        "code": 429,
    }


def test_a_stream_can_be_ended_by_a_limit() -> None:
    relaying = relay()
    relaying.feed(frame({"content": "x"}))
    out = relaying.finish(Stop("length"))

    assert b'"finish_reason":"length"' in out
    assert out.endswith(DONE)


def test_odd_ids_are_wrapped_for_the_client_and_come_back_as_they_were() -> None:
    out = relay().feed(called("f", "{}", "functions.f:0") + frame({}, "tool_calls") + DONE)
    (call,) = items(out)
    assert isinstance(call, Call)
    assert call.call_id.startswith("trid_")

    wire = json.loads(translate_request(Request("m", (call,)), _vendor_of_odd_ids(), TARGET).body)
    assert wire["messages"][0]["tool_calls"][0]["id"] == "functions.f:0"


def _vendor_of_odd_ids() -> ProviderCodec:
    return ChatCodec(ChatQuirks(call_ids="any"))


def test_calls_come_back_as_the_tools_that_the_client_declared() -> None:
    undo = Undo({"ns__wait": CalledAs("wait", "ns"), "patch": CalledAs("patch", kind="custom")})
    wire = called("patch", '{"input": "a\\n\\ud83d') + frame(
        {"tool_calls": [{"index": 0, "function": {"arguments": '\\ude00\\"b"}'}}]}
    )
    out = relay(undo).feed(wire + frame({}, "tool_calls") + DONE)

    assert items(out) == (Call("a", "patch", 'a\n\U0001f600"b', "custom"),)


def test_the_answer_of_a_forced_schema_tool_is_text() -> None:
    out = relay(Undo(format_tool="answer")).feed(called("answer", '{"x":1}') + frame({}, "tool_calls") + DONE)

    assert items(out) == (Message("assistant", (Text('{"x":1}'),)),)
    assert b'"finish_reason":"stop"' in out


@given(st.lists(st.integers(0, 12), max_size=6))
def test_a_stop_sequence_of_ours_ends_the_text_wherever_it_is_cut(cuts: list[int]) -> None:
    text, edges = "one two STOP", [0, *sorted(cuts), 12]
    wire = b"".join(frame({"content": text[a:b]}) for a, b in pairwise(edges)) + frame({"content": " three"})
    relaying = relay(Undo(stop=("STOP",)))
    out = relaying.feed(wire + frame({}, "length") + USAGE + DONE)

    assert items(out) == (Message("assistant", (Text("one two "),)),)
    assert b'"finish_reason":"stop"' in out
    assert relaying.usage is not None


def test_a_whole_answer_is_restored_in_the_same_way() -> None:
    body = {
        "choices": [{"message": {"content": "one STOP two"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 7},
    }
    translated = translate_answer(
        json.dumps(body).encode(), CHAT_CODEC, TARGET, CHAT_CODEC, REPLY, undo=Undo(stop=("STOP",))
    )

    (choice,) = json.loads(translated.body)["choices"]
    assert choice["message"]["content"] == "one "
    assert choice["finish_reason"] == "stop"
    assert translated.usage is not None
    assert translated.content_bytes == len("one STOP two")


def test_state_reaches_its_own_provider_and_no_other() -> None:
    sealed = seal(ProviderState("openai-chat", "details", '[{"type":"x"}]', "acme/m-1"))
    carried = Call("a", "f", state=ProviderState("anthropic-messages", "signature", sealed))
    request = Request("m", (Reasoning(state=ProviderState("gemini", "thought_signature", "s")), carried))

    own = translate_request(request, CHAT_CODEC, TARGET)
    assert json.loads(own.body)["messages"][0]["tool_calls"][0]["extra_content"] == [{"type": "x"}]
    assert "item.state" in {loss.feature for loss in own.losses}
    other = translate_request(request, CHAT_CODEC, Target("acme", "m-2", "acme/m-2"))
    assert b"extra_content" not in other.body


def test_state_that_comes_home_is_not_called_lost() -> None:
    sealed = seal(ProviderState("openai-chat", "details", '[{"type":"x"}]', "acme/m-1"))
    carried = Call("a", "f", state=ProviderState("anthropic-messages", "signature", sealed))

    told = translate_request(Request("m", (carried, CallOutput("a", (Text("1"),)))), CHAT_CODEC, TARGET)

    assert b"extra_content" in told.body
    assert not told.losses


def test_what_cannot_be_read_names_the_provider() -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        relay().feed(b"data: <html>\n\n")
