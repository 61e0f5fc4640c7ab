import json
from typing import Any

import pytest

from tokenrouter.dialects.gemini.request_decoder import decode_request
from tokenrouter.dialects.gemini.signatures import SKIPPED, signature_of
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Document,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Text,
    Url,
    Video,
)

PNG = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
PIXEL = Image(Inline("image/png", "AAAA"))
SIGNED = ProviderState("gemini", "thought_signature", "c2ln")


def items(*contents: dict[str, Any], **more: Any) -> tuple[Item, ...]:
    return decode_request(json.dumps({"contents": contents, **more}).encode(), model="m").items


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def call(name: str, call_id: str | None = None, **args: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args, **({"id": call_id} if call_id else {})}}


def result(name: str, response: Any, call_id: str | None = None, **more: Any) -> dict[str, Any]:
    told = {"name": name, "response": response, **more, **({"id": call_id} if call_id else {})}
    return {"functionResponse": told}


def test_turns_and_the_system_instruction_are_messages() -> None:
    told = {"role": "user", "parts": [{"text": "be"}, {"text": "kind"}]}

    assert items(user({"text": "hi"}), model({"text": "ho"}), {"parts": [{"text": "x"}]}, systemInstruction=told) == (
        Message("system", (Text("be"), Text("kind"))),
        Message("user", (Text("hi"),)),
        Message("assistant", (Text("ho"),)),
        Message("user", (Text("x"),)),
    )
    assert items(systemInstruction="be kind") == (Message("system", (Text("be kind"),)),)
    assert items({"role": "system", "parts": [{"text": "x"}]}) == (Message("system", (Text("x"),)),)


def test_a_text_that_came_in_chunks_is_one_text() -> None:
    assert items(model({"text": "a"}, {"text": "b"}), model({"text": "c"})) == (
        Message("assistant", (Text("ab"),)),
        Message("assistant", (Text("c"),)),
    )


def test_signatures_stay_on_their_part() -> None:
    told = items(
        model(
            {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
            {"text": "a"},
            {"text": "", "thoughtSignature": "c2ln"},
            {**call("f", "1", x=1), "thoughtSignature": "c2ln"},
        )
    )

    assert told == (
        Reasoning(("hm",), is_summary=True, state=SIGNED),
        Message("assistant", (Text("a"), Text("", state=SIGNED))),
        Call("1", "f", '{"x": 1}', state=SIGNED),
    )


def test_the_signature_of_a_picture_follows_it() -> None:
    (message,) = items(model({**PNG, "thoughtSignature": "c2ln"}))

    assert message == Message("assistant", (PIXEL, Text("", state=SIGNED)))


def test_thoughts_in_chunks_are_one_thought() -> None:
    thoughts = [{"text": text, "thought": True} for text in ("a", "b")]

    assert items(model(*thoughts, {"text": "x"})) == (
        Reasoning(("ab",), is_summary=True),
        Message("assistant", (Text("x"),)),
    )


def test_the_word_for_a_missing_signature_is_no_state() -> None:
    assert items(model({**call("f", "1"), "thoughtSignature": SKIPPED})) == (Call("1", "f"),)


def test_reasoning_of_another_provider_comes_back_once_with_its_signature() -> None:
    signed = Reasoning(("hm",), state=ProviderState("anthropic-messages", "signature", "s", "o"))
    sealed = signature_of(None, [signed])
    shown = {"text": "hm", "thought": True}

    assert items(model({**call("f", "1"), "thoughtSignature": sealed})) == (signed, Call("1", "f"))
    assert items(model(shown, {**call("f", "1"), "thoughtSignature": sealed})) == (signed, Call("1", "f"))
    assert items(model(shown, {"text": "", "thoughtSignature": sealed})) == (signed,)


def test_a_call_that_lost_its_id_has_it_from_what_it_carries() -> None:
    sealed = signature_of(None, [Reasoning(("hm",))], "call_of_theirs")
    told = items(
        model({**call("f"), "thoughtSignature": sealed}, call("f")), user(result("f", {"output": "x"}), result("f", {}))
    )
    kept, made = (item.call_id for item in told if isinstance(item, Call))

    assert (kept, made) == ("call_of_theirs", "call_gemini_1")
    assert [item.call_id for item in told if isinstance(item, CallOutput)] == [kept, made]


def test_results_find_their_calls_by_id() -> None:
    told = items(
        model(call("f", "1"), call("f", "2")),
        user(result("f", {"output": "two"}, "2"), result("f", {"output": "one"}, "1")),
    )

    assert told[2:] == (
        CallOutput("2", (Text("two"),), name="f"),
        CallOutput("1", (Text("one"),), name="f"),
    )


def test_results_without_ids_find_their_calls_by_name_and_order() -> None:
    told = items(
        model(call("f"), call("g"), call("f")),
        user(result("f", {"output": "1"}), result("f", {"output": "3"}), result("g", {"output": "2"})),
        model(call("f")),
        user(result("f", {"output": "4"})),
    )

    calls = [item.call_id for item in told if isinstance(item, Call)]
    outputs = {item.call_id: item.parts for item in told if isinstance(item, CallOutput)}
    assert len(set(calls)) == 4
    assert [outputs[call_id] for call_id in calls] == [(Text(each),) for each in "1234"]


def test_ids_that_were_made_up_are_the_same_each_time() -> None:
    start = (model(call("f"), call("f")), user(result("f", {}), result("f", {})))
    longer = items(*start, model(call("f")))

    assert longer[:4] == items(*start)


def test_a_client_that_made_up_ids_for_results_only_is_understood() -> None:
    told = items(model(call("f")), user(result("f", {"output": "x"}, "f_17_0")))

    assert isinstance(told[0], Call)
    assert told[1] == CallOutput(told[0].call_id, (Text("x"),), name="f")


def test_an_interrupted_call_takes_no_result_of_a_later_one() -> None:
    told = items(model(call("f")), user({"text": "stop"}), model(call("f")), user(result("f", {"output": "x"})))

    first, second = (item.call_id for item in told if isinstance(item, Call))
    (output,) = (item for item in told if isinstance(item, CallOutput))
    assert first != second
    assert output.call_id == second


def test_a_result_without_a_call_keeps_an_id_of_its_own() -> None:
    (output,) = items(user(result("f", {"output": "x"})))

    assert isinstance(output, CallOutput)
    assert output.call_id


@pytest.mark.parametrize(
    ("response", "text", "is_error"),
    [
        ({"output": "x"}, "x", False),
        ({"output": {"a": [1]}}, '{"a": [1]}', False),
        ({"error": "no"}, "no", True),
        ({"name": "f", "content": "x"}, "x", False),
        ({"content": "x", "name": "f"}, "x", False),
        ({"result": 1}, '{"result": 1}', False),
        ({"output": "x", "more": 1}, '{"output": "x", "more": 1}', False),
        ({}, "{}", False),
    ],
)
def test_results_are_unwrapped(response: Any, text: str, is_error: bool) -> None:
    (_, output) = items(model(call("f", "1")), user(result("f", response, "1")))

    assert output == CallOutput("1", (Text(text),), is_error, name="f")


def test_pictures_of_a_result_stand_in_it_or_right_behind_it() -> None:
    told = items(
        model(call("f", "1"), call("f", "2")),
        user(
            result("f", {"output": "a"}, "1", parts=[PNG]),
            result("f", {"output": "b"}, "2"),
            PNG,
            {"text": "and?"},
            PNG,
        ),
    )

    assert told[2:] == (
        CallOutput("1", (Text("a"), PIXEL), name="f"),
        CallOutput("2", (Text("b"), PIXEL), name="f"),
        Message("user", (Text("and?"), PIXEL)),
    )


def test_words_among_results_follow_them() -> None:
    told = items(
        model(call("f", "1"), call("f", "2")),
        user(result("f", {}, "1"), {"text": "hm"}, result("f", {}, "2")),
    )

    assert [type(item) for item in told] == [Call, Call, CallOutput, CallOutput, Message]


def test_media_are_told_by_their_type() -> None:
    def data(media_type: str) -> dict[str, Any]:
        return {"inlineData": {"mimeType": media_type, "data": "AA-_"}}

    file = {"fileData": {"fileUri": "https://x/y.mp4"}}
    assert items(user(data("audio/wav"), data("application/pdf"), data("video/mp4"), file)) == (
        Message(
            "user",
            (
                Audio(Inline("audio/wav", "AA+/")),
                Document(Inline("application/pdf", "AA+/")),
                Video(Inline("video/mp4", "AA+/")),
                Video(Url("https://x/y.mp4")),
            ),
        ),
    )


def test_code_that_google_ran_is_kept_for_google() -> None:
    ran = {"executableCode": {"language": "PYTHON", "code": "1+1"}}
    (message,) = items(model(ran, {"codeExecutionResult": {"output": "2"}}))

    assert isinstance(message, Message)
    first, second = message.parts
    assert isinstance(first, Foreign)
    assert json.loads(first.json) == ran
    assert (first.kind, first.text) == ("executableCode", "```\n1+1\n```")
    assert isinstance(second, Foreign)
    assert second.text == "```\n2\n```"


@pytest.mark.parametrize(
    ("content", "param"),
    [
        ({"role": "robot", "parts": []}, "contents[0].role"),
        (user({}), "contents[0].parts[0]"),
        (model({"functionCall": {}}), "contents[0].parts[0].functionCall.name"),
        (user({"text": 7}), "contents[0].parts[0].text"),
    ],
)
def test_what_cannot_be_read_is_named(content: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        items(content)
    assert (caught.value.param or "").replace("[...]", "[0]") == param
