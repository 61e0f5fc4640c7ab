import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import data_frames, streams, wholes
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import (
    BATCH_EMBED_CONTENTS,
    COUNT_TOKENS,
    EMBED_CONTENT,
    GENERATE_CONTENT,
    GeminiStream,
)
from tokenrouter.dialects.relay import StreamRelay
from tokenrouter.domain.errors import InvalidRequest, MissingModel, ProviderProtocolError, RateLimited
from tokenrouter.domain.ledger import Usage

CONTENTS = {"contents": [{"parts": [{"text": "x"}]}]}


def body(**fields: Any) -> bytes:
    return json.dumps({**CONTENTS, **fields}).encode()


def bounded(raw: bytes, bound: int) -> Any:
    head = GENERATE_CONTENT.peek(raw, "m", True)
    return json.loads(b"".join(head.body.changed(GENERATE_CONTENT.bounding_output(head, bound))))


def relayed(wire: bytes, cuts: list[int]) -> tuple[bytes, StreamRelay]:
    relay = StreamRelay(GENERATE_CONTENT.reading, strip_usage=False)
    edges = [0, *sorted(cuts), len(wire)]
    out = b"".join(relay.feed(wire[a:b]) for a, b in pairwise(edges))
    return out + (relay.close() or b""), relay


def test_the_operations_are_what_the_contract_asks_for() -> None:
    dialects: list[Dialect] = [GENERATE_CONTENT, COUNT_TOKENS, EMBED_CONTENT, BATCH_EMBED_CONTENTS]

    assert [each.operation for each in dialects] == [
        "generate_content",
        "count_content_tokens",
        "embed_content",
        "batch_embed_contents",
    ]
    assert GENERATE_CONTENT.name == "gemini"
    assert all(each.keep_alive == b"" for each in dialects)


def test_the_model_and_the_stream_are_from_the_path() -> None:
    head = GENERATE_CONTENT.peek(body(model="models/other"), "m", True)

    assert (head.model, head.stream, head.wants_usage, head.answers) == ("m", True, True, 1)
    assert GENERATE_CONTENT.peek(body(model="models/other")).model == "other"
    assert GENERATE_CONTENT.model_field("m") is None
    assert GENERATE_CONTENT.asking_usage(head) == {}


@pytest.mark.parametrize(
    ("config", "bound", "answers"),
    [
        ({}, None, 1),
        ({"generationConfig": None}, None, 1),
        ({"generationConfig": {"maxOutputTokens": 5, "candidateCount": 2}}, 5, 2),
        ({"generation_config": {"max_output_tokens": 5, "candidate_count": 3}}, 5, 3),
        ({"generationConfig": {"maxOutputTokens": 9, "max_output_tokens": 5}}, 5, 1),
    ],
)
def test_bounds_are_read_in_either_spelling(config: Any, bound: int | None, answers: int) -> None:
    head = GENERATE_CONTENT.peek(body(**config), "m")

    assert (head.max_output_tokens, head.answers) == (bound, answers)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (b"{}", "contents"),
        (b'{"contents":{}}', "contents"),
        (b'{"contents":[],"generationConfig":7}', "generationConfig"),
        (b'{"contents":[],"generationConfig":{"maxOutputTokens":"x"}}', "generationConfig"),
        (b'{"contents":[],"generationConfig":{"maxOutputTokens":-1}}', "generationConfig.maxOutputTokens"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(fields: bytes, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        GENERATE_CONTENT.peek(fields, "m")
    assert caught.value.param == param


@pytest.mark.parametrize("model", ["", "x" * 300, None])
def test_a_path_without_a_model_is_refused(model: str | None) -> None:
    with pytest.raises(MissingModel):
        GENERATE_CONTENT.peek(body(), model)


def test_a_bound_goes_into_the_configuration_and_leaves_the_rest_of_it_as_it_was() -> None:
    raw = b'{"contents":[],"generationConfig":{ "topP" : 0.950, "maxOutputTokens":50,"x":"\\u00fc"}}'
    head = GENERATE_CONTENT.peek(raw, "m")
    told = GENERATE_CONTENT.bounding_output(head, 7)["generationConfig"]

    assert b"0.950" in bytes(told)
    assert b'"\\u00fc"' in bytes(told)
    assert json.loads(bytes(told)) == {"topP": 0.95, "maxOutputTokens": 7, "x": "ü"}
    assert bounded(body(), 7)["generationConfig"] == {"maxOutputTokens": 7}
    assert bounded(body(generationConfig=None), 7)["generationConfig"] == {"maxOutputTokens": 7}
    snake = bounded(body(generation_config={"top_p": 1, "max_output_tokens": 50}), 7)
    assert snake == {**CONTENTS, "generation_config": {"top_p": 1, "max_output_tokens": 7}}


@pytest.mark.parametrize("path", streams("google--"), ids=lambda path: path.name)
@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 10**6), max_size=6))
def test_recorded_streams_pass_through_byte_for_byte(path: Path, cuts: list[int]) -> None:
    wire = data_frames(path).replace(b"\n\n", b"\r\n\r\n")
    out, relay = relayed(wire, [cut % len(wire) for cut in cuts])

    assert out == wire
    assert relay.close() is not None
    assert relay.usage is not None
    assert relay.usage.output_tokens > 0
    assert relay.content_bytes > 0


def test_more_may_come_after_a_finish_reason() -> None:
    relay = StreamRelay(GENERATE_CONTENT.reading, strip_usage=False)
    relay.feed(b'data: {"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]}\n\n')
    assert not relay.ended

    relay.feed(b'data: {"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5}}\n\n')
    assert relay.close() == b""
    assert relay.usage == Usage(7, 5)


def test_a_stream_that_was_cut_is_not_closed() -> None:
    relay = StreamRelay(GENERATE_CONTENT.reading, strip_usage=False)
    relay.feed(b'data: {"candidates":[{"content":{"parts":[{"text":"\\"finishReason\\": \\"STOP\\""}]}}]}\n\n')

    assert relay.close() is None
    assert StreamRelay(GENERATE_CONTENT.reading, strip_usage=False).close() is None


def test_a_refused_prompt_is_a_whole_answer() -> None:
    relay = StreamRelay(GENERATE_CONTENT.reading, strip_usage=False)
    relay.feed(b'data: {"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7}}\n\n')

    assert relay.content_started
    assert relay.close() == b""


def test_an_error_event_is_noticed_and_an_error_in_the_text_is_not() -> None:
    relay = StreamRelay(GENERATE_CONTENT.reading, strip_usage=False)
    relay.feed(b'data: {"candidates":[{"content":{"parts":[{"functionCall":{"args":{"error":{}}}}]}}]}\n\n')
    assert relay.error_payload is None

    relay.feed(b'data: {"error":{"code":503}}\n\n')
    assert relay.error_payload == b'{"error":{"code":503}}'


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ({"text": 'a"b'}, b'a\\"b'),
        ({"executableCode": {"code": "1"}}, b"1"),
        ({"functionCall": {"name": "f", "args": {"a": {"b": [{"c": 1}]}}}}, b'{"a":{"b":[{"c":1}]}}'),
        ({"functionCall": {"name": "f", "args": {}}}, b"{}"),
        ({"inlineData": {"data": "AAAA"}}, None),
    ],
)
def test_words_and_arguments_are_counted_as_they_are_written(part: Any, content: bytes | None) -> None:
    raw = msgspec.json.encode({"candidates": [{"content": {"parts": [part]}}]})

    assert GeminiStream.content.findall(raw) == ([] if content is None else [content])
    assert GENERATE_CONTENT.content_bytes(raw) == len(content or b"")


def test_words_that_are_cut_count_as_far_as_they_came_and_objects_without_end_do_not() -> None:
    assert GENERATE_CONTENT.content_bytes(b'{"args":{' * 50_000 + b'"text":"' + b"x" * 100_000) == 100_000


@pytest.mark.parametrize("path", [p for p in wholes("google--") if "429" not in p.name], ids=lambda path: path.name)
def test_the_usage_of_whole_answers_is_read_from_all_of_it_and_from_its_end(path: Path) -> None:
    whole = path.read_bytes()
    usage = GENERATE_CONTENT.whole_usage(whole)

    assert usage is not None
    assert GENERATE_CONTENT.usage_at_end(whole[-700:]) == usage
    assert GENERATE_CONTENT.whole_usage(b" " * 2**20 + whole) == usage


@pytest.mark.parametrize(
    "tail",
    [b"", b'"usageMetadata"', b'"usageMetadata":', b'"usageMetadata":{"promptTokenCount":', b'"usageMetadata":7'],
)
def test_an_end_without_usage_reports_none(tail: bytes) -> None:
    assert GENERATE_CONTENT.usage_at_end(tail) is None


def test_an_answer_that_is_no_json_is_the_providers_fault() -> None:
    for broken in (b"<html>", b"[" * 9999):
        with pytest.raises(ProviderProtocolError):
            GENERATE_CONTENT.whole_usage(broken)


def test_counting_and_embedding_have_no_bound_and_say_nothing() -> None:
    batch = BATCH_EMBED_CONTENTS.peek(b'{"requests":[]}', "m")
    for dialect in (COUNT_TOKENS, EMBED_CONTENT, BATCH_EMBED_CONTENTS):
        assert dialect.bounding_output(batch, 5) == {}
        assert dialect.content_bytes(b'{"text":"x"}') == 0
    with pytest.raises(InvalidRequest, match="requests"):
        BATCH_EMBED_CONTENTS.peek(b"{}", "m")
    assert COUNT_TOKENS.peek(b'{"generateContentRequest":{}}', "m").model == "m"


def test_counted_tokens_were_not_used_and_embedded_ones_were() -> None:
    counted = b'{"totalTokens":7,"usageMetadata":{"promptTokenCount":7}}'

    assert COUNT_TOKENS.whole_usage(counted) is None
    assert COUNT_TOKENS.usage_at_end(counted) is None
    assert EMBED_CONTENT.whole_usage(counted) == Usage(7)


def test_errors_are_told_in_googles_shape() -> None:
    error = RateLimited("Slow.", retry_after_s=3)

    told = json.loads(GENERATE_CONTENT.error_body(error, "req_1"))["error"]
    assert (told["code"], told["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert GENERATE_CONTENT.error_event(error, "req_1").startswith(b'data: {"error":')
