import json
from typing import Any

import msgspec
import pytest

from tokenrouter.dialects.openai_responses.items import arguments_text, kind_of, logprobs_in, read_citation, read_item
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    Audio,
    Citation,
    Document,
    FileId,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    Url,
)


def read(item: dict[str, Any]) -> Item:
    raw = msgspec.Raw(json.dumps(item).encode())
    return read_item(raw, "input[0]", kind_of(raw, "input[0]"))


def parts(*content: dict[str, Any]) -> tuple[Part, ...]:
    message = read({"role": "user", "content": list(content)})
    assert isinstance(message, Message)
    return message.parts


def test_every_part_is_read() -> None:
    assert parts(
        {"type": "input_text", "text": "a"},
        {"type": "output_text", "text": "b", "annotations": []},
        {"type": "refusal", "refusal": "No."},
        {"type": "input_image", "image_url": "https://x/y.png", "detail": "original"},
        {"type": "input_image", "image_url": "data:image/webp;base64,AAAA"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"},
        {"type": "input_file", "file_data": "AAAA"},
        {"type": "input_file", "file_url": "https://x/a.pdf"},
        {"type": "input_file", "file_id": "file-2"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
    ) == (
        Text("a"),
        Text("b"),
        Refusal("No."),
        Image(Url("https://x/y.png", "image/png"), "original"),
        Image(Inline("image/webp", "AAAA")),
        Image(FileId("file-1")),
        Image(Url("https://x/y.png", "image/png"), "low"),
        Document(Inline("application/pdf", "AAAA"), "a.pdf"),
        Document(Inline("application/pdf", "AAAA")),
        Document(Url("https://x/a.pdf", "application/pdf")),
        Document(FileId("file-2")),
        Audio(Inline("audio/mpeg", "AAAA")),
    )


def test_a_breakpoint_of_the_prompt_cache_is_a_mark() -> None:
    (short, long) = parts(
        {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "input_image", "file_id": "f", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
    )

    assert (short, long) == (Text("a", cache="5m"), Image(FileId("f"), cache="1h"))


def test_a_picture_needs_its_data() -> None:
    with pytest.raises(InvalidRequest, match="image_url"):
        parts({"type": "input_image"})


def test_reasoning_is_what_was_thought_or_else_its_summary() -> None:
    summary = [{"type": "summary_text", "text": "s"}]
    content = [{"type": "reasoning_text", "text": "c"}]

    assert read({"type": "reasoning", "summary": summary}) == Reasoning(("s",), is_summary=True)
    assert read({"type": "reasoning", "summary": summary, "content": content}) == Reasoning(("c",))
    assert read({"type": "reasoning", "summary": [], "encrypted_content": None}) == Reasoning()


def test_the_phase_of_a_message_is_kept() -> None:
    assert read({"role": "assistant", "content": "x", "phase": "commentary"}) == Message(
        "assistant", (Text("x"),), phase="commentary"
    )


def test_what_only_this_dialect_has_stays_whole_but_for_what_codex_adds() -> None:
    step = {"type": "web_search_call", "id": "ws_1", "output": {"a": 1}}

    assert read(step) == Foreign("openai-responses", "web_search_call", json.dumps(step).encode())
    private = read({**step, "internal_chat_message_metadata_passthrough": {"b": 2}})
    assert isinstance(private, Foreign)
    assert json.loads(private.json) == step


def test_a_search_for_tools_by_the_provider_stays_whole() -> None:
    searched = read({"type": "tool_search_call", "execution": "server", "arguments": {"paths": ["a"]}})

    assert isinstance(searched, Foreign)


@pytest.mark.parametrize(
    ("annotation", "citation"),
    [
        (
            {"type": "url_citation", "url": "https://x", "title": "X", "start_index": 1, "end_index": 2},
            Citation("https://x", "X", start=1, end=2),
        ),
        (
            {"type": "file_citation", "file_id": "f", "filename": "a", "index": 3},
            Citation("", "a", file_id="f", start=3),
        ),
    ],
)
def test_citations_keep_their_own_words_too(annotation: dict[str, Any], citation: Citation) -> None:
    raw = json.dumps(annotation).encode()
    read_one = read_citation(msgspec.Raw(raw), "x")

    assert read_one == Citation(
        citation.url, citation.title, "", citation.file_id, citation.start, citation.end, "openai-responses", raw
    )


@pytest.mark.parametrize(
    ("arguments", "text"), [(None, "{}"), ("", "{}"), (" ", "{}"), ("x", "x"), ({"a": 1}, '{"a":1}')]
)
def test_arguments_are_never_empty(arguments: Any, text: str) -> None:
    assert arguments_text(arguments) == text


def test_no_logprobs_is_none() -> None:
    assert logprobs_in(msgspec.Raw(b"[]")) is logprobs_in(msgspec.Raw(b"null")) is None
