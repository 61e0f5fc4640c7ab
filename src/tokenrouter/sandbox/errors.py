"""The one error the sandbox raises, and its face on the wire.

Shape and codes follow OpenAI's "Error codes" guide (platform.openai.com/docs/guides/error-codes, read 2026-11):
an `error` object with message, type, param and code, the last two null where they say nothing.
"""

from typing import Final

_TYPES: Final = {
    429: "rate_limit_error",
    500: "server_error",
    502: "server_error",
    503: "server_error",
}


class ApiError(Exception):
    """An answer that is not a success.

    Attributes:
        status: HTTP status.
        headers: further headers of the answer, such as `retry-after`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers

    def document(self) -> dict[str, object]:
        kind = _TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}
