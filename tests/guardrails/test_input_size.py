"""The largest input."""

import pytest

from tests.guardrails.requests import request
from tokenrouter.domain.guardrails import Guardrail
from tokenrouter.guardrails.input_size import InputSize
from tokenrouter.hooks import Refused


@pytest.mark.parametrize(("tokens", "body_bytes"), [(101, 0), (0, 1001)])
def test_what_is_larger_is_refused_with_what_to_do(tokens: int, body_bytes: int) -> None:
    hook = InputSize(Guardrail("small", "input_size", max_tokens=100, max_bytes=1000))
    with pytest.raises(Refused) as told:
        hook.before_request(request(tokens=tokens, body_bytes=body_bytes))

    assert told.value.is_too_large
    assert "Send less" in told.value.message


def test_what_just_fits_passes_and_0_is_no_bound() -> None:
    InputSize(Guardrail("small", "input_size", max_tokens=100)).before_request(request(tokens=100, body_bytes=10**9))
