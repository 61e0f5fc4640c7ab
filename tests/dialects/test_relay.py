import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.openai.chunks import ChunkStream
from tokenrouter.dialects.openai_responses.responses import RESPONSES, ResponsesStream
from tokenrouter.dialects.relay import StreamRelay
from tokenrouter.dialects.sse import payload_of
from tokenrouter.domain.errors import ProviderCut
from tokenrouter.domain.ledger import Usage


def chunk(content: str = "", **more: object) -> bytes:
    choices = [{"index": 0, "delta": {"content": content}, "finish_reason": None}]
    return b"data: " + json.dumps({"id": "c", "choices": choices, **more}).encode() + b"\n\n"


USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
ONLY_USAGE = b'data: {"id":"c","choices":[],"usage":' + json.dumps(USAGE).encode() + b"}\n\n"
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
WIRE = chunk("He") + chunk('l"lo') + FINISH + ONLY_USAGE + DONE


def run(wire: bytes, cuts: list[int], *, strip: bool) -> tuple[bytes, StreamRelay]:
    relay = StreamRelay(ChunkStream(), strip_usage=strip)
    edges = [0, *sorted(cuts), len(wire)]
    out = b"".join(relay.feed(wire[a:b]) for a, b in pairwise(edges))
    return out + (relay.close() or b""), relay


@given(st.lists(st.integers(0, len(WIRE)), max_size=10))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    out, relay = run(WIRE, cuts, strip=False)

    assert out == WIRE
    assert relay.ended
    assert relay.usage is not None
    assert relay.usage.output_tokens == 5
    assert relay.content_bytes == len("He") + len('l\\"lo')


@given(st.lists(st.integers(0, len(WIRE)), max_size=10))
def test_only_the_usage_that_nobody_asked_for_disappears(cuts: list[int]) -> None:
    out, relay = run(WIRE, cuts, strip=True)

    assert out == WIRE.replace(ONLY_USAGE, b"")
    assert relay.usage is not None


def test_the_null_usage_of_other_chunks_disappears_with_it() -> None:
    wire = b'data: {"choices":[{"delta":{"content":"x"}}],"usage":null}\n\n' + FINISH + ONLY_USAGE + DONE

    out, _ = run(wire, [], strip=True)

    assert b"usage" not in out


def test_usage_in_the_finish_chunk_is_read_and_the_chunk_kept() -> None:
    finish = FINISH.replace(b"}]}", b'}],"usage":' + json.dumps(USAGE).encode() + b"}")

    out, relay = run(chunk("x") + finish + DONE, [], strip=True)

    assert finish in out
    assert relay.usage is not None


def test_a_missing_done_is_added_when_the_answer_is_whole() -> None:
    out, _ = run(chunk("x") + FINISH, [], strip=False)

    assert out.endswith(DONE)


def test_a_stream_that_was_cut_is_not_closed() -> None:
    relay = StreamRelay(ChunkStream(), strip_usage=False)
    relay.feed(chunk("x"))

    assert relay.close() is None


def test_an_error_event_is_noticed_and_an_error_in_the_text_is_not() -> None:
    relay = StreamRelay(ChunkStream(), strip_usage=False)
    relay.feed(chunk('{"error": 1}') + b'data: {"choices":[],"error":null}\n\n')
    assert relay.error_payload is None

    relay.feed(b'data: {"error":{"message":"no"}}\n\n')
    assert relay.error_payload == b'{"error":{"message":"no"}}'


def test_the_tier_of_a_response_is_its_own_and_not_what_a_client_wrote_into_it() -> None:
    relay = StreamRelay(ResponsesStream(), strip_usage=False)
    response = {"metadata": {"service_tier": "flex"}, "service_tier": "priority", "usage": {"input_tokens": 3}}
    relay.feed(b"data: " + json.dumps({"type": "response.completed", "response": response}).encode() + b"\n\n")

    assert relay.usage == Usage(3, tier="priority")


def test_responses_wait_for_content_and_end_with_their_terminal_event() -> None:
    relay = StreamRelay(ResponsesStream(), strip_usage=False)
    created = b'event: response.created\ndata: {"type":"response.created"}\n\n'
    delta = b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"hi"}\n\n'
    assert relay.feed(created) == b""
    assert relay.feed(delta) == created + delta
    assert relay.content_bytes == 2

    text = "y" * 200_000
    done = {
        "type": "response.completed",
        "response": {"output": text, "usage": {"input_tokens": 3, "output_tokens": 4}},
    }
    wire = b"event: response.completed\ndata: " + json.dumps(done, separators=(",", ":")).encode() + b"\n\n"
    out = b"".join(relay.feed(wire[at : at + 5000]) for at in range(0, len(wire), 5000))

    assert out == wire
    assert relay.ended
    assert relay.usage is not None
    assert relay.usage.output_tokens == 4


@given(st.integers(1, len(FINISH) - 3))
def test_an_event_that_was_cut_is_not_passed_on_and_ends_nothing(kept: int) -> None:
    relay = StreamRelay(ChunkStream(), strip_usage=False)
    relay.feed(chunk("x"))

    assert relay.feed(FINISH[:kept]) == b""
    assert relay.close() is None


def test_an_event_that_lacks_only_its_blank_line_counts() -> None:
    out, _ = run((chunk("x") + FINISH).rstrip(b"\n"), [], strip=False)

    assert out == chunk("x") + FINISH + DONE


COMPLETED = b'event: response.completed\ndata: {"type":"response.completed","response":{"output":"%b"}}\n\n' % (
    b"y" * 200_000
)


def test_a_long_last_event_that_was_cut_ends_nothing_and_is_left_before_the_error() -> None:
    relay = StreamRelay(ResponsesStream(), strip_usage=False)
    relay.feed(COMPLETED[:100_000])
    assert not relay.ended
    assert relay.is_mid_event
    assert relay.close() is None

    assert relay.fail(ProviderCut("cut", provider="acme"), "req_1").startswith(b"\n\n")


def test_an_error_ends_the_response_that_has_begun_and_no_other() -> None:
    created = {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "status": "in_progress"}}
    delta = {"type": "response.output_text.delta", "sequence_number": 4, "delta": "x"}
    relay = StreamRelay(ResponsesStream(), strip_usage=False, tell=RESPONSES.error_event)
    relay.feed(b"".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in (created, delta)))

    ended = relay.fail(ProviderCut("cut", provider="acme"), "req_1")

    event = json.loads(payload_of(ended))
    assert (event["type"], event["sequence_number"]) == ("response.failed", 5)
    assert (event["response"]["id"], event["response"]["status"]) == ("resp_1", "failed")


def test_what_follows_a_long_event_in_one_read_is_seen() -> None:
    wire = chunk("y" * 200_000) + FINISH + DONE

    out, relay = run(wire, [100_000], strip=False)

    assert out == wire
    assert relay.ended
