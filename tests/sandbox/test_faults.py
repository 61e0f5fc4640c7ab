"""Each fault fails in its own way, and the program's documentation names them all."""

import time
from typing import Any

import pytest
from openai import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    OpenAI,
    RateLimitError,
)

import tokenrouter.sandbox
from tests.sandbox.conftest import Connect, Entries, http_post, read_all
from tokenrouter.sandbox.faults import FAULTS, MIDWAY_FRAMES

HELLO: Any = [{"role": "user", "content": "hello"}]


def ask(client: OpenAI, fault: str, **more: Any) -> Any:
    return client.chat.completions.create(model=f"fault/{fault}", messages=HELLO, **more)


def streamed(connect: Connect, fault: str, **more: object) -> bytes:
    """All bytes of a streamed answer, up to the close of the connection or the end of the body."""
    connection = connect()
    body = {"model": f"fault/{fault}", "messages": HELLO, "stream": True, **more}
    connection.sendall(http_post("/v1/chat/completions", body, "connection: close\r\n"))
    return read_all(connection)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_documented(name: str) -> None:
    documented = (tokenrouter.sandbox.__doc__ or "").split()

    assert f"fault/{name}" in documented or name in documented


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_listed(client: OpenAI, name: str) -> None:
    assert f"fault/{name}" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("400", BadRequestError),
        ("401", AuthenticationError),
        ("429", RateLimitError),
        ("500", InternalServerError),
        ("503", InternalServerError),
        ("refuse", APIConnectionError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refused_request_raises(client: OpenAI, fault: str, error: type[APIError], stream: bool) -> None:
    with pytest.raises(error):
        ask(client, fault, stream=stream)


def test_429_says_when_to_come_again(client: OpenAI) -> None:
    with pytest.raises(RateLimitError) as caught:
        ask(client, "429")

    assert caught.value.response.headers["retry-after"] == "1"
    assert caught.value.code == "rate_limit_exceeded"


def test_429_once_is_over_with_the_second_request_of_a_user(client: OpenAI) -> None:
    for user in ("ann", "bob"):
        with pytest.raises(RateLimitError):
            ask(client, "429-once", user=user)
    assert ask(client, "429-once", user="ann").choices[0].finish_reason == "stop"


@pytest.mark.parametrize("fault", ["silent", "stall"])
def test_a_silent_one_lets_the_client_wait(client: OpenAI, fault: str, ended: Entries) -> None:
    with pytest.raises(APITimeoutError):
        ask(client, fault, user=f"waiting-{fault}", timeout=0.2)

    assert ended(f"waiting-{fault}")[0]["end"] == "client_closed"


def test_a_slow_first_byte_comes_after_the_seconds_named(client: OpenAI) -> None:
    begun = time.monotonic()

    answer = ask(client, "slow-first-byte@0.3")

    assert time.monotonic() - begun >= 0.3
    assert answer.usage.completion_tokens == 64


def test_a_stalled_stream_sends_half_and_stays_open(client: OpenAI, ended: Entries) -> None:
    stream = ask(client, "stall@3", stream=True, user="stalled")
    chunks = [next(stream) for _ in range(4)]
    stream.response.close()

    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == "Lorem ipsum "
    [line] = ended("stalled")
    assert line["end"] == "client_closed"
    assert line["completion_tokens"] == line["tokens_written"] == 3


def test_a_cut_stream_has_no_terminator(connect: Connect) -> None:
    received = streamed(connect, "cut")

    assert received.count(b"data: ") == 1 + MIDWAY_FRAMES
    assert not received.endswith(b"0\r\n\r\n")


def test_a_cut_whole_answer_is_shorter_than_announced(client: OpenAI) -> None:
    with pytest.raises(APIConnectionError):
        ask(client, "cut")


def test_a_clean_cut_ends_the_body_but_not_the_answer(connect: Connect) -> None:
    received = streamed(connect, "clean-cut@2")

    assert received.endswith(b"0\r\n\r\n")
    assert b"[DONE]" not in received
    assert b'"finish_reason":"' not in received


def test_a_malformed_chunk_is_followed_by_the_rest(connect: Connect) -> None:
    received = streamed(connect, "malformed-chunk")

    assert b'"choices":[{"ind\n\n' in received
    assert received.count(b"data: ") == 1 + 64 + 1 + 2
    assert received.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_bad_chunked_framing_has_an_invalid_size(connect: Connect) -> None:
    assert streamed(connect, "bad-chunked").endswith(b"\r\nzz\r\nnot a chunk\r\n")


@pytest.mark.parametrize(("fault", "chunks"), [("error-event", 0), ("error-midstream", 1 + MIDWAY_FRAMES)])
def test_an_error_inside_a_stream_is_an_event(client: OpenAI, fault: str, chunks: int) -> None:
    stream = ask(client, fault, stream=True)
    read = [next(stream) for _ in range(chunks)]
    with pytest.raises(APIError) as caught:
        next(stream)

    assert len(read) == chunks
    assert "had an error" in caught.value.message


@pytest.mark.parametrize("fault", ["error-event", "error-midstream"])
def test_an_error_inside_streamed_responses_is_an_event(client: OpenAI, fault: str) -> None:
    with pytest.raises(APIError):
        list(client.responses.create(model=f"fault/{fault}", input="x", stream=True))


def test_trickle_takes_a_second_for_a_token(client: OpenAI) -> None:
    begun = time.monotonic()

    answer = ask(client, "trickle", max_tokens=1)

    assert answer.usage.completion_tokens == 1
    assert time.monotonic() - begun >= 1


def test_a_huge_answer_is_as_large_as_asked(client: OpenAI) -> None:
    whole = ask(client, "huge@2")
    chunks = list(ask(client, "huge@2", stream=True))

    assert len(whole.choices[0].message.content) == 2 * 2**20
    assert sum(len(chunk.choices[0].delta.content or "") for chunk in chunks) == 2 * 2**20
    assert len(chunks) == 1 + 512 + 1


def test_a_wrong_type_is_html(client: OpenAI) -> None:
    response = client.chat.completions.with_raw_response.create(model="fault/wrong-type", messages=HELLO)

    assert response.headers["content-type"] == "text/html"


def test_no_usage_is_reported_anywhere(client: OpenAI) -> None:
    whole = ask(client, "no-usage")
    chunks = list(ask(client, "no-usage", stream=True, stream_options={"include_usage": True}))

    assert whole.usage is None
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)


def test_usage_may_come_with_the_finish_reason(client: OpenAI) -> None:
    chunks = list(ask(client, "usage-in-finish", stream=True))

    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens == 64


@pytest.mark.parametrize("stream", [False, True])
def test_gzip_comes_unasked(connect: Connect, client: OpenAI, stream: bool) -> None:
    assert b"content-encoding: gzip\r\n" in streamed(connect, "gzip")
    answer = ask(client, "gzip", stream=stream)

    text = (
        "".join(chunk.choices[0].delta.content or "" for chunk in answer)
        if stream
        else answer.choices[0].message.content
    )
    assert len(text) == 4 * 64


def test_not_json_is_only_called_json(client: OpenAI) -> None:
    response = client.chat.completions.with_raw_response.create(model="fault/not-json", messages=HELLO)

    assert response.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match="Expecting"):
        response.http_response.json()


def test_the_endless_one_goes_on_past_its_length(client: OpenAI, ended: Entries) -> None:
    stream = ask(client, "endless", stream=True, user="endless")
    read = [next(stream) for _ in range(200)]
    stream.response.close()

    assert all(chunk.choices[0].finish_reason is None for chunk in read)
    assert ended("endless")[0]["end"] == "client_closed"


@pytest.mark.parametrize("name", ["fault/nothing", "fault/", "fault/cut@", "fault/cut@x"])
def test_an_unknown_fault_is_an_unknown_model(client: OpenAI, name: str) -> None:
    with pytest.raises(APIError) as caught:
        client.chat.completions.create(model=name, messages=HELLO)

    assert caught.value.code == "model_not_found"
