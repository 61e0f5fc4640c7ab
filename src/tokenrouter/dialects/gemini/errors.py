"""Errors in Google's shape: `{"error": {"code", "message", "status", "details"}}`.

`status` is the canonical code of `google.rpc.Code` for each HTTP status (cloud.google.com/apis/design/errors, read
2026-11). Google has no `retry-after` header: its SDKs and the Gemini CLI read `RetryInfo.retryDelay`.
"""

from typing import Any, Final

import msgspec

from tokenrouter.domain.errors import GatewayError

_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    426: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    431: "INVALID_ARGUMENT",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}
_HTTP_STATUSES: Final = {
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_TYPE: Final = "type.googleapis.com/google.rpc."
_DOMAIN: Final = "tokenrouter"
"""Whose reasons they are, in the words of ErrorInfo: ours, not Google's."""


def error_status(error: GatewayError) -> str:
    """Return Google's canonical code for `error`."""
    known = _STATUSES.get(error.status)
    if known is not None:
        return known
    return "INTERNAL" if error.status >= 500 else "INVALID_ARGUMENT"


def http_status(code: int | str | None, status: str | None) -> int:
    """Return the HTTP status that an error event means, 502 where it does not say."""
    if isinstance(code, int) and 400 <= code <= 599:
        return code
    return _HTTP_STATUSES.get(status or "", 502)


def error_body(error: GatewayError, request_id: str) -> bytes:
    """Return the JSON body of an error answer."""
    shown = {"code": error.status, "message": error.message, "status": error_status(error)}
    return msgspec.json.encode({"error": {**shown, "details": _details(error, request_id)}})


def _details(error: GatewayError, request_id: str) -> list[dict[str, Any]]:
    info = {"@type": _TYPE + "ErrorInfo", "reason": error.code.upper(), "domain": _DOMAIN}
    details: list[dict[str, Any]] = [info, {"@type": _TYPE + "RequestInfo", "requestId": request_id}]
    if error.param:
        violation = {"field": error.param, "description": error.message}
        details.append({"@type": _TYPE + "BadRequest", "fieldViolations": [violation]})
    if error.retry_after_s is not None:
        details.append({"@type": _TYPE + "RetryInfo", "retryDelay": _duration(error.retry_after_s)})
    return details


def _duration(seconds: float) -> str:
    """As protobuf's JSON writes one: seconds, up to three decimals here, and an `s`."""
    return f"{max(0.0, seconds):.3f}".rstrip("0").rstrip(".") + "s"


def error_event(error: GatewayError, request_id: str) -> bytes:
    """Return the event that ends a stream: Google's SDKs raise on a `data:` object with an `error` key."""
    return b"data: " + error_body(error, request_id) + b"\n\n"
