"""How a response says why it ended: by a status, a reason where it is incomplete, an error where it failed."""

from typing import Final

from tokenrouter.dialects.openai_responses.wire import WireError, WireResponse
from tokenrouter.domain.answers import Stop, StopReason
from tokenrouter.domain.errors import GatewayError, ProviderRefused

_INCOMPLETE: Final[dict[str, StopReason]] = {"max_output_tokens": "length", "content_filter": "filter"}
_REASONS: Final[dict[StopReason, str]] = {
    "length": "max_output_tokens",
    "context": "max_output_tokens",
    "filter": "content_filter",
}
_STATUSES: Final[dict[str, int]] = {
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "server_error": 500,
    "context_length_exceeded": 400,
    "invalid_prompt": 400,
}
"""What the codes of a failed response would be as an HTTP status (API reference, read 2026-11)."""


def stop_of(wire: WireResponse, *, has_calls: bool) -> Stop:
    """Return why a response that did not fail ended; an unknown reason counts as the end."""
    if wire.status == "incomplete":
        native = (wire.incomplete_details and wire.incomplete_details.reason) or "incomplete"
        return Stop(_INCOMPLETE.get(native, "end"), native=native)
    return Stop("tool" if has_calls else "end", native=wire.status or "")


def incomplete_reason(stop: Stop) -> str | None:
    """Return the reason of an incomplete response, None where `stop` is a proper end."""
    return _REASONS.get(stop.reason)


def failure_code(error: GatewayError) -> str:
    """Return the code of a failed response: the vendor's where clients know it, because some act on it, else ours."""
    vendor_code = error.vendor_code if isinstance(error, ProviderRefused) else ""
    return vendor_code if vendor_code in _STATUSES else error.code


def error_in(wire: WireError | str | None) -> tuple[str, str, int]:
    """Return message, code and HTTP status of an error."""
    if wire is None or isinstance(wire, str):
        return wire or "no reason given", "", 502
    code = str(wire.code or wire.type or "")
    return wire.message or "no reason given", code, _status(code)


def _status(code: str) -> int:
    if code in _STATUSES:
        return _STATUSES[code]
    if code.isdecimal() and 400 <= int(code) < 600:
        return int(code)
    return 400 if "image" in code or code.startswith("invalid") else 502
