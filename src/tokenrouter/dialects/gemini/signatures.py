"""`thoughtSignature`: what Gemini itself signs, and what other providers want back through a Gemini client.

Clients return a signature on the part that had it, and many return no thoughts at all (the Gemini CLI does not). So
what another provider wrote, and the reasoning that it signs, go together into the signature of the call that follows,
and so does that call's id: the AI SDK drops ids (1.18.33 of opencode, 2026-11), and reasoning wants its own call back.
The field is bytes to Google's SDKs: anything but base64 is an error there, and Python's sends it back in the other
alphabet.
"""

import base64
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from tokenrouter.dialects.carried_state import seal, unseal
from tokenrouter.domain.items import ProviderState, Reasoning

FAMILY: Final = "gemini"
SKIPPED: Final = "skip_thought_signature_validator"
"""What Gemini takes in place of a signature (guide "Thought signatures", read 2026-11); the Gemini CLI sends it too."""
_SKIPPING: Final = (SKIPPED, "context_engineering_is_the_way_to_go")
_NO_STATE: Final = frozenset(
    (*_SKIPPING, *(base64.urlsafe_b64encode(word.encode()).decode().rstrip("=") for word in _SKIPPING))
)
"""As they are, and encoded once more; an SDK that reads them as base64 may change the alphabet."""
_MIN_CHARS: Final = 64
"""Longer values are no such words; a real signature has hundreds of characters."""
MAX_UNSIGNED_CHARS: Final = 64 * 2**10
"""Most reasoning without a signature that is carried: some providers want it back, but none must have it."""

_TAG: Final = b"trg1."
CARRIED_LEAD: Final = base64.b64encode(_TAG + b"\0").decode()[:6]
"""How every signature begins that we have made for another provider's state."""


class _CarriedReasoning(msgspec.Struct, array_like=True):
    texts: list[str]
    is_summary: bool
    id: str
    state: str


class _Carried(msgspec.Struct, array_like=True):
    state: str
    reasonings: list[_CarriedReasoning]
    call_id: str = ""


_decoder: Final = msgspec.json.Decoder(_Carried)


class Signed(NamedTuple):
    """What a signature held: state of the part itself, reasoning that stood before it, the id of the part's call."""

    state: ProviderState | None = None
    reasonings: tuple[Reasoning, ...] = ()
    call_id: str = ""


UNSIGNED: Final = Signed()
"""What no signature holds."""


def read_signature(value: str | None, origin: str = "") -> Signed:
    """Return what is in a part's `thoughtSignature`; words that only stand for a missing one are nothing."""
    if not value or (len(value) < _MIN_CHARS and _url_safe(value) in _NO_STATE):
        return UNSIGNED
    if value.startswith(CARRIED_LEAD) and (carried := _opened(value)) is not None:
        return carried
    return Signed(ProviderState(FAMILY, "thought_signature", value, origin))


def signature_of(state: ProviderState | None, reasonings: Sequence[Reasoning] = (), call_id: str = "") -> str:
    """Return the `thoughtSignature` for a part with `state` that stands behind `reasonings`; empty where none is due.

    `call_id` is that of the part, where it is a call.
    A signature of Gemini's own goes as it is, and then alone: it is all that Gemini asks for.
    """
    states = (state, *(each.state for each in reasonings))
    own = next((each for each in states if each is not None and each.family == FAMILY), None)
    if own is not None:
        return own.value
    carried = [_carried(each) for each in reasonings if _is_worth_carrying(each)]
    if state is None and not carried:
        return ""
    whole = msgspec.json.encode(_Carried(seal(state) if state else "", carried, call_id))
    return base64.b64encode(_TAG + whole).decode()


def _is_worth_carrying(reasoning: Reasoning) -> bool:
    return reasoning.state is not None or 0 < sum(map(len, reasoning.texts)) <= MAX_UNSIGNED_CHARS


def _carried(reasoning: Reasoning) -> _CarriedReasoning:
    state = seal(reasoning.state) if reasoning.state else ""
    return _CarriedReasoning(list(reasoning.texts), reasoning.is_summary, reasoning.id, state)


def _opened(value: str) -> Signed | None:
    plain = _url_safe(value)
    try:
        whole = base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
        carried = _decoder.decode(whole.removeprefix(_TAG))
    except (ValueError, msgspec.DecodeError):
        return None
    reasonings = tuple(
        Reasoning(tuple(each.texts), each.is_summary, _unsealed(each.state), each.id) for each in carried.reasonings
    )
    return Signed(_unsealed(carried.state), reasonings, carried.call_id)


def _url_safe(value: str) -> str:
    return value.rstrip("=").replace("+", "-").replace("/", "_")


def _unsealed(sealed: str) -> ProviderState | None:
    """Left sealed where it cannot be opened: whoever sorts state drops what belongs to nobody."""
    return unseal(ProviderState(FAMILY, "thought_signature", sealed)) if sealed else None
