import pytest

from tokenrouter.dialects.openai_responses.stops import error_in, failure_code, incomplete_reason, stop_of
from tokenrouter.dialects.openai_responses.wire import WireError, WireIncomplete, WireResponse
from tokenrouter.domain.answers import Stop
from tokenrouter.domain.errors import ProviderCut, ProviderRefused, RateLimited


def test_a_complete_response_with_calls_stopped_for_them() -> None:
    assert stop_of(WireResponse(status="completed"), has_calls=True) == Stop("tool", native="completed")
    assert stop_of(WireResponse(), has_calls=False) == Stop("end")


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("max_output_tokens", Stop("length", native="max_output_tokens")),
        ("content_filter", Stop("filter", native="content_filter")),
        ("unheard_of", Stop("end", native="unheard_of")),
        (None, Stop("end", native="incomplete")),
    ],
)
def test_an_incomplete_response_stopped_for_its_reason(reason: str | None, stop: Stop) -> None:
    wire = WireResponse(status="incomplete", incomplete_details=WireIncomplete(reason))

    assert stop_of(wire, has_calls=True) == stop


def test_a_full_window_is_told_as_a_bound_that_was_met() -> None:
    assert incomplete_reason(Stop("context")) == incomplete_reason(Stop("length")) == "max_output_tokens"
    assert incomplete_reason(Stop("stop_sequence")) is None


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("rate_limit_exceeded", 429),
        ("context_length_exceeded", 400),
        ("invalid_image_url", 400),
        ("image_too_large", 400),
        ("server_error", 500),
        (503, 503),
        (99, 502),
        ("unheard_of", 502),
        (None, 502),
    ],
)
def test_an_error_has_the_status_that_its_code_means(code: str | int | None, status: int) -> None:
    assert error_in(WireError("no", code)) == ("no", str(code or ""), status)


def test_an_error_may_be_a_text_or_nothing() -> None:
    assert error_in("no")[0] == "no"
    assert error_in(None)[0] == "no reason given"
    assert error_in(WireError(type="server_error"))[1:] == ("server_error", 500)


def test_a_failure_is_told_by_a_code_that_clients_know_or_by_ours() -> None:
    refused = ProviderRefused("no", provider="p", status=429, vendor_code="rate_limit_exceeded")

    assert failure_code(refused) == "rate_limit_exceeded"
    assert failure_code(ProviderRefused("no", provider="p", status=429, vendor_code="e")) == "provider_refused"
    assert failure_code(ProviderCut("cut")) == "provider_cut"
    assert failure_code(RateLimited("slow")) == "rate_limit_exceeded"
