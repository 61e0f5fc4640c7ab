"""Which hook does what a guardrail of the file says."""

from collections.abc import Callable, Mapping
from typing import Final

from tokenrouter.domain.guardrails import Guardrail, GuardrailKind
from tokenrouter.guardrails.block_lists import BlockList
from tokenrouter.guardrails.input_size import InputSize
from tokenrouter.guardrails.redaction import Redaction
from tokenrouter.hooks import Hook

_KINDS: Final[Mapping[GuardrailKind, Callable[[Guardrail], Hook]]] = {
    "input_size": InputSize,
    "block": BlockList,
    "redact": Redaction,
}


def built(guardrail: Guardrail) -> Hook:
    """Return the hook of `guardrail`.

    Raises:
        InvalidPattern: one of its patterns cannot be used.
    """
    return _KINDS[guardrail.kind](guardrail)
