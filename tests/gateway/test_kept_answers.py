"""An answer as it is kept."""

from tests.gateway.fakes import Client
from tokenrouter.gateway.kept_answers import KeptAnswer, decode_answer, encode_answer, lasting

HEADERS = b"content-type: application/json\r\nx-request-id: req_1\r\nx-ratelimit-limit-requests: 5\r\n"


def test_headers_of_one_request_alone_are_not_kept() -> None:
    more = b"X-TokenRouter-Provider: acme\r\nx-tokenrouter-cost-usd: 0.1\r\nretry-after: 1\r\n"
    assert lasting(HEADERS + more) == b"content-type: application/json\r\nX-TokenRouter-Provider: acme\r\n"


def test_it_is_read_as_it_was_written_and_told_as_it_was() -> None:
    answer = KeptAnswer(200, lasting(HEADERS), b"{}", True, "req_1", 7, 0.0)
    assert decode_answer(encode_answer(answer)) == answer
    client = Client()
    answer.tell(client, b"age: 1\r\n")
    assert (client.status, client.headers, client.body, client.finished) == (
        200,
        b"content-type: application/json\r\nage: 1\r\n",
        b"{}",
        True,
    )


def test_what_another_version_wrote_is_no_answer() -> None:
    assert decode_answer(b"\xff\x00") is None
    assert decode_answer(encode_answer(KeptAnswer(200, b"", b"", False, "", 0, 0.0))[:5]) is None
