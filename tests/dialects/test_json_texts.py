"""The texts of a JSON body."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.json_texts import MAX_STRINGS, JsonTexts
from tokenrouter.domain.errors import InputTooLarge, InvalidJson, NestedTooDeeply

CHAT = {
    "model": "m-555",
    "messages": [
        {"role": "system", "content": "be kind"},
        {"role": "user", "name": "ann", "content": [{"type": "text", "text": "look"}]},
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"to": "bob", "n": 1.50}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "done"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "description": "calls"}}],
    "user": "u-1",
}
RESPONSES = {
    "model": "m",
    "instructions": "be kind",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "look"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"to": "bob"}'},
        {"type": "function_call_output", "call_id": "c", "output": "done"},
        {
            "type": "reasoning",
            "id": "rs",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": "x",
        },
    ],
}
MESSAGES = {
    "model": "m",
    "system": [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": "look"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"to": {"id": "bob"}}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "done"}]},
    ],
}
GEMINI = {
    "systemInstruction": {"parts": [{"text": "be kind"}]},
    "contents": [
        {"role": "user", "parts": [{"text": "look"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"to": "bob"}}, "thoughtSignature": "s"}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "done"}}}]},
    ],
}


def told(body: Any) -> list[tuple[str, str]]:
    return [(text.kind, text.value) for text in JsonTexts(json.dumps(body).encode()).texts]


@pytest.mark.parametrize("body", [CHAT, RESPONSES, MESSAGES, GEMINI])
def test_every_dialect_says_where_its_texts_stand(body: Any) -> None:
    texts = told(body)

    assert ("system", "be kind") in texts
    assert ("user", "look") in texts
    assert ("tool_call", "bob") in texts
    assert ("tool_result", "done") in texts


@pytest.mark.parametrize("body", [CHAT, RESPONSES, MESSAGES, GEMINI])
def test_ids_names_of_tools_and_what_is_signed_are_no_texts(body: Any) -> None:
    values = [text for kind, text in told(body) if kind != "tool_call"]

    assert not {"call_1", "c", "t", "s", "f", "m", "m-555", "x", "ephemeral"} & set(values)
    assert "hm" in values or body is not RESPONSES
    assert "hm" not in values or body is not MESSAGES


def test_a_text_that_is_replaced_leaves_every_other_byte_alone() -> None:
    body = b'{ "n": 1.50,"messages" :[{"role":"user","content":"a\\u0062c"}], "big": 123456789012345678901234567890 }'
    read = JsonTexts(body)
    next(text for text in read.texts if text.kind == "user").value = 'x"y'

    assert read.written() == body.replace(b'"a\\u0062c"', b'"x\\"y"')


def test_a_body_that_nobody_changes_is_the_same_object() -> None:
    body = json.dumps(CHAT).encode()
    assert JsonTexts(body).written() is body


def test_json_within_a_string_is_looked_into_and_written_again() -> None:
    read = JsonTexts(json.dumps(CHAT).encode())
    for text in read.texts:
        text.value = text.value.replace("bob", 'b"b')

    calls = json.loads(read.written())["messages"][2]["tool_calls"]
    assert calls[0]["function"]["arguments"] == '{"to": "b\\"b", "n": 1.50}'


def test_names_in_arguments_are_texts_too() -> None:
    body = {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {"ann@b.de": 1}}]}]}
    assert ("tool_call", "ann@b.de") in told(body)


@pytest.mark.parametrize(
    "body",
    [
        '{"messages":[{"role":"user","content":"secret","content":"hello"}]}',
        '{"messages":[{"role":"user","cont\\u0065nt":"secret","content":"hello"}]}',
        '{"input":"a","input":"b"}',
    ],
)
def test_a_name_that_stands_twice_is_refused_since_providers_may_read_the_other_one(body: str) -> None:
    with pytest.raises(InvalidJson):
        JsonTexts(body.encode())


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidJson):
        JsonTexts(b'{"a": ')


def test_a_body_may_not_be_nested_without_end() -> None:
    with pytest.raises(NestedTooDeeply):
        JsonTexts(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}, "image"),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}, "audio"),
        ({"type": "input_file", "file_id": "f"}, "file"),
        ({"type": "document", "source": {"type": "base64", "data": "AAAA"}}, "file"),
        ({"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}}, "video"),
        ({"type": "document", "source": {"type": "text", "data": "plain words"}}, ""),
    ],
)
def test_what_cannot_be_read_is_named(part: dict[str, Any], kind: str) -> None:
    read = JsonTexts(json.dumps({"messages": [{"role": "user", "content": [part]}]}).encode())

    assert read.unreadable == ({kind} if kind else set())
    assert not [text for text in read.texts if "AAAA" in text.value]


@pytest.mark.parametrize("text", ["data:x;base64,write to ann@b.de", "data:image/png;base64,AAAA\n\nsee ann@b.de"])
def test_words_behind_what_looks_like_a_picture_are_words(text: str) -> None:
    assert ("user", text) in told({"messages": [{"role": "user", "content": text}]})


def test_variables_of_a_stored_prompt_are_texts_by_whatever_name() -> None:
    assert {"ann", "bob"} <= {
        text for _, text in told({"prompt": {"id": "p", "variables": {"name": "ann", "id": "bob"}}})
    }


def test_credentials_for_tools_of_the_provider_stay_since_it_needs_them() -> None:
    tool = {"type": "mcp", "server_url": "https://x", "authorization": "sk-1", "headers": {"X-Key": "sk-2"}}
    assert [text for _, text in told({"tools": [tool]})] == ["https://x"]


def _calls(strings_in_each: int, calls: int) -> bytes:
    arguments = json.dumps(["a"] * strings_in_each)
    return json.dumps([{"arguments": arguments} for _ in range(calls)]).encode()


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(["a"] * (MAX_STRINGS + 1)).encode(),
        json.dumps({str(number): 0 for number in range(MAX_STRINGS + 1)}).encode(),
        json.dumps({"model": ["a"] * (MAX_STRINGS + 1)}).encode(),
        _calls(MAX_STRINGS // 10, calls=10),
        _calls(MAX_STRINGS + 1, calls=1),
    ],
)
def test_a_request_of_more_strings_than_can_be_looked_through_is_too_large(body: bytes) -> None:
    with pytest.raises(InputTooLarge, match="more than 100,000 texts"):
        JsonTexts(body)


def test_a_request_of_as_many_strings_as_are_allowed_is_read_and_an_answer_of_more() -> None:
    assert len(JsonTexts(json.dumps(["a"] * MAX_STRINGS).encode()).slots) == MAX_STRINGS
    assert len(JsonTexts(json.dumps(["a"] * (MAX_STRINGS + 1)).encode(), is_answer=True).slots) == MAX_STRINGS + 1


def test_a_document_that_is_text_can_be_read() -> None:
    part = {"type": "document", "source": {"type": "text", "data": "plain words"}}
    assert ("user", "plain words") in told({"messages": [{"role": "user", "content": [part]}]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_any_json_comes_back_with_its_texts_replaced(value: Any, is_ascii: bool) -> None:
    body = json.dumps({"metadata": value}, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    try:
        body.decode()
        json.loads(body)
    except UnicodeDecodeError:
        return
    read = JsonTexts(body)
    for text in read.texts:
        text.value = text.value + "!"

    def marked(one: Any) -> Any:
        if isinstance(one, dict):
            return {f"{key}!": marked(inner) for key, inner in one.items()}
        if isinstance(one, list):
            return list(map(marked, one))
        return f"{one}!" if isinstance(one, str) and not one.startswith("data:") else one

    assert json.loads(read.written()) == {"metadata": marked(value)}
