"""What becomes of a request when a hook fails."""

import pytest
import structlog

from tests.gateway.hooked import Seen
from tokenrouter.domain.errors import GuardrailRefused, HookFailed, InputTooLarge
from tokenrouter.gateway.hook_rules import HookRule, told
from tokenrouter.hooks import Refused


def test_a_failure_is_logged_without_its_words_and_stops_what_is_not_to_go_on() -> None:
    with structlog.testing.capture_logs() as logged:
        HookRule("mine", ("global",), Seen(), fails_open=True).failed("on_answer", ValueError("secret"))
        with pytest.raises(HookFailed) as raised:
            HookRule("mine", ("global",), Seen()).failed("on_answer", ValueError("secret"))

    assert len(logged) == 2
    assert "secret" not in f"{logged}{raised.value}"


def test_a_refusal_is_told_by_its_status() -> None:
    assert isinstance(told(Refused("x")), GuardrailRefused)
    assert isinstance(told(Refused("x", is_too_large=True)), InputTooLarge)
