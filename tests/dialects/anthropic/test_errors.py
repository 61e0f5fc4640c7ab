import json

import anthropic
import pytest

from tests.dialects import anthropic_sdk
from tokenrouter.dialects.anthropic.errors import error_body, error_event, prompt_too_long, status_of
from tokenrouter.domain.errors import (
    BodyTooLarge,
    ContextTooLong,
    GatewayError,
    InvalidKey,
    InvalidRequest,
    ModelNotAllowed,
    ModelNotFound,
    Overloaded,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
    RateLimited,
    ThreadsNotKept,
)


@pytest.mark.parametrize(
    ("error", "kind", "raised"),
    [
        (InvalidRequest("no"), "invalid_request_error", anthropic.BadRequestError),
        (InvalidKey("no"), "authentication_error", anthropic.AuthenticationError),
        (ModelNotAllowed("no"), "permission_error", anthropic.PermissionDeniedError),
        (ModelNotFound("no"), "not_found_error", anthropic.NotFoundError),
        (BodyTooLarge("no"), "request_too_large", anthropic.APIStatusError),
        (RateLimited("no"), "rate_limit_error", anthropic.RateLimitError),
        (ProviderUnreachable("no"), "api_error", anthropic.InternalServerError),
        (Overloaded("no"), "overloaded_error", anthropic.APIStatusError),
        (ProviderTimeout("no", provider="p", phase="total"), "timeout_error", anthropic.APIStatusError),
        (ProviderRefused("no", provider="p", status=402), "billing_error", anthropic.APIStatusError),
        (ProviderRefused("no", provider="p", status=529), "overloaded_error", anthropic.APIStatusError),
        (ProviderRefused("no", provider="p", status=422), "invalid_request_error", anthropic.APIStatusError),
    ],
)
def test_the_type_goes_by_the_status_and_the_sdk_raises_what_it_means(
    error: GatewayError, kind: str, raised: type[Exception]
) -> None:
    body = error_body(error, "req_1")

    assert json.loads(body) == {"type": "error", "error": {"type": kind, "message": "no"}, "request_id": "req_1"}
    with pytest.raises(raised, match="no"):
        anthropic_sdk.answered(body, error.status)


def test_the_place_of_a_mistake_is_told_in_the_message() -> None:
    placed = InvalidRequest("Expected `str`, got `int`.", param="messages[0].role")
    named = InvalidRequest("The field 'model' is missing.", param="model")

    assert json.loads(error_body(placed, "r"))["error"]["message"] == "messages[0].role: Expected `str`, got `int`."
    assert json.loads(error_body(named, "r"))["error"]["message"] == "The field 'model' is missing."


def test_the_event_has_a_name_because_sdks_go_by_it() -> None:
    assert error_event(InvalidRequest("no"), "req_1").startswith(b'event: error\ndata: {"type":"error"')


def test_faults_of_our_own_credentials_are_no_clients_fault() -> None:
    assert [status_of(kind) for kind in ("overloaded_error", "authentication_error", "novelty")] == [529, 502, 502]


def test_a_prompt_that_is_too_long_is_told_in_the_words_that_claude_code_parses() -> None:
    assert prompt_too_long(210_000, 200_000) == "prompt is too long: 210000 tokens > 200000 maximum"


def test_a_conversation_that_is_too_long_is_told_in_the_words_that_clients_parse() -> None:
    known = ContextTooLong("it was long", provider="acme", tokens=120, maximum=100)
    unknown = ContextTooLong("it was long", provider="acme")

    told = [json.loads(error_body(error, "req_1"))["error"] for error in (known, unknown)]

    assert [error["message"] for error in told] == ["prompt is too long: 120 tokens > 100 maximum", "it was long"]
    assert {error["type"] for error in told} == {"invalid_request_error"}


def test_a_refused_thread_is_told_so_that_the_sdk_goes_on_without_one() -> None:
    body = json.loads(error_body(ThreadsNotKept("no"), "req_1"))

    assert body["error"]["type"] == "invalid_request_error"
    assert body["error"]["details"] == {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
