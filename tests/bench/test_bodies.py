import json

import pytest

from bench.bodies import SIZES_KB, http_request, request_body


@pytest.mark.parametrize("size_kb", SIZES_KB)
def test_a_body_is_valid_and_exactly_as_long_as_asked(size_kb: float) -> None:
    body = request_body("bench/small", int(size_kb * 1000))

    assert len(body) == int(size_kb * 1000)
    assert json.loads(body)["model"] == "bench/small"


def test_a_stream_is_asked_for_in_the_body() -> None:
    assert json.loads(request_body("bench/stream-5-10", 300, stream=True))["stream"] is True


def test_the_head_announces_the_length_of_the_body() -> None:
    head, _, body = http_request(b"{}", 8080).partition(b"\r\n\r\n")

    assert body == b"{}"
    assert b"Content-Length: 2" in head.split(b"\r\n")
