"""Provider state in the one field that the Responses API has for it: `encrypted_content` of a reasoning item.

Other dialects sign calls and plain words as well. Such a signature travels in a reasoning item of its own, with
the id of its call before it: clients send items back in their own order and leave out the ids of items, but the
id of a call is what they must not change. What belongs to the words before it has no id there.
"""

from typing import Final

from tokenrouter.dialects.carried_state import seal, unseal
from tokenrouter.dialects.openai_responses.wire import FAMILY
from tokenrouter.domain.items import ProviderState

_BETWEEN: Final = "."
"""Not in any id of a call that clients get (`call_ids.client_call_id`)."""


def told_state(state: ProviderState) -> str:
    """Return `state` of a reasoning item for its own field: OpenAI's as it was, another's sealed."""
    return state.value if state.family == FAMILY else seal(state)


def bound_state(state: ProviderState, call_id: str = "") -> str:
    """Return `state` of a call, or of the words before it where `call_id` is empty."""
    return call_id + _BETWEEN + seal(state)


def read_bound_state(value: str) -> tuple[str, ProviderState] | None:
    """Return what `bound_state` was made from, or None for anything else."""
    call_id, between, sealed = value.partition(_BETWEEN)
    if not between:
        return None
    carried = ProviderState(FAMILY, "encrypted", sealed)
    state = unseal(carried)
    return None if state is carried else (call_id, state)
