"""Failures have Anthropic's shape and types."""

import pytest

from tokenrouter.sandbox.anthropic.errors import AnthropicError, anthropic_error
from tokenrouter.sandbox.errors import ApiError


@pytest.mark.parametrize(
    ("status", "told", "kind"),
    [
        (400, 400, "invalid_request_error"),
        (401, 401, "authentication_error"),
        (402, 402, "billing_error"),
        (403, 403, "permission_error"),
        (404, 404, "not_found_error"),
        (413, 413, "request_too_large"),
        (429, 429, "rate_limit_error"),
        (500, 500, "api_error"),
        (503, 529, "overloaded_error"),
        (504, 504, "timeout_error"),
    ],
)
def test_the_type_follows_from_the_status(status: int, told: int, kind: str) -> None:
    error = anthropic_error(ApiError(status, "x"), "req_1")

    assert error.status == told
    document = error.document()
    assert document["type"] == "error"
    assert document["request_id"] == "req_1"
    assert document["error"] == {"type": kind, "message": error.message}


def test_headers_go_along() -> None:
    error = ApiError(429, "slow down", headers=(("retry-after", "1"),))

    assert anthropic_error(error).headers == (("retry-after", "1"),)


def test_one_of_its_own_keeps_its_words() -> None:
    error = anthropic_error(AnthropicError(401, "Invalid bearer token"), "req_2")

    assert (error.message, error.request_id) == ("Invalid bearer token", "req_2")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ApiError(400, "?", param="model", code="missing_required_parameter"), "model: Field required"),
        (ApiError(400, "?", param="model", code="invalid_type"), "model: Input should be a valid string"),
        (ApiError(404, "The model `x` does not exist.", code="model_not_found"), "model: x"),
    ],
)
def test_what_is_wrong_with_the_model_is_said_in_its_words(error: ApiError, message: str) -> None:
    assert anthropic_error(error).message == message
