"""Errors in Anthropic's shape: `{"type": "error", "error": {"type", "message"}, "request_id"}`.

`error.type` goes by the status (platform.claude.com/docs/en/api/errors, read 2026-11). Clients read the wording of
one message: Claude Code takes the numbers out of "prompt is too long: N tokens > M maximum" to decide how much of a
conversation to compact, and shows anything else as it is. The SDK for Node (1.11) takes up a refused thread again as
a conversation that it sends in full, by the `details` that say so (its `ThreadState`, read 2026-11).
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from tokenrouter.domain.errors import ContextTooLong, GatewayError, ThreadsNotKept

_TYPES: Final = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_STATUSES: Final[Mapping[str, int]] = {
    "invalid_request_error": 400,
    "billing_error": 402,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""What an error event in a provider's stream means. Faults of our own credentials are no client's 401: they are 502."""
_UNTHREADED: Final = {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}


def error_type(error: GatewayError) -> str:
    """Return Anthropic's `type` for `error`."""
    known = _TYPES.get(error.status)
    if known is not None:
        return known
    return "api_error" if error.status >= 500 else "invalid_request_error"


def status_of(kind: str) -> int:
    """Return the HTTP status that an error `type` stands for, 502 where nobody knows."""
    return _STATUSES.get(kind, 502)


def error_body(error: GatewayError, request_id: str) -> bytes:
    """Return the JSON body of an error answer; there is no field for the place of the error, so the message has it."""
    place, message = error.param, _message(error)
    told = f"{place}: {message}" if place and place not in message else message
    shown: dict[str, object] = {"type": error_type(error), "message": told}
    if isinstance(error, ThreadsNotKept):
        shown["details"] = _UNTHREADED
    return msgspec.json.encode({"type": "error", "error": shown, "request_id": request_id})


def error_event(error: GatewayError, request_id: str) -> bytes:
    """Return the event that ends a stream: SDKs raise on the event's name, so it must have one."""
    return b"event: error\ndata: " + error_body(error, request_id) + b"\n\n"


def _message(error: GatewayError) -> str:
    if isinstance(error, ContextTooLong) and error.tokens is not None and error.maximum is not None:
        return prompt_too_long(error.tokens, error.maximum)
    return error.message


def prompt_too_long(tokens: int, maximum: int) -> str:
    """Return the message for a prompt that is longer than the model's window, in the words that clients parse."""
    return f"prompt is too long: {tokens} tokens > {maximum} maximum"
