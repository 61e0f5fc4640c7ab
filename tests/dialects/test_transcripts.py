import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.transcripts import Piece, ReadAnswer, Turn, as_events, read_answer, read_request

CHAT = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at":"x"}'}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "user", "content": "Thanks"},
    ],
}
RESPONSES = {
    "model": "m",
    "instructions": "Be kind.",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"at":"x"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
        {"role": "user", "content": "Thanks"},
    ],
}
MESSAGES = {
    "model": "m",
    "max_tokens": 9,
    "system": "Be kind.",
    "messages": [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "look", "input": {"at": "x"}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "rain"},
                {"type": "text", "text": "Thanks"},
            ],
        },
    ],
}
GEMINI = {
    "systemInstruction": {"parts": [{"text": "Be kind."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "Weather?"}]},
        {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "look", "args": {"at": "x"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "look", "response": {"result": "rain"}}}]},
        {"role": "user", "parts": [{"text": "Thanks"}]},
    ],
}
DIALECTS: dict[str, Any] = {
    "openai-chat": CHAT,
    "openai-responses": RESPONSES,
    "anthropic-messages": MESSAGES,
    "gemini": GEMINI,
}


def without_blanks(turns: tuple[Turn, ...]) -> list[tuple[str, str, str, str]]:
    return [
        (turn.role, piece.kind, piece.name if piece.kind == "tool_call" else "", "".join(piece.text.split()))
        for turn in turns
        for piece in turn.pieces
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_conversation_reads_alike_in_every_dialect(dialect: str) -> None:
    turns = read_request(dialect, json.dumps(DIALECTS[dialect]).encode())

    read = without_blanks(turns)
    assert read[:3] == [
        ("system", "text", "", "Bekind."),
        ("user", "text", "", "Weather?"),
        ("assistant", "tool_call", "look", '{"at":"x"}'),
    ]
    assert read[3][:2] == ("tool", "tool_result")
    assert "rain" in read[3][3]
    assert read[4] == ("user", "text", "", "Thanks")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_request_that_was_cut_is_read_as_far_as_it_goes(dialect: str) -> None:
    body = json.dumps(DIALECTS[dialect]).encode()
    at = body.index(b"rain")

    read = without_blanks(read_request(dialect, body[:at], is_cut=True))

    assert ("user", "text", "", "Weather?") in read
    assert all("Thanks" not in text for *_, text in read)


@given(st.sampled_from(sorted(DIALECTS)), st.integers(0, 700))
def test_wherever_a_request_is_cut_reading_it_does_no_harm(dialect: str, at: int) -> None:
    read_request(dialect, json.dumps(DIALECTS[dialect]).encode()[:at], is_cut=True)


@given(st.sampled_from([*DIALECTS, "openai-completions", "openai-embeddings"]), st.binary(max_size=80), st.booleans())
def test_bytes_that_are_no_answer_say_nothing(dialect: str, body: bytes, is_stream: bool) -> None:
    read_request(dialect, body)
    read_answer(dialect, body, status=200, is_stream=is_stream)
    read_answer(dialect, body, status=500, is_stream=is_stream)


def test_what_is_embedded_is_shown_too() -> None:
    for given_input in ("one", ["one"], [{"text": "one"}]):
        body = json.dumps({"model": "m", "input": given_input}).encode()
        assert read_request("openai-embeddings", body) == (Turn("user", (Piece("text", "one"),)),)


def test_a_whole_answer_has_its_words_its_id_and_why_it_stopped() -> None:
    message = {"role": "assistant", "content": "Hello", "reasoning_content": "Hm."}
    body = {"id": "chatcmpl-1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "length"}]}

    read = read_answer("openai-chat", json.dumps(body).encode(), status=200, is_stream=False)

    assert (read.id, read.stop, read.problem) == ("chatcmpl-1", "length", "")
    assert {(piece.kind, piece.text) for piece in read.turns[0].pieces} == {("thinking", "Hm."), ("text", "Hello")}


def test_an_error_is_a_problem_in_its_own_words() -> None:
    for body in (
        b'{"error":{"message":"no","code":"c"}}',
        b'{"type":"error","error":{"message":"no"}}',
        b'{"detail":"no"}',
    ):
        assert read_answer("openai-chat", body, status=429, is_stream=False) == ReadAnswer(problem="no")
    assert read_answer("openai-chat", b"oops", status=502, is_stream=False).problem == "oops"


def test_completions_are_texts_whole_or_in_pieces() -> None:
    whole = b'{"id":"cmpl-1","choices":[{"text":"Hello","finish_reason":"stop"}]}'
    pieces = b'data: {"id":"cmpl-1","choices":[{"text":"Hel"}]}\n\n'
    pieces += b'data: {"choices":[{"text":"lo","finish_reason":"stop"}]}\n\n'

    for body, is_stream in ((whole, False), (pieces + b"data: [DONE]\n\n", True)):
        read = read_answer("openai-completions", body, status=200, is_stream=is_stream)
        assert read == ReadAnswer((Turn("assistant", (Piece("text", "Hello"),)),), "cmpl-1", "stop")


def test_an_array_of_gemini_is_read_whole_or_cut() -> None:
    elements = [{"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}}]} for text in ("Hel", "lo")]
    array = json.dumps(elements, indent=1).encode()

    for body, said in ((array, "Hello"), (array[: array.index(b"lo")], "Hel")):
        assert said in read_answer("gemini", body, status=200, is_stream=True, sse=False).turns[0].text
    assert as_events(b"") == as_events(b"nothing") == b""


def test_media_is_told_by_its_kind_and_size_or_where_it_is() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAAAA=="}},
        {"type": "image_url", "image_url": {"url": f"https://example.org/{'x' * 300}"}},
        {"type": "file", "file": {"filename": "bill.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "input_audio", "input_audio": {"format": "wav", "data": "AAA="}},
    ]
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": parts}]}).encode()

    (turn,) = read_request("openai-chat", body)
    texts = [piece.text for piece in turn.pieces]

    assert [piece.kind for piece in turn.pieces] == ["media"] * 5
    assert texts[0] == "image (image/png, 4 bytes)"
    assert texts[1].startswith("image at https://example.org/xxx")
    assert len(texts[1]) < 250
    assert texts[2:] == ["document bill.pdf (application/pdf, 3 bytes)", "document", "audio (audio/wav, 2 bytes)"]
