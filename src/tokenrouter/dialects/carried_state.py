"""Provider state on a round trip through a client of another dialect.

A client returns what its own dialect makes it return: Anthropic's `signature`, the Responses API's
`encrypted_content`, Gemini's `thoughtSignature`. What another provider wrote goes there under a tag that says
where it belongs, so that on its return it reaches its own provider, and no other.
"""

import base64
from typing import Final

import msgspec

from tokenrouter.domain.items import ProviderState

_TAG: Final = "trs1."
_decoder: Final = msgspec.json.Decoder(tuple[str, str, str, str])


def seal(state: ProviderState) -> str:
    """Return `state` as text of letters, digits and `+/=.`, for a field of another dialect."""
    whole = msgspec.json.encode((state.family, state.kind, state.value, state.origin))
    return _TAG + base64.b64encode(whole).decode()


def unseal(state: ProviderState) -> ProviderState:
    """Return what a client brought back: what was sealed in it, or itself where nothing was."""
    if not state.value.startswith(_TAG):
        return state
    try:
        family, kind, value, origin = _decoder.decode(base64.b64decode(state.value[len(_TAG) :]))
        return msgspec.convert({"family": family, "kind": kind, "value": value, "origin": origin}, ProviderState)
    except (ValueError, msgspec.DecodeError):
        return state
