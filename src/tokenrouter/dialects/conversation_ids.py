"""What a client says of the conversation that its request belongs to: its name, or the answer that it goes on from.

In the order of TokenRouter-Go: a header, then a field of the body or of its metadata; before that stand what the coding
agents of today say (`dialects/sessions.py`, seen in recordings of 2026-11).
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tokenrouter.dialects.sessions import SESSION_HEADERS

MAX_ID_CHARS: Final = 200
"""A longer name is not one."""
_NAMES: Final = ("conversation_id", "conversationId", "thread_id", "threadId", "session_id", "sessionId")
_NAMING_HEADERS: Final = (b"x-conversation-id", b"conversation-id", *SESSION_HEADERS)
_PREVIOUS_HEADERS: Final = (b"x-previous-response-id", b"previous-response-id")


class Named(msgspec.Struct, frozen=True):
    """What was said; "" where nothing was."""

    session: str = ""
    previous: str = ""
    model: str = ""


class _Fields(msgspec.Struct):
    """The few fields of a body that matter here; all others are passed over unread."""

    model: Any = ""
    metadata: Any = None
    conversation: Any = None
    conversation_id: Any = ""
    conversationId: Any = ""  # noqa: N815 (as clients write it)
    thread_id: Any = ""
    threadId: Any = ""  # noqa: N815
    session_id: Any = ""
    sessionId: Any = ""  # noqa: N815
    prompt_cache_key: Any = ""
    previous_response_id: Any = ""


_fields: Final = msgspec.json.Decoder(_Fields)
_user: Final = msgspec.json.Decoder(dict[str, Any])


def named_in(headers: Mapping[bytes, bytes], body: bytes) -> Named:
    """Return what headers (of lower-case names) and a body say; a body that is no JSON object says nothing."""
    try:
        fields = _fields.decode(body)
    except (msgspec.DecodeError, RecursionError):
        fields = _Fields()
    return Named(
        _in_headers(headers, _NAMING_HEADERS) or _in_body(fields),
        _in_headers(headers, _PREVIOUS_HEADERS) or _id(fields.previous_response_id),
        _id(fields.model),
    )


def _in_headers(headers: Mapping[bytes, bytes], names: tuple[bytes, ...]) -> str:
    return next((said for name in names if (said := _id(headers.get(name, b"").decode("latin-1")))), "")


def _in_body(fields: _Fields) -> str:
    own = (_id(getattr(fields, name)) for name in _NAMES)
    conversation = fields.conversation
    held = conversation.get("id") if isinstance(conversation, dict) else conversation
    return next(filter(None, own), "") or _in_metadata(fields.metadata) or _id(held) or _id(fields.prompt_cache_key)


def _in_metadata(metadata: Any) -> str:
    if not isinstance(metadata, dict):
        return ""
    named = next((said for name in _NAMES if (said := _id(metadata.get(name)))), "")
    return named or _in_user(metadata.get("user_id"))


def _in_user(user: Any) -> str:
    """Return the session that Claude Code writes into its user's name, as JSON or behind `_session_`."""
    if not isinstance(user, str):
        return ""
    if user.startswith("{"):
        try:
            return _id(_user.decode(user).get("session_id"))
        except (msgspec.DecodeError, RecursionError):
            return ""
    return _id(user.partition("_session_")[2])


def _id(value: Any) -> str:
    return value.strip() if isinstance(value, str) and len(value) <= MAX_ID_CHARS else ""
