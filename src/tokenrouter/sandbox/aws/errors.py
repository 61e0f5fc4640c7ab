"""Errors as Amazon Bedrock answers them: the kind in a header, `message` in the body.

From the Bedrock Runtime API reference ("Common Errors", "Converse", read 2026-11) and AWS's REST-JSON protocol
(smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html): clients read the kind from `x-amzn-errortype`.
"""

from typing import Final

from tokenrouter.sandbox.errors import ApiError

_KINDS: Final = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}
_STATUSES: Final = {401: 403}
"""Bedrock knows no 401: whoever it does not know is forbidden."""
_THROTTLED: Final = "Too many requests, please wait before trying again."


class AwsError(ApiError):
    """An error of a modelled or common kind, such as `ThrottlingException`."""

    def __init__(self, status: int, kind: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(status, message, headers=(("x-amzn-errortype", kind), *headers))
        self.kind = kind

    def document(self) -> dict[str, object]:
        return {"message": self.message}


def aws_error(error: ApiError) -> AwsError:
    """The same failure, as Bedrock says it; one of its own is left as it is."""
    if isinstance(error, AwsError):
        return error
    status = _STATUSES.get(error.status, error.status)
    message = _THROTTLED if status == 429 else error.message
    return AwsError(status, _KINDS.get(error.status, "InternalServerException"), message)
