"""Ids of tool calls: each dialect has its own idea of what one may look like.

Clients get ids that every dialect accepts (letters, digits, `_`, `-`, at most 64), because an id with other
characters poisons the conversation as soon as it is replayed elsewhere. Some vendors want their own odd
ids back, so ours hold the original; no table is needed to restore it.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Final, Literal

IdRule = Literal["any", "safe", "forty", "nine"]
"""What a provider accepts: anything; letters, digits, `_` and `-`, up to 64 or up to 40 of them (OpenAI's Chat
Completions: vercel/ai#8132, openclaw/openclaw#875); exactly nine letters or digits."""
MAX_CHARS: Final[Mapping[IdRule, int]] = {"safe": 64, "forty": 40, "nine": 9}
"""By rule, where there is a bound."""

_SAFE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Anthropic's pattern, with OpenAI's length."""
_NINE: Final = re.compile(r"[A-Za-z0-9]{9}")
_WRAPPED: Final = "trid_"
_HASHED: Final = "trih_"


def client_call_id(call_id: str) -> str:
    """Return an id for the client that stands for a provider's `call_id`."""
    if _SAFE.fullmatch(call_id) and not call_id.startswith(_WRAPPED):
        return call_id
    wrapped = _WRAPPED + base64.urlsafe_b64encode(call_id.encode()).decode().rstrip("=")
    return wrapped if len(wrapped) <= MAX_CHARS["safe"] else _hashed(call_id)


def provider_call_id(call_id: str, rule: IdRule) -> str:
    """Return what a provider gets for an id that a client sent: its own, if it was ours to wrap, else one that fits."""
    original = _unwrapped(call_id) if call_id.startswith(_WRAPPED) else call_id
    if rule == "any":
        return original
    if rule == "nine":
        return original if _NINE.fullmatch(original) else _nine_of(original)
    if _SAFE.fullmatch(original) is None:
        original = client_call_id(original)
    return original if len(original) <= MAX_CHARS[rule] else _hashed(original)


def _hashed(call_id: str) -> str:
    """A hash in forty characters."""
    return _HASHED + hashlib.sha256(call_id.encode()).hexdigest()[:35]


def made_call_id(answer_id: str, index: int) -> str:
    """Return an id for a call that its provider gave none; the same for the same answer, unlike any other's."""
    return "call_" + hashlib.sha256(f"{answer_id}:{index}".encode()).hexdigest()[:24]


def _unwrapped(call_id: str) -> str:
    text = call_id.removeprefix(_WRAPPED)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return call_id


def _nine_of(call_id: str) -> str:
    """A hash in nine characters."""
    return base64.b32encode(hashlib.sha256(call_id.encode()).digest()).decode()[:9].lower()
