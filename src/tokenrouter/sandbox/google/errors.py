"""Errors as Google's APIs answer them: `code`, `message`, `status`, and typed `details`.

From the Cloud API design guide ("Errors", google.rpc.Status and error_details.proto), the Gemini API's
troubleshooting page, and recorded answers (2025-2026): a bad API key is a 400 there, a quota's delay stands in a
RetryInfo and in no header.
"""

from collections.abc import Sequence
from typing import Final

from tokenrouter.sandbox.errors import ApiError

_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TYPE: Final = "type.googleapis.com/google.rpc."
_NO_CREDENTIALS: Final = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class GoogleError(ApiError):
    """An error with Google's words for it; its canonical status follows from the HTTP status."""

    def __init__(self, status: int, message: str, details: Sequence[dict[str, object]] = ()) -> None:
        super().__init__(status, message)
        self.details = tuple(details)

    def document(self) -> dict[str, object]:
        kind = _STATUSES.get(self.status, "UNKNOWN")
        error: dict[str, object] = {"code": self.status, "message": self.message, "status": kind}
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


def google_error(error: ApiError) -> GoogleError:
    """The same failure, as Google says it; one of its own is left as it is."""
    if isinstance(error, GoogleError):
        return error
    if error.status == 429:
        return _quota_exceeded(dict(error.headers).get("retry-after", "1"))
    return GoogleError(error.status, error.message)


def invalid(message: str) -> GoogleError:
    """400 INVALID_ARGUMENT."""
    return GoogleError(400, message)


def bad_fields(violations: Sequence[tuple[str, str]]) -> GoogleError:
    """400 for fields that cannot be read: (path, description) each, all of them told at once."""
    listed = [{"field": field, "description": text} if field else {"description": text} for field, text in violations]
    detail: dict[str, object] = {"@type": f"{_TYPE}BadRequest", "fieldViolations": listed}
    return GoogleError(400, "\n".join(text for _, text in violations), [detail])


def bad_api_key() -> GoogleError:
    """What the Gemini API says to a key it does not know."""
    return GoogleError(
        400,
        "API key not valid. Please pass a valid API key.",
        [_reason("API_KEY_INVALID", "generativelanguage.googleapis.com")],
    )


def no_api_key() -> GoogleError:
    """What the Gemini API says to a caller without a key."""
    return GoogleError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
        "form of API consumer identity to call this API.",
    )


def bad_token(reason: str) -> GoogleError:
    """What Vertex AI says to a missing, unknown or expired access token (`reason` such as ACCESS_TOKEN_EXPIRED)."""
    return GoogleError(401, _NO_CREDENTIALS, [_reason(reason, "aiplatform.googleapis.com")])


def _quota_exceeded(delay_s: str) -> GoogleError:
    violation = {"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}
    return GoogleError(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        [
            {"@type": f"{_TYPE}QuotaFailure", "violations": [violation]},
            {"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{delay_s}s"},
        ],
    )


def _reason(reason: str, service: str) -> dict[str, object]:
    """An ErrorInfo detail."""
    return {
        "@type": f"{_TYPE}ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": service},
    }
