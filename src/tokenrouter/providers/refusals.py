"""What a provider's error means.

Vendors agree on status codes far more than on bodies, so the status decides; of the body only fields
that are made for machines are read (`code`, `type`, `status`, Google's `details`), never the wording of
a message. The message is repeated for people, in a bounded excerpt.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from tokenrouter.domain.errors import (
    MAX_MESSAGE_CHARS,
    ContentRefused,
    ContextTooLong,
    GatewayError,
    ModelNotFound,
    ProviderCredentialsRejected,
    ProviderProtocolError,
    ProviderRefused,
)
from tokenrouter.providers.context_errors import overflow_in

MAX_RETRY_AFTER_S: Final = 86_400.0
"""Longest wait that is repeated: a client told to wait longer would never come back."""
MAX_ERROR_BODY_BYTES: Final = 256 * 2**10
"""Larger error bodies are not looked into; the status alone decides."""

_CREDENTIAL_STATUSES: Final = frozenset({401, 403})
_OVERFLOW_STATUSES: Final = frozenset({400, 413, 422, 502})
"""Errors that may say that a conversation is too long; 502 stands for one inside a stream that names no status."""
_CREDENTIAL_CODES: Final = frozenset({"invalid_api_key", "authentication_error", "API_KEY_INVALID", "API_KEY_EXPIRED"})
"""Gemini answers a bad key with 400 and one of the last two as `details[].reason`
(https://cloud.google.com/apis/design/errors, google.api.ErrorReason)."""
_CONTENT_CODES: Final = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "image_content_policy_violation",
        "moderation_blocked",
        "flagged_input",
        "ResponsibleAIPolicyViolation",
        "PROHIBITED_CONTENT",
        "data_inspection_failed",
        "DataInspectionFailed",
    }
)
"""Names of refusals for what a request says, read 2026-11: OpenAI's of chats and pictures, Azure's (`content_filter`,
with the sixth as `innererror.code`; learn.microsoft.com, "Content filtering"), OpenRouter's (a field of
`error.metadata`; openrouter.ai/docs, "Errors"), Google's (ai.google.dev/api, BlockReason), and Alibaba's."""
_STATUSES: Final[Mapping[str, int]] = {
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "request_too_large": 413,
    "content_filter": 400,
    "content_policy_violation": 400,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "overloaded_error": 529,
}
"""What OpenAI's and Anthropic's words for an error mean where no status came with them, in a stream: on these clients
act (give up, wait), so they must not look like a fault that another try may mend."""
_MODEL_CODES: Final = frozenset(
    {"model_not_found", "model_not_found_error", "not_found_model", "invalid_model", "not_found_error", "NOT_FOUND"}
)
"""With a 404. The last two are all that Anthropic and Google say, and of what we ask them only the model can be
missing; Codex asks six times for a model unless an error names it so."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The parts of an error body that are used. `codes` holds every machine-readable name in it."""

    message: str = ""
    codes: frozenset[str] = frozenset()
    status: int | None = None
    retry_after_s: float | None = None


def error_of(provider: str, status: int, headers: Mapping[bytes, bytes], body: bytes) -> GatewayError | None:
    """Return what an answer with `status` means, or None when it is no error (below 300).

    Header names are lower-case.
    """
    if status < 300:
        return None
    if status < 400:
        return ProviderProtocolError(
            f"provider {provider!r} answered {status}, a redirect; redirects are not followed, correct its base_url",
            provider=provider,
        )
    refusal = read_refusal(body)
    waited = retry_after_s(headers)
    return _classify(provider, status, refusal, refusal.retry_after_s if waited is None else waited)


def error_in_event(provider: str, event: bytes) -> GatewayError | None:
    """Return the error that one stream event's data carries, or None when it is an ordinary event.

    Understands a top-level `error` (Chat Completions and its relatives), and the Responses API's
    `error` and `response.failed` events.
    """
    if b'"error"' not in event and b'"response.failed"' not in event:
        return None
    found = _error_of_event(_unwrapped(_decode(event)))
    if found is None:
        return None
    refusal = _refusal(found)
    status = next((_STATUSES[code] for code in refusal.codes if code in _STATUSES), 502)
    return _classify(provider, refusal.status or status, refusal, refusal.retry_after_s)


def read_refusal(body: bytes) -> Refusal:
    """Return what can be read from an error body in any of the vendors' shapes; empty when nothing can."""
    if len(body) > MAX_ERROR_BODY_BYTES:
        return Refusal()
    decoded = _unwrapped(_decode(body))
    if not isinstance(decoded, dict):
        return Refusal()
    return _refusal(decoded.get("error") or decoded)


def retry_after_s(headers: Mapping[bytes, bytes]) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` asks for, or None.

    A date in `retry-after` (RFC 9110, 10.2.3) is taken relative to the answer's own `date`, so neither
    our clock nor its difference to the provider's matters.
    """
    milliseconds = _number(headers.get(b"retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    value = headers.get(b"retry-after")
    seconds = _number(value)
    if seconds is not None:
        return _bounded(seconds)
    until, now = _date_s(value), _date_s(headers.get(b"date"))
    return None if until is None or now is None else _bounded(until - now)


def _classify(provider: str, status: int, refusal: Refusal, wait_s: float | None) -> GatewayError:
    message = f"provider {provider!r} answered {status}" + (f": {refusal.message}" if refusal.message else "")
    if status < 500 and refusal.codes & _CONTENT_CODES:
        return ContentRefused(message, provider=provider, status=400 if status == 403 else status)
    if status in _CREDENTIAL_STATUSES or refusal.codes & _CREDENTIAL_CODES:
        return ProviderCredentialsRejected(
            f"provider {provider!r} does not accept our credentials (it answered {status}); its key must be renewed",
            provider=provider,
        )
    if status == 404 and refusal.codes & _MODEL_CODES:
        return ModelNotFound(message, param="model")
    overflow = overflow_in(refusal.message, refusal.codes) if status in _OVERFLOW_STATUSES else None
    if overflow is not None:
        return ContextTooLong(message, provider=provider, tokens=overflow.tokens, maximum=overflow.maximum)
    return ProviderRefused(message, provider=provider, status=status, retry_after_s=wait_s)


def _error_of_event(event: Any) -> Any:
    if not isinstance(event, dict):
        return None
    if event.get("type") == "response.failed":
        response = event.get("response")
        return (response.get("error") if isinstance(response, dict) else None) or event
    if event.get("error"):
        return event["error"]
    return event if event.get("type") == "error" else None


def _refusal(error: Any) -> Refusal:
    if not isinstance(error, dict):
        return Refusal(message=_excerpt(error))
    details = [d for d in _list(error.get("details")) if isinstance(d, dict)]
    names = [error.get("code"), error.get("type"), error.get("status"), *(d.get("reason") for d in details)]
    names += _inner_names(error)
    return Refusal(
        message=_excerpt(error.get("message") or error.get("detail") or error.get("error")),
        codes=frozenset(name for name in names if isinstance(name, str)),
        status=next((s for s in (error.get("code"), error.get("status")) if _is_error_status(s)), None),
        retry_after_s=next((s for d in details if (s := _retry_delay_s(d)) is not None), None),
    )


def _inner_names(error: dict[str, Any]) -> list[Any]:
    """Return what Azure says in `innererror`, and the fields that OpenRouter has in `metadata`."""
    inner, metadata = error.get("innererror"), error.get("metadata")
    names = [inner.get("code")] if isinstance(inner, dict) else []
    return [*names, *metadata] if isinstance(metadata, dict) else names


def _retry_delay_s(detail: dict[str, Any]) -> float | None:
    """Read `retryDelay` of a google.rpc.RetryInfo: seconds with an `s` behind them."""
    delay = detail.get("retryDelay")
    if not isinstance(delay, str) or not delay.endswith("s"):
        return None
    seconds = _number(delay[:-1].encode("utf-8", "replace"))
    return None if seconds is None else _bounded(seconds)


def _decode(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None


def _unwrapped(decoded: Any) -> Any:
    """Take an error out of the list of one in which Gemini's compatible endpoint puts it."""
    return decoded[0] if isinstance(decoded, list) and decoded else decoded


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_error_status(value: Any) -> bool:
    return isinstance(value, int) and 400 <= value <= 599


def _excerpt(text: Any) -> str:
    if not isinstance(text, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in text[:MAX_MESSAGE_CHARS]).strip()


def _number(value: bytes | None) -> float | None:
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _date_s(value: bytes | None) -> float | None:
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value.decode("latin-1"))
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
