import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.errors import (
    ContentRefused,
    GatewayError,
    ModelNotFound,
    ProviderCredentialsRejected,
    ProviderProtocolError,
    ProviderRefused,
)
from tokenrouter.providers.refusals import (
    MAX_ERROR_BODY_BYTES,
    MAX_RETRY_AFTER_S,
    error_in_event,
    error_of,
    read_refusal,
    retry_after_s,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["error", "code", "type"]), inner),
    max_leaves=8,
)


def openai_error(**fields: object) -> bytes:
    return json.dumps({"error": {"message": "no", "type": "x", "param": None, "code": None, **fields}}).encode()


def meaning(status: int, body: bytes = b"", **headers: bytes) -> GatewayError | None:
    return error_of("acme", status, {name.replace("_", "-").encode(): value for name, value in headers.items()}, body)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_success_is_no_error(status: int) -> None:
    assert meaning(status, openai_error()) is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_named_as_what_it_is(status: int) -> None:
    error = meaning(status)

    assert isinstance(error, ProviderProtocolError)
    assert "base_url" in error.message


@pytest.mark.parametrize("status", [401, 403])
def test_rejected_credentials_are_never_the_callers_fault(status: int) -> None:
    error = meaning(status, openai_error(message="Incorrect API key provided: sk-abc"))

    assert isinstance(error, ProviderCredentialsRejected)
    assert error.status == 502
    assert "sk-abc" not in error.message


def test_a_bad_key_that_a_vendor_calls_a_bad_request_is_a_bad_key() -> None:
    body = json.dumps(
        [
            {
                "error": {
                    "code": 400,
                    "message": "API key not valid.",
                    "status": "INVALID_ARGUMENT",
                    "details": [{"reason": "API_KEY_INVALID", "domain": "googleapis.com"}],
                }
            }
        ]
    ).encode()

    assert isinstance(meaning(400, body), ProviderCredentialsRejected)
    assert isinstance(meaning(400, openai_error(code="invalid_api_key")), ProviderCredentialsRejected)


@pytest.mark.parametrize("status", [400, 402, 404, 408, 409, 422, 429, 500, 502, 503, 504, 529])
def test_every_other_error_keeps_the_providers_status(status: int) -> None:
    error = meaning(status, openai_error(message="Slow down"))

    assert isinstance(error, ProviderRefused)
    assert error.status == status
    assert error.provider == "acme"
    assert error.message == f"provider 'acme' answered {status}: Slow down"


AZURE = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (400, {"code": "content_filter"}),
        (400, {"code": "other", "innererror": AZURE}),
        (400, {"code": "content_policy_violation"}),
        (400, {"code": "moderation_blocked", "type": "image_generation_user_error"}),
        (400, {"type": "data_inspection_failed"}),
        (400, {"code": 400, "status": "PROHIBITED_CONTENT"}),
        (403, {"code": 403, "metadata": {"reasons": ["violence"], "flagged_input": "x"}}),
    ],
)
def test_what_may_not_be_answered_shows_in_the_code(status: int, fields: dict[str, object]) -> None:
    error = meaning(status, openai_error(**fields))

    assert isinstance(error, ContentRefused)
    assert error.status == 400
    assert not isinstance(meaning(status, openai_error(message="content_filter, flagged")), ContentRefused)


def test_a_server_that_fails_has_refused_nothing() -> None:
    assert not isinstance(meaning(500, openai_error(code="content_filter")), ContentRefused)


def test_content_is_refused_inside_a_stream_too() -> None:
    assert isinstance(error_in_event("acme", openai_error(code="content_filter")), ContentRefused)


def test_an_unknown_model_shows_in_the_code_and_never_in_the_wording() -> None:
    assert isinstance(meaning(404, openai_error(code="model_not_found")), ModelNotFound)
    assert isinstance(meaning(404, openai_error(type="model_not_found")), ModelNotFound)
    assert isinstance(meaning(404, b'{"type":"error","error":{"type":"not_found_error"}}'), ModelNotFound)
    assert isinstance(meaning(404, b'{"error":{"code":404,"status":"NOT_FOUND"}}'), ModelNotFound)
    assert isinstance(meaning(404, openai_error(message="model not found")), ProviderRefused)
    assert isinstance(meaning(400, openai_error(code="model_not_found")), ProviderRefused)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"m"}}', "m"),
        (b'{"error":"m"}', "m"),
        (b'{"object":"error","message":"m","type":"t","code":1800}', "m"),
        (b'{"detail":"m"}', "m"),
        (b'[{"error":{"message":"m"}}]', "m"),
        (b'{"type":"error","error":{"type":"t","message":"m"}}', "m"),
        (b'{"detail":[{"msg":"m"}]}', ""),
        (b"[]", ""),
        (b"<html>", ""),
        (b"", ""),
        (b"\xff\xfe", ""),
        (b'"\xff"', ""),
        (b"[" * 100_000, ""),
        (b'{"error":"' + b"m" * MAX_ERROR_BODY_BYTES + b'"}', ""),
    ],
)
def test_the_message_is_found_in_every_shape(body: bytes, message: str) -> None:
    assert read_refusal(body).message == message


def test_a_message_is_bounded_and_printable() -> None:
    message = read_refusal(json.dumps({"error": "a\r\n\x1b[31m" + "b" * 10_000}).encode()).message

    assert message.startswith("a   [31mbbb")
    assert len(message) <= 500


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({b"retry-after": b"3"}, 3.0),
        ({b"retry-after": b"0.5"}, 0.5),
        ({b"retry-after-ms": b"1500", b"retry-after": b"9"}, 1.5),
        ({b"retry-after-ms": b"soon", b"retry-after": b"9"}, 9.0),
        ({b"retry-after": b"-5"}, 0.0),
        ({b"retry-after": b"1e99"}, MAX_RETRY_AFTER_S),
        ({b"retry-after": b"nan"}, None),
        ({b"retry-after": b"inf"}, None),
        ({b"retry-after": b"later"}, None),
        ({b"retry-after": b""}, None),
        ({}, None),
        ({b"retry-after": b"Sat, 21 Nov 2026 10:00:30 GMT", b"date": b"Sat, 21 Nov 2026 10:00:00 GMT"}, 30.0),
        ({b"retry-after": b"Sat, 21 Nov 2026 10:00:00 GMT", b"date": b"Sat, 21 Nov 2026 10:00:30 GMT"}, 0.0),
        ({b"retry-after": b"Sat, 21 Nov 2026 10:00:30 GMT"}, None),
        ({b"retry-after": b"Sat, 99 Nov 2026 10:00:30 GMT", b"date": b"Sat, 21 Nov 2026 10:00:00 GMT"}, None),
    ],
)
def test_when_to_come_back_is_understood_in_seconds_milliseconds_and_dates(
    headers: dict[bytes, bytes], seconds: float | None
) -> None:
    assert retry_after_s(headers) == seconds


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_no_header_makes_the_wait_unbounded(seconds: bytes, milliseconds: bytes, now: bytes) -> None:
    waited = retry_after_s({b"retry-after": seconds, b"retry-after-ms": milliseconds, b"date": now})

    assert waited is None or 0 <= waited <= MAX_RETRY_AFTER_S


def test_the_wait_is_part_of_the_error() -> None:
    error = meaning(429, openai_error(code="rate_limit_exceeded"), retry_after=b"7")

    assert error is not None
    assert error.retry_after_s == 7


def test_a_wait_in_the_body_counts_when_no_header_has_one() -> None:
    body = json.dumps(
        {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "34.4s"}]}}
    ).encode()
    in_body, in_header = meaning(429, body), meaning(429, body, retry_after=b"2")

    assert in_body is not None
    assert in_body.retry_after_s == 34.4
    assert in_header is not None
    assert in_header.retry_after_s == 2


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (b'{"error":{"message":"m","code":429}}', 429),
        (b'{"error":{"message":"m","status":503}}', 503),
        (b'{"error":{"message":"m","code":"server_error"}}', 502),
        (b'{"error":{"message":"m","code":200}}', 502),
        (b'{"error":{"message":"m","code":true}}', 502),
        (b'{"error":"m"}', 502),
        (b'[{"error":{"message":"m","code":500}}]', 500),
        (b'{"type":"error","code":"server_error","message":"m","param":null}', 502),
        (b'{"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}}', 502),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}', 529),
        (b'{"type":"error","error":{"type":"api_error","message":"m"}}', 502),
        (b'{"type":"error","code":"rate_limit_exceeded","message":"m","param":null}', 429),
        (b'{"error":{"message":"m","type":"invalid_request_error","code":null}}', 400),
        (b'{"error":{"message":"m","type":"overloaded_error","code":503}}', 503),
    ],
)
def test_an_error_inside_a_stream_is_found(event: bytes, status: int) -> None:
    error = error_in_event("acme", event)

    assert isinstance(error, ProviderRefused)
    assert error.status == status
    assert error.message.endswith(": m")


def test_a_failed_response_without_a_reason_is_an_error_all_the_same() -> None:
    assert isinstance(error_in_event("acme", b'{"type":"response.failed"}'), ProviderRefused)


def test_credentials_rejected_inside_a_stream_are_rejected_credentials() -> None:
    assert isinstance(error_in_event("acme", b'{"error":{"code":401,"message":"m"}}'), ProviderCredentialsRejected)


@pytest.mark.parametrize(
    "event",
    [
        b"[DONE]",
        b"",
        b'{"choices":[{"delta":{"content":"an \\"error\\" happened"}}]}',
        b'{"choices":[],"error":null}',
        b'{"type":"response.created","response":{"error":null}}',
        b'{"choices":[{"delta":{"tool_calls":[{"function":{"name":"error"}}]}}]}',
        b'"error"',
        b'{"error"',
    ],
)
def test_an_ordinary_event_is_no_error(event: bytes) -> None:
    assert error_in_event("acme", event) is None


@given(JSON, st.integers(300, 599))
def test_no_body_of_any_shape_breaks_the_reading(body: object, status: int) -> None:
    encoded = json.dumps(body).encode()

    assert isinstance(meaning(status, encoded), GatewayError)
    error_in_event("acme", encoded)
