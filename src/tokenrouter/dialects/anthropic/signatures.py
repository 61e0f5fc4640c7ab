"""What goes into `thinking.signature`, the one field in which Anthropic's clients bring provider state back.

A signature of Anthropic's own goes as it is. What another provider wrote is sealed (`carried_state.py`). State of a
call has no field of its own here: it travels in a thinking block without words that names its call, because clients
return every block of a turn, in whatever order.
"""

from typing import Final

from tokenrouter.dialects.anthropic.wire import FAMILY
from tokenrouter.dialects.carried_state import seal, unseal
from tokenrouter.domain.items import ProviderState

_CALL_LEAD: Final = "trc1."


def signature_of(state: ProviderState) -> str:
    """Return the signature that stands for `state`."""
    return state.value if state.family == FAMILY and state.kind == "signature" else seal(state)


def call_signature(call_id: str, state: ProviderState) -> str:
    """Return the signature of a thinking block that carries the state of the call `call_id` (without dots)."""
    return f"{_CALL_LEAD}{call_id}.{seal(state)}"


def call_state(signature: str) -> tuple[str, ProviderState] | None:
    """Return the call that a signature is about and its state, still sealed; None for any other signature."""
    if not signature.startswith(_CALL_LEAD):
        return None
    call_id, _, sealed = signature.removeprefix(_CALL_LEAD).partition(".")
    return call_id, ProviderState(FAMILY, "signature", sealed)


def is_anthropics_own(signature: str) -> bool:
    """Whether Anthropic may have made `signature`: it answers 400 to an empty one, and to ours."""
    if not signature or signature.startswith(_CALL_LEAD):
        return False
    state = ProviderState(FAMILY, "signature", signature)
    return unseal(state) is state
