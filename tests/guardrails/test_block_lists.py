"""Blocked words."""

import pytest

from tests.guardrails.requests import request, said
from tokenrouter.domain.guardrails import Guardrail
from tokenrouter.guardrails.block_lists import BlockList
from tokenrouter.hooks import Refused

WORDS = Guardrail("words", "block", words=("Project Zeus",), patterns={"1": "(?i)top-secret-[0-9]+"})
MASKING = Guardrail("words", "block", words=("Zeus",), action="mask", mask="[x]")


@pytest.mark.parametrize("text", ["about project zeus", "PROJECT ZEUS", "see Top-Secret-77."])
def test_what_is_blocked_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(Refused) as told:
        BlockList(WORDS).before_request(request("hello", text))

    assert "'words'" in told.value.message
    assert "zeus" not in told.value.message.lower()
    assert "77" not in told.value.message


def test_everything_else_passes() -> None:
    asked = request("projects of zeus", "top-secret")
    BlockList(WORDS).before_request(asked)
    assert said(asked) == ["projects of zeus", "top-secret"]


def test_what_is_masked_goes_on() -> None:
    asked = request("Zeus and zeus, zeussian")
    BlockList(MASKING).before_request(asked)
    assert said(asked) == ["[x] and [x], zeussian"]
