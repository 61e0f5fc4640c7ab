import json

import pytest

from tokenrouter.dialects.gemini.errors import error_body, error_event, error_status, http_status
from tokenrouter.domain.errors import (
    BodyTooLarge,
    GatewayError,
    InternalError,
    InvalidKey,
    InvalidRequest,
    ModelNotAllowed,
    ModelNotFound,
    Overloaded,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
    RateLimited,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidRequest("x"), "INVALID_ARGUMENT"),
        (InvalidKey("x"), "UNAUTHENTICATED"),
        (ModelNotAllowed("x"), "PERMISSION_DENIED"),
        (ModelNotFound("x"), "NOT_FOUND"),
        (BodyTooLarge("x"), "INVALID_ARGUMENT"),
        (RateLimited("x"), "RESOURCE_EXHAUSTED"),
        (InternalError("x"), "INTERNAL"),
        (ProviderUnreachable("x"), "UNAVAILABLE"),
        (Overloaded("x"), "UNAVAILABLE"),
        (ProviderTimeout("x", provider="p", phase="total"), "DEADLINE_EXCEEDED"),
        (ProviderRefused("x", provider="p", status=418), "INVALID_ARGUMENT"),
        (ProviderRefused("x", provider="p", status=599), "INTERNAL"),
    ],
)
def test_each_status_has_googles_word_for_it(error: GatewayError, status: str) -> None:
    assert error_status(error) == status


def test_the_body_has_what_googles_sdks_and_a_person_need() -> None:
    error = json.loads(error_body(InvalidRequest("Bad.", param="contents"), "req_1"))["error"]

    assert (error["code"], error["message"], error["status"]) == (400, "Bad.", "INVALID_ARGUMENT")
    kinds = {detail["@type"].rpartition(".")[2]: detail for detail in error["details"]}
    assert kinds["ErrorInfo"]["reason"] == "INVALID_REQUEST"
    assert kinds["RequestInfo"]["requestId"] == "req_1"
    assert kinds["BadRequest"]["fieldViolations"][0]["field"] == "contents"
    assert "RetryInfo" not in kinds


@pytest.mark.parametrize(("seconds", "told"), [(34.4, "34.4s"), (2, "2s"), (0.0004, "0s"), (86400.0, "86400s")])
def test_when_to_come_back_is_a_duration_of_protobuf(seconds: float, told: str) -> None:
    details = json.loads(error_body(RateLimited("Slow.", retry_after_s=seconds), "r"))["error"]["details"]

    assert details[-1] == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": told}


def test_an_event_is_one_data_line() -> None:
    event = error_event(InternalError("x"), "r")

    assert event.startswith(b'data: {"error":')
    assert event.endswith(b"}\n\n")
    assert event.count(b"\n") == 2


def test_an_event_of_googles_means_its_code_or_the_code_of_its_status() -> None:
    assert http_status(503, None) == 503
    assert http_status(None, "RESOURCE_EXHAUSTED") == 429
    assert http_status(8, "RESOURCE_EXHAUSTED") == 429
    assert http_status("x", "y") == 502
