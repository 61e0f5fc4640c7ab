"""Errors in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`.

`type` is what the vendor's SDKs and users know for each status (platform.openai.com/docs/guides/error-codes,
read 2026-11); the SDKs choose their exception class by status alone. The request id stands beside the
error because a screenshot of an error is often all that an operator gets.
"""

from typing import Final

import msgspec

from tokenrouter.domain.errors import GatewayError

_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
}


def error_type(error: GatewayError) -> str:
    """Return OpenAI's `type` for `error`."""
    if error.code == "insufficient_quota":
        return "insufficient_quota"
    if error.status >= 500:
        return "server_error"
    return _TYPES.get(error.status, "invalid_request_error")


def error_body(error: GatewayError, request_id: str) -> bytes:
    """Return the JSON body of an error answer."""
    shown = {"message": error.message, "type": error_type(error), "param": error.param, "code": error.code}
    return msgspec.json.encode({"error": shown, "request_id": request_id})


def error_event(error: GatewayError, request_id: str, told: bytes = b"") -> bytes:
    """Return the event that ends a stream: the SDKs raise on a `data:` object with an `error` key only."""
    return b"data: " + error_body(error, request_id) + b"\n\n"
