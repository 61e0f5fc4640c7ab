"""Guardrails and their hooks."""

from tokenrouter.domain.guardrails import Guardrail
from tokenrouter.guardrails.block_lists import BlockList
from tokenrouter.guardrails.building import built
from tokenrouter.guardrails.input_size import InputSize
from tokenrouter.guardrails.redaction import Redaction


def test_each_kind_has_its_hook() -> None:
    assert isinstance(built(Guardrail("a", "input_size", max_tokens=1)), InputSize)
    assert isinstance(built(Guardrail("a", "block", words=("x",))), BlockList)
    assert isinstance(built(Guardrail("a", "redact")), Redaction)
