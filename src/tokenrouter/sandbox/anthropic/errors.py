"""Errors as Anthropic answers them: a type that follows from the status, a message, and the request's id.

From Anthropic's API reference ("Errors", as of 2026-11): `{"type": "error", "error": {"type", "message"},
"request_id"}`; being overloaded is a 529 there. The words of refusals are those its API has answered (seen 2025-2026).
"""

from typing import Final, NoReturn

from tokenrouter.sandbox.errors import ApiError

_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_STATUSES: Final = {503: 529}
_FIELD_FAULTS: Final = {
    "missing_required_parameter": "Field required",
    "invalid_type": "Input should be a valid string",
}
"""What can be wrong with the model's name before the shapes are looked at, by the sandbox's own code for it."""
_MESSAGES: Final = {
    401: "invalid x-api-key",
    429: "This request would exceed your organization's rate limit. Please try again later.",
    503: "Overloaded",
}
"""What Anthropic says where the sandbox has words of another vendor."""


class AnthropicError(ApiError):
    """An error whose type follows from its status; `request_id` names the request it answers."""

    def __init__(
        self, status: int, message: str, request_id: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(status, message, headers=headers)
        self.request_id = request_id

    def document(self) -> dict[str, object]:
        error = {"type": _TYPES.get(self.status, "api_error"), "message": self.message}
        document: dict[str, object] = {"type": "error", "error": error}
        return {**document, "request_id": self.request_id} if self.request_id else document


def anthropic_error(error: ApiError, request_id: str | None = None) -> AnthropicError:
    """The same failure, as Anthropic says it."""
    if isinstance(error, AnthropicError):
        return AnthropicError(error.status, error.message, request_id, error.headers)
    if error.code == "model_not_found":
        return AnthropicError(404, f"model: {error.message.split('`')[1]}", request_id)
    if error.code in _FIELD_FAULTS:
        return AnthropicError(400, f"{error.param}: {_FIELD_FAULTS[error.code]}", request_id)
    status = _STATUSES.get(error.status, error.status)
    return AnthropicError(status, _MESSAGES.get(error.status, error.message), request_id, error.headers)


def refuse(message: str) -> NoReturn:
    """Raises: AnthropicError 400 invalid_request_error."""
    raise AnthropicError(400, message)
