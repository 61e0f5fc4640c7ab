"""What goes wrong between the frames of streams (docs: "Dialects"). The numbers are those of our list of pitfalls."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.fakes import Client, Notes, Provided, Scripted, catalog, gateway
from tests.gateway.test_translation import SSE, call
from tests.pitfalls.crossing import (
    ANTHROPIC,
    CLIENTS,
    COMPATIBLE,
    DONE,
    GEMINI,
    KINDS,
    OPENAI,
    PAIRS,
    begun,
    block,
    bridge,
    called,
    chat,
    crossed,
    data,
    ended,
    google,
    named,
    piece,
    responded,
    said,
    streamed,
)
from tests.pitfalls.readers import READERS, read_chat, read_gemini, read_messages, read_responses
from tests.pitfalls.serving import Plane
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.domain.errors import ProviderCut, ProviderRefused

_TURN = (
    chat({"role": "assistant", "reasoning_content": "hm"})
    + chat({"content": "Let me look."})
    + chat({"tool_calls": [piece(0, '{"path":', "call_a", "look")]})
    + chat({"tool_calls": [piece(0, '"a"}')]})
    + chat({"content": "And then."})
    + chat({}, "tool_calls")
)
"""Thoughts, words, a call, and words again."""
WHOLE = {
    COMPATIBLE: _TURN + DONE,
    GEMINI: google({"text": "hm", "thought": True})
    + google({"text": "Let me look."})
    + google(called("look", {"path": "a"}))
    + google({"text": "And then."}, finish="STOP"),
    OPENAI: named(
        *responded(
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
            said("Let me look.", "m1"),
            {"type": "function_call", "id": "f", "call_id": "call_a", "name": "look", "arguments": '{"path":"a"}'},
            said("And then.", "m2"),
        )
    ),
    ANTHROPIC: named(
        begun(input_tokens=3),
        *block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "hm"}),
        *block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Let me look."}),
        *block(
            2,
            {"type": "tool_use", "id": "call_a", "name": "look", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"path":"a"}'},
        ),
        *block(3, {"type": "text", "text": ""}, {"type": "text_delta", "text": "And then."}),
        *ended("tool_use", output_tokens=9),
    ),
}
"""The same turn from every kind of provider."""


@pytest.mark.parametrize("kind", [COMPATIBLE, GEMINI, OPENAI])
def test_01_anthropic_blocks_count_on_and_stand_one_behind_the_other(kind: str) -> None:
    """1: index reuse and gaps (CLIProxyAPI#539, new-api#5482, ollama#14816, claude-code-router#1397)."""
    heard = read_messages(streamed(bridge(kind, MESSAGES), WHOLE[kind]))

    assert heard.thoughts == "hm"
    assert heard.text == "Let me look.And then."
    assert heard.called == [("look", {"path": "a"})]
    assert heard.kinds.count("content_block_start") == heard.kinds.count("content_block_stop") == 4


@pytest.mark.parametrize("kind", [COMPATIBLE, GEMINI, ANTHROPIC])
def test_02_reasoning_opens_before_its_first_words_and_keeps_one_id(kind: str) -> None:
    """2: deltas of reasoning before its item, under changing ids (bifrost#5169, litellm PR#32777, PR#36375)."""
    heard = read_responses(streamed(bridge(kind, RESPONSES), WHOLE[kind]))

    assert heard.thoughts == "hm"
    assert heard.kinds.index("response.output_item.added") < heard.kinds.index("response.reasoning_summary_text.delta")


def test_02_thinking_opens_before_its_first_words() -> None:
    """2: the same for Anthropic's clients."""
    assert read_messages(streamed(bridge(COMPATIBLE, MESSAGES), _TURN + DONE)).thoughts == "hm"


@pytest.mark.parametrize("client", [CHAT, RESPONSES, MESSAGES])
def test_03_the_arguments_of_a_call_in_one_chunk_are_not_lost(client: Dialect) -> None:
    """3: Gemini sends a call whole (litellm#25836, litellm#25561)."""
    wire = google(called("look", {"path": "a"})) + google(finish="STOP")

    assert READERS[client.name](streamed(bridge(GEMINI, client), wire)).called == [("look", {"path": "a"})]


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
def test_03_so_do_vendors_of_chat_completions(client: Dialect) -> None:
    """3: and some send the arguments even before the name."""
    whole = chat({"tool_calls": [piece(0, '{"path":"a"}', "call_a", "look")]}, "tool_calls") + DONE
    early = chat({"tool_calls": [piece(0, '{"path":')]}) + chat({"tool_calls": [piece(0, '"a"}', "call_a", "look")]})

    for wire in (whole, early + chat({}, "tool_calls") + DONE):
        assert READERS[client.name](streamed(bridge(COMPATIBLE, client), wire)).called == [("look", {"path": "a"})]


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
def test_04_words_and_a_call_in_one_chunk_are_both_told(client: Dialect) -> None:
    """4: the call's name was lost (litellm#18238)."""
    delta = {"role": "assistant", "content": "Look:", "tool_calls": [piece(0, "{}", "call_a", "look")]}
    heard = READERS[client.name](streamed(bridge(COMPATIBLE, client), chat(delta, "tool_calls") + DONE))

    assert heard.text == "Look:"
    assert heard.called == [("look", {})]


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
def test_05_all_calls_in_one_delta_are_read(client: Dialect) -> None:
    """5: only the first was (bifrost PR#7235)."""
    pieces = [piece(0, '{"path":"a"}', "call_a", "look"), piece(1, '{"path":"b"}', "call_b", "look")]
    heard = READERS[client.name](
        streamed(bridge(COMPATIBLE, client), chat({"tool_calls": pieces}, "tool_calls") + DONE)
    )

    assert heard.calls == [("call_a", "look", {"path": "a"}), ("call_b", "look", {"path": "b"})]


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
def test_05_pieces_of_interleaved_calls_reach_their_own_call(client: Dialect) -> None:
    """5: they hit the wrong block (praxis-proxy/ai#266)."""
    wire = (
        chat({"tool_calls": [piece(0, '{"path":', "call_a", "look"), piece(1, '{"path"', "call_b", "look")]})
        + chat({"tool_calls": [piece(1, ':"b"')]})
        + chat({"tool_calls": [piece(0, '"a"}')]})
        + chat({"tool_calls": [piece(1, "}")]}, "tool_calls")
    )
    heard = READERS[client.name](streamed(bridge(COMPATIBLE, client), wire + DONE))

    assert sorted(heard.calls) == [("call_a", "look", {"path": "a"}), ("call_b", "look", {"path": "b"})]


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
def test_06_parallel_calls_that_all_have_index_0_are_told_apart(client: Dialect) -> None:
    """6: they became one (bifrost#1961)."""
    wire = chat({"tool_calls": [piece(0, '{"path":"a"}', "call_a", "look")]})
    wire += chat({"tool_calls": [piece(0, '{"path":', "call_b", "look")]}) + chat({"tool_calls": [piece(0, '"b"}')]})
    heard = READERS[client.name](streamed(bridge(COMPATIBLE, client), wire + chat({}, "tool_calls") + DONE))

    assert heard.calls == [("call_a", "look", {"path": "a"}), ("call_b", "look", {"path": "b"})]


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
def test_06_a_repeated_name_and_an_empty_last_piece_add_nothing(client: Dialect) -> None:
    """6: type repeated in each piece, an empty one at the end (bifrost#3443)."""
    repeated = {"index": 0, "type": "function", "function": {"name": "look", "arguments": '{"path":"a"}'}}
    wire = chat({"tool_calls": [piece(0, "", "call_a", "look")]}) + chat({"tool_calls": [repeated]})
    last = {"index": 0, "type": "function", "function": {"name": "look", "arguments": ""}}
    wire += chat({"tool_calls": [last]}) + chat({}, "tool_calls") + DONE

    heard = READERS[client.name](streamed(bridge(COMPATIBLE, client), wire))

    assert heard.calls == [("call_a", "look", {"path": "a"})]


_FAILURES = {
    COMPATIBLE: chat({"content": "Hel"}) + data({"error": {"message": "it broke", "code": 502}}),
    ANTHROPIC: named(
        begun(input_tokens=3),
        *block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Hel"})[:2],
        {"type": "error", "error": {"type": "api_error", "message": "it broke"}},
    ),
    GEMINI: google({"text": "Hel"}) + data({"error": {"code": 500, "message": "it broke", "status": "INTERNAL"}}),
    OPENAI: named(
        {"type": "response.created", "response": {"id": "r", "model": "m"}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "m1"}},
        {"type": "response.output_text.delta", "output_index": 0, "item_id": "m1", "content_index": 0, "delta": "Hel"},
        {"type": "response.failed", "response": {"id": "r", "error": {"code": "server_error", "message": "it broke"}}},
    ),
}
"""Half an answer and the provider's error."""


@pytest.mark.parametrize(("kind", "client"), PAIRS)
def test_13_a_failure_in_mid_stream_is_told_as_one(kind: str, client: Dialect) -> None:
    """13: it became an empty successful message (litellm#32086, litellm#4562, litellm PR#20361)."""
    relay = crossed(bridge(kind, client)).relay()
    heard = READERS[client.name](relay.feed(_FAILURES[kind]))

    assert "it broke" in heard.error["message"]
    assert not heard.stop
    assert relay.error_payload is not None


@pytest.mark.parametrize("client", CLIENTS)
async def test_13_a_stream_that_is_just_closed_ends_with_an_error(client: Dialect) -> None:
    """13: clients took it for the end, or asked again without end (any-llm PR#847)."""
    half = Scripted(200, SSE, [chat({"content": "Hel"})])
    fake, fields = Client(), {"input": "hi"} if client is RESPONSES else {}
    with pytest.raises(ProviderCut):
        await gateway(Provided(half), Notes()).serve(call(client, stream=True, **fields), fake)

    assert b"before the answer was finished" in fake.body
    for end in (b"[DONE]", b"message_stop", b"response.completed", b'"finishReason"'):
        assert end not in fake.body


@pytest.mark.parametrize("kind", KINDS)
def test_13_nor_does_a_cut_stream_count_as_whole(kind: str) -> None:
    """13: whatever the provider's dialect."""
    client = MESSAGES if kind != ANTHROPIC else CHAT
    relay = crossed(bridge(kind, client)).relay()
    relay.feed(_FAILURES[kind].split(b"error", 1)[0].rpartition(b"\n\n")[0] + b"\n\n")

    assert relay.close() is None


@pytest.mark.parametrize("kind", [COMPATIBLE, ANTHROPIC, OPENAI])
def test_16_a_gemini_client_gets_data_lines_and_nothing_else(kind: str) -> None:
    """16: comments break Google's SDKs (bifrost#6240, earendil-works/pi#9633, go-genai#903)."""
    wire = b": PROCESSING\n\n" + WHOLE[kind].replace(b"\n\n", b"\n\n: ping\n\n")
    out = streamed(bridge(kind, GENERATE_CONTENT), wire)

    assert all(line.startswith(b"data: {") for line in out.split(b"\n") if line)
    assert read_gemini(out).text == "Let me look.And then."
    assert not GENERATE_CONTENT.keep_alive


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
def test_16_a_providers_comment_is_not_told_as_data(client: Dialect) -> None:
    """16: it was (mnfst/llm-gateway#2053, opencode#50871)."""
    wire = b": OPENROUTER PROCESSING\n\n" + chat({"content": "a"}) + b": again\ndata: " + chat({}, "stop")[6:] + DONE
    out = streamed(bridge(COMPATIBLE, client), wire)

    assert b"PROCESSING" not in out
    assert READERS[client.name](out).text == "a"


@pytest.mark.parametrize("kind", [COMPATIBLE, ANTHROPIC, OPENAI])
def test_17_without_alt_sse_a_gemini_stream_is_one_json_array(kind: str) -> None:
    """17: `alt` was not looked at (litellm#28777)."""
    chunks = json.loads(streamed(bridge(kind, GENERATE_CONTENT), WHOLE[kind], sse=False))
    parts = [part for chunk in chunks for each in chunk["candidates"] for part in each["content"]["parts"]]

    assert "".join(part.get("text", "") for part in parts if "thought" not in part) == "Let me look.And then."
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"


@given(st.lists(st.integers(0, len(WHOLE[GEMINI])), max_size=8), st.sampled_from((b"\n\n", b"\r\n\r\n")))
def test_17_network_reads_are_no_frames(cuts: list[int], blank: bytes) -> None:
    """17: each read was parsed as JSON (litellm#30224)."""
    wire = WHOLE[GEMINI].replace(b"\n\n", blank)
    out = streamed(bridge(GEMINI, CHAT), *(wire[a:b] for a, b in pairwise([0, *sorted(cuts), len(wire)])))

    assert read_chat(out).text == "Let me look.And then."


@pytest.mark.parametrize("sse", [True, False])
def test_17_an_error_in_a_gemini_stream_can_be_read(sse: bool) -> None:
    """17: the SDK could not (js-genai#461)."""
    out = crossed(bridge(COMPATIBLE, GENERATE_CONTENT), sse=sse).relay().feed(_FAILURES[COMPATIBLE])
    last = json.loads(out)[-1] if not sse else json.loads(out.rpartition(b"data: ")[2])

    assert last["error"]["status"]
    assert last["error"]["code"] >= 500
    assert "it broke" in last["error"]["message"]


@pytest.mark.parametrize("kind", [COMPATIBLE, GEMINI, ANTHROPIC])
def test_22_every_responses_stream_ends_with_its_last_snapshot(kind: str) -> None:
    """22: without it clients ask again (CLIProxyAPI#1407, #3321)."""
    heard = read_responses(streamed(bridge(kind, RESPONSES), WHOLE[kind]))

    assert heard.kinds[-1] == "response.completed"
    assert heard.stop == "completed"


@pytest.mark.parametrize("client", [CHAT, MESSAGES, GENERATE_CONTENT])
def test_22_items_are_read_though_the_last_snapshot_is_empty(client: Dialect) -> None:
    """22: the answer was lost (litellm#37039, PR#38719)."""
    wire = named(*responded(said("hello"), output=[]))

    assert READERS[client.name](streamed(bridge(OPENAI, client), wire)).text == "hello"


@pytest.mark.parametrize("client", [CHAT, MESSAGES, GENERATE_CONTENT])
def test_22_and_an_answer_that_only_the_last_snapshot_has_is_read(client: Dialect) -> None:
    """22: the other way round."""
    first, *_, last = responded(said("hello"))

    assert READERS[client.name](streamed(bridge(OPENAI, client), named(first, last))).text == "hello"


@pytest.mark.parametrize("kind", [COMPATIBLE, GEMINI, ANTHROPIC])
def test_23_every_item_has_a_place_of_its_own_in_the_output(kind: str) -> None:
    """23: output_index was shared (freellmapi#842)."""
    wire = streamed(bridge(kind, RESPONSES), WHOLE[kind])
    last = json.loads(wire.rpartition(b"data: ")[2])["response"]["output"]

    assert [item["type"] for item in last] == ["reasoning", "message", "function_call", "message"]
    assert len({item["id"] for item in last}) == 4
    assert read_responses(wire).called == [("look", {"path": "a"})]


def test_32_each_alternative_keeps_its_index() -> None:
    """32: it was always 0 (litellm#3276, litellm#5236)."""
    wire = google({"text": "one"}) + google({"text": "two"}, index=1)
    wire += google(finish="STOP") + google(index=1, finish="MAX_TOKENS")
    body = {"messages": [{"role": "user", "content": "hi"}], "n": 2}
    out = streamed(bridge(GEMINI, CHAT), wire, body=body)

    heard = [read_chat(out, choice) for choice in (0, 1)]
    assert [(each.text, each.stop) for each in heard] == [("one", "stop"), ("two", "length")]


def test_32_so_do_those_of_another_dialect() -> None:
    """32: from Chat Completions to a Gemini client."""
    wire = chat({"content": "one"}) + chat({"content": "two"}, index=1) + chat({}, "stop") + chat({}, "stop", index=1)
    out = streamed(bridge(COMPATIBLE, GENERATE_CONTENT), wire + DONE)
    told = [json.loads(frame[6:])["candidates"] for frame in out.split(b"\n\n") if frame]
    texts = {each["index"]: each["content"]["parts"][0]["text"] for each in (c for chunk in told[:2] for c in chunk)}

    assert texts == {0: "one", 1: "two"}


async def test_13_an_error_before_the_first_word_is_an_http_error() -> None:
    """13: and can be tried elsewhere, because nothing has been sent."""
    busy, fake = Scripted(200, SSE, [data({"error": {"message": "busy", "code": 503}})]), Client()
    with pytest.raises(ProviderRefused, match="busy"):
        await gateway(Provided(busy), Notes()).serve(call(MESSAGES, stream=True), fake)

    assert not fake.started


@pytest.mark.parametrize("client", [CHAT, RESPONSES, MESSAGES])
async def test_13_a_failure_that_only_the_end_shows_is_told_as_well(client: Dialect) -> None:
    """13: a call that Gemini's model got wrong is known when its stream is over."""
    wire = google({"text": "Look:"}) + google(finish="MALFORMED_FUNCTION_CALL")
    fields = {"input": "hi"} if client is RESPONSES else {}
    fake, notes = Client(), Notes()
    await gateway(Provided(Scripted(200, SSE, [wire])), notes, at_google()).serve(
        call(client, stream=True, **fields), fake
    )

    assert "MALFORMED_FUNCTION_CALL" in READERS[client.name](fake.body).error["message"]
    assert fake.finished
    assert notes.ended[0].end_reason == "provider_error"


async def test_13_and_is_an_http_error_where_nothing_was_said_before() -> None:
    """13: so that it can be tried elsewhere."""
    wire, fake = google(finish="MALFORMED_FUNCTION_CALL"), Client()
    with pytest.raises(ProviderRefused, match="'acme'"):
        await gateway(Provided(Scripted(200, SSE, [wire])), Notes(), at_google()).serve(call(CHAT, stream=True), fake)

    assert not fake.started


async def test_13_an_error_that_the_network_cut_short_is_relayed_all_the_same() -> None:
    """13: its blank line is missing; the client's dialect is the provider's."""
    wire, fake = _FAILURES[COMPATIBLE].removesuffix(b"\n\n"), Client()
    await gateway(Provided(Scripted(200, SSE, [wire])), Notes()).serve(call(CHAT, stream=True), fake)

    assert b"it broke" in fake.body
    assert fake.body.endswith(b"\n\n")


def at_google() -> Catalog:
    """Return a catalogue whose provider is Google's."""
    return catalog(providers=(Provider("acme", GEMINI, "http://127.0.0.1:9/v1", secret="k"),))


@pytest.mark.parametrize("query", [b"", b"alt=json", b"alt=sse", b"key=x&alt=sse"])
async def test_17_the_query_says_whether_a_gemini_stream_has_events(query: bytes, tmp_path: Path) -> None:
    """17: it is the client's word, not ours (litellm#28777)."""
    plane = Plane(tmp_path, COMPATIBLE, Scripted(200, SSE, [WHOLE[COMPATIBLE]]))
    path = b"/v1beta/models/acme/m-1:streamGenerateContent"
    client = await plane.post(path, {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}, query=query)

    assert client.body[:1] == (b"d" if b"alt=sse" in query else b"[")
    assert b"content-type: " + (SSE if b"alt=sse" in query else b"application/json") in client.headers
