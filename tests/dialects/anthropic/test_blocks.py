import json

import msgspec
import pytest

from tokenrouter.dialects.anthropic.blocks import MAX_FOREIGN_CHARS, said_items, text_parts, user_items
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    Call,
    Document,
    FileId,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    PlainText,
    ProviderState,
    Text,
    Url,
)


def raws(*blocks: object) -> list[msgspec.Raw]:
    return [msgspec.Raw(json.dumps(block).encode()) for block in blocks]


def said(*blocks: object) -> list[Item]:
    return said_items(raws(*blocks), "acme/m")


def asked(*blocks: object) -> list[Item]:
    return user_items(raws(*blocks))


def test_pictures_and_documents_are_told_by_their_source() -> None:
    (message,) = asked(
        {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": "AAAA"}},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "words"},
            "title": "T",
            "context": "c",
            "citations": {"enabled": True},
        },
        {"type": "document", "source": {"type": "url", "url": "https://x/a.pdf"}, "citations": None},
    )

    assert message == Message(
        "user",
        (
            Image(Inline("image/webp", "AAAA")),
            Image(Url("https://x/y.png")),
            Image(FileId("f")),
            Document(PlainText("words"), "", "T", "c", citable=True),
            Document(Url("https://x/a.pdf", "application/pdf")),
        ),
    )


def test_citations_know_where_their_words_stand_in_the_message() -> None:
    found = {"type": "web_search_result_location", "url": "https://x", "title": "X", "encrypted_index": "e"}
    cited = {"type": "char_location", "document_title": "D", "cited_text": "c", "file_id": None}
    (message,) = said(
        {"type": "text", "text": "It is "},
        {"type": "text", "text": "Paris", "citations": [found, cited]},
        {"type": "text", "text": ".", "citations": None},
    )

    assert isinstance(message, Message)
    assert [part.text for part in message.parts if isinstance(part, Text)] == ["It is ", "Paris", "."]
    first, second = message.parts[1].citations  # type: ignore[union-attr]
    assert (first.url, first.title, first.start, first.end) == ("https://x", "X", 6, 11)
    assert (second.title, second.cited_text) == ("D", "c")
    assert json.loads(first.json) == found


def test_blocks_nobody_knows_are_kept_as_they_were() -> None:
    (novelty,) = said({"type": "hologram", "text": "x", "depth": 3})

    assert isinstance(novelty, Foreign)
    assert (novelty.kind, novelty.text) == ("hologram", "")
    assert json.loads(novelty.json) == {"type": "hologram", "text": "x", "depth": 3}


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"type": "server_tool_use", "id": "s", "input": {"query": "x"}}, ""),
        ({"type": "web_search_tool_result", "content": [{"title": "T", "url": "u", "encrypted_content": "e"}]}, "T\nu"),
        ({"type": "web_search_tool_result", "content": {"error_code": "unavailable"}}, "unavailable"),
        ({"type": "mcp_tool_result", "content": [{"type": "text", "text": "echo"}]}, "echo"),
        ({"type": "code_execution_tool_result", "content": {"stdout": "4\n", "stderr": "", "return_code": 0}}, "4\n\n"),
        ({"type": "compaction", "content": "So far: …"}, "So far: …"),
        ({"type": "search_result", "title": "T", "source": "s", "content": [{"text": "x"}]}, "x\nT\ns"),
        ({"type": "document", "source": {"type": "content", "content": [{"text": "x"}]}}, "x"),
    ],
)
def test_what_a_block_came_to_can_be_told_elsewhere(block: dict[str, object], words: str) -> None:
    (item,) = asked(block)

    assert isinstance(item, Message)
    (part,) = item.parts
    assert isinstance(part, Foreign)
    assert sorted(part.text.split("\n")) == sorted(words.split("\n"))


def test_a_fetched_page_is_told_up_to_a_bound() -> None:
    (item,) = said({"type": "web_fetch_tool_result", "content": {"text": "x" * 50_000}})

    assert isinstance(item, Foreign)
    assert len(item.text) == MAX_FOREIGN_CHARS


def test_state_that_names_a_call_is_given_back_to_it() -> None:
    items = said(
        {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
        {"type": "thinking", "thinking": "", "signature": "trc1.c1.trs1.abc"},
        {"type": "thinking", "thinking": "", "signature": "trc1.gone.trs1.abc"},
    )

    assert items == [Call("c1", "f", "{}", state=ProviderState("anthropic-messages", "signature", "trs1.abc"))]


def test_a_call_from_within_code_says_who_called() -> None:
    caller = {"type": "code_execution_20260120", "tool_id": "s"}
    plain, programmatic = said(
        {"type": "tool_use", "id": "a", "name": "f", "input": {}, "caller": {"type": "direct"}},
        {"type": "tool_use", "id": "b", "name": "f", "input": {}, "caller": caller, "toolset_name": "browser"},
    )

    assert isinstance(plain, Call)
    assert plain.state is None
    assert isinstance(programmatic, Call)
    assert programmatic.state is not None
    assert json.loads(programmatic.state.value) == {"caller": caller, "toolset_name": "browser"}
    assert programmatic.state.origin == "acme/m"


def test_system_turns_are_texts_or_lists_of_them() -> None:
    assert text_parts("a") == (Text("a"),)
    assert text_parts(None) == text_parts("") == ()
    marked = {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}
    assert text_parts(raws(marked, {"type": "text", "text": ""})) == (Text("b", cache="5m"),)


def test_an_unknown_source_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidRequest) as caught:
        asked({"type": "image", "source": {"type": "base64"}})

    assert caught.value.param == "[0].source"
