import json
from typing import Any

import pytest

from tests.dialects.recorded import RECORDINGS, wholes
from tokenrouter.dialects.gemini.answer import decode_answer, encode_answer
from tokenrouter.dialects.gemini.signatures import read_signature
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.domain.answers import Answer, Choice, Stop
from tokenrouter.domain.errors import ProviderProtocolError, ProviderRefused
from tokenrouter.domain.items import (
    Audio,
    Call,
    Citation,
    Document,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Refusal,
    Text,
    Url,
)
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import ReasoningControl, Request

TARGET = Target("acme", "gemini-3-pro", "o")
ASKED = Reply(Request("m", (), "gemini", reasoning=ReasoningControl(shown=True)), "r1", 1700000000)
UNASKED = Reply(Request("m", (), "gemini"), "r1", 1700000000)
SIGNED = ProviderState("gemini", "thought_signature", "c2ln", "o")
FOREIGN = ProviderState("anthropic-messages", "signature", "s", "p")


def decode(*parts: Any, **more: Any) -> Choice:
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", **more}
    body = json.dumps({"candidates": [candidate], "responseId": "x"}).encode()
    return decode_answer(body, TARGET).choices[0]


def encode(*items: Item, stop: str = "end", reply: Reply = ASKED) -> dict[str, Any]:
    choice = Choice(items, Stop(stop))  # type: ignore[arg-type]
    wire: dict[str, Any] = json.loads(encode_answer(Answer((choice,)), reply))
    candidate: dict[str, Any] = wire["candidates"][0]
    return candidate


def parts(*items: Item, reply: Reply = ASKED) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = encode(*items, reply=reply)["content"]["parts"]
    return told


def says(text: str) -> Message:
    return Message("assistant", (Text(text),))


def test_the_recorded_call_is_whole_and_signed() -> None:
    path = next(path for path in wholes("google--") if path.name == "google--tool-call-gemini3.json")
    answer = decode_answer(path.read_bytes(), TARGET)
    (call,) = answer.choices[0].items

    assert isinstance(call, Call)
    assert (call.name, json.loads(call.arguments)) == ("weather", {"location": "San Francisco"})
    assert call.call_id.startswith("call_")
    assert call.state is not None
    assert (call.state.kind, call.state.origin) == ("thought_signature", "o")
    assert answer.choices[0].stop == Stop("tool", native="STOP")
    assert answer.usage == Usage(29, 15 + 1801, reasoning_tokens=1801)
    assert (answer.id, answer.model) == ("JniLacKqGqH0xs0P0O776As", "gemini-3-pro-preview")


def test_thoughts_words_and_calls_are_told_apart() -> None:
    choice = decode(
        {"text": "h", "thought": True},
        {"text": "m", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "a"},
        {"text": "b"},
        {"text": "", "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "f", "args": {"x": 1}, "id": "1"}},
        {"text": "c"},
    )

    assert choice.items == (
        Reasoning(("hm",), is_summary=True, state=SIGNED),
        Message("assistant", (Text("ab", state=SIGNED),)),
        Call("1", "f", '{"x": 1}'),
        says("c"),
    )
    assert choice.stop.reason == "tool"


def test_calls_without_ids_get_some_of_their_own() -> None:
    first, second = decode({"functionCall": {"name": "f"}}, {"functionCall": {"name": "f"}}).items

    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert first.call_id != second.call_id
    assert first.arguments == "{}"


def test_media_and_code_are_parts_of_the_message() -> None:
    (message,) = decode(
        {"text": "see"},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://x"}},
        {"executableCode": {"language": "PYTHON", "code": "1"}},
    ).items

    assert isinstance(message, Message)
    *rest, code = message.parts
    assert rest == [
        Text("see"),
        Image(Inline("image/png", "AAAA")),
        Audio(Inline("audio/L16;rate=24000", "AAAA")),
        Document(Url("gs://x", "application/pdf")),
    ]
    assert isinstance(code, Foreign)
    assert code.kind == "executableCode"


def test_the_signature_of_a_picture_follows_it() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thoughtSignature": "c2ln"}

    assert decode(picture).items == (
        Message("assistant", (Image(Inline("image/png", "AAAA")), Text("", state=SIGNED))),
    )


def test_grounding_is_citations_of_the_words() -> None:
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://x", "title": "X"}}],
        "groundingSupports": [{"segment": {"endIndex": 3}, "groundingChunkIndices": [0]}],
    }
    (message,) = decode({"text": "Grüße"}, groundingMetadata=grounding).items

    assert message == Message("assistant", (Text("Grüße", (Citation("https://x", "X", start=0, end=3),)),))
    assert encode(message)["groundingMetadata"] == {
        "groundingChunks": [{"web": {"uri": "https://x", "title": "X"}}],
        "groundingSupports": [{"segment": {"startIndex": 0, "endIndex": 4}, "groundingChunkIndices": [0]}],
    }


def test_a_refused_prompt_is_an_answer_without_words() -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "No."}
    body = json.dumps({"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 7}}).encode()
    answer = decode_answer(body, TARGET)

    stop = Stop("filter", explanation="No.", category="PROHIBITED_CONTENT", native="PROHIBITED_CONTENT")
    assert answer.choices == (Choice((), stop),)
    assert answer.usage == Usage(7)


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"])
def test_a_call_that_went_wrong_is_no_clean_end(reason: str) -> None:
    assert decode(finishReason=reason).stop == Stop("broken_call", native=reason)


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b'{"candidates":[]}', b'{"candidates":[{"content":7}]}', b"[" * 9999]
)
def test_what_cannot_be_read_is_the_named_providers_fault(body: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        decode_answer(body, TARGET)
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        decode({"functionCall": {"args": {}}})


def test_an_error_in_place_of_an_answer_is_a_refusal_with_its_status() -> None:
    with pytest.raises(ProviderRefused, match="quota") as caught:
        decode_answer((RECORDINGS / "google--429-retry-info.json").read_bytes(), TARGET)
    assert caught.value.status == 429


def test_an_answer_has_the_fields_that_googles_has() -> None:
    answer = Answer((Choice((says("hi"),), Stop("end")),), "x", "served", usage=Usage(7, 5, 2, 1, 3))

    assert json.loads(encode_answer(answer, UNASKED)) == {
        "candidates": [{"content": {"parts": [{"text": "hi"}], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {
            "promptTokenCount": 7,
            "candidatesTokenCount": 2,
            "totalTokenCount": 12,
            "cachedContentTokenCount": 2,
            "thoughtsTokenCount": 3,
        },
        "modelVersion": "served",
        "responseId": "r1",
    }


def test_thoughts_are_shown_only_to_those_who_asked() -> None:
    thought = Reasoning(("hm", "so"))

    assert parts(thought, says("a")) == [{"text": "hm\n\nso", "thought": True}, {"text": "a"}]
    assert parts(thought, says("a"), reply=UNASKED) == [{"text": "a"}]


def test_what_another_provider_signed_goes_with_the_call_after_it() -> None:
    signed = Reasoning(("hm",), state=FOREIGN)
    part, second = parts(signed, Call("1", "f", '{"x":1}'), Call("2", "f"), reply=UNASKED)

    assert part["functionCall"] == {"name": "f", "args": {"x": 1}, "id": "1"}
    assert read_signature(part["thoughtSignature"]) == (None, (signed,), "1")
    assert "thoughtSignature" not in second


def test_what_another_provider_signed_at_the_end_has_an_empty_part() -> None:
    signed = Reasoning(("hm",), state=FOREIGN)
    *_, last = parts(signed, says("a"), reply=UNASKED)

    assert last["text"] == ""
    assert read_signature(last["thoughtSignature"]).reasonings == (signed,)
    assert parts(Reasoning(("hm",)), says("a"), reply=UNASKED) == [{"text": "a"}]


def test_geminis_own_signatures_stay_on_their_parts() -> None:
    told = parts(Message("assistant", (Text("a", state=SIGNED),)), Call("1", "f", state=SIGNED))

    assert [part["thoughtSignature"] for part in told] == ["c2ln", "c2ln"]


def test_a_call_whose_arguments_nobody_can_read_is_no_clean_end() -> None:
    broken = Call("1", "f", '{"x": ')

    assert encode(broken, stop="tool")["finishReason"] == "MALFORMED_FUNCTION_CALL"
    assert encode(broken, stop="length")["finishReason"] == "MAX_TOKENS"
    assert encode(broken, stop="length")["content"]["parts"] == [{"text": ""}]


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        (Stop("end"), "STOP"),
        (Stop("tool"), "STOP"),
        (Stop("length"), "MAX_TOKENS"),
        (Stop("context"), "MAX_TOKENS"),
        (Stop("stop_sequence", "x"), "STOP"),
        (Stop("filter", category="violence"), "SAFETY"),
        (Stop("filter", category="RECITATION"), "RECITATION"),
        (Stop("pause"), "CONTINUATION"),
    ],
)
def test_stops_are_told_in_googles_words(stop: Stop, finish: str) -> None:
    wire = json.loads(encode_answer(Answer((Choice((says("a"),), stop),)), ASKED))

    assert wire["candidates"][0]["finishReason"] == finish


def test_refusals_are_words_and_a_reason() -> None:
    told = encode(Message("assistant", (Refusal("No."),)))

    assert (told["content"]["parts"], told["finishReason"]) == ([{"text": "No."}], "SAFETY")
    filtered = json.loads(encode_answer(Answer((Choice((), Stop("filter", explanation="Not that.")),)), ASKED))
    assert filtered["candidates"][0]["finishMessage"] == "Not that."


def test_pictures_and_figures_are_carried() -> None:
    message = Message("assistant", (Image(Inline("image/png", "AAAA")), Foreign("other", "x", b"{}")))
    logprobs = b'[{"token":"a","logprob":-1,"bytes":[97],"top_logprobs":[]}]'
    choices = (
        Choice((message,), Stop("end"), logprobs),
        Choice((Foreign("gemini", "toolCall", b'{"toolCall":{}}'),), Stop("end")),
    )
    wire = json.loads(encode_answer(Answer(choices), ASKED))

    first, second = wire["candidates"]
    assert first["content"]["parts"] == [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]
    assert first["logprobsResult"]["chosenCandidates"] == [{"token": "a", "logProbability": -1.0}]
    assert second["content"]["parts"] == [{"toolCall": {}}]
    assert second["index"] == 1
    again = decode_answer(json.dumps(wire).encode(), TARGET)
    assert json.loads(again.choices[0].logprobs or b"")[0]["token"] == "a"


def test_free_text_and_namespaces_become_plain_calls() -> None:
    told = parts(Call("1", "patch", "*** x", "custom", "ns"))

    assert told[0]["functionCall"] == {"name": "ns__patch", "args": {"input": "*** x"}, "id": "1"}
