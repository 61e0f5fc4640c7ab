"""Everything that can go wrong with a request, as one tree.

The class of an error carries the facts that decisions need (status, code, whose fault it is, whether
trying again may help), so that nobody has to read meaning out of a message:

    GatewayError
    ├── ClientError                      the caller can mend it
    │   ├── InvalidRequest 400
    │   │   ├── InvalidJson              the body is not one JSON object
    │   │   ├── MissingModel
    │   │   ├── NestedTooDeeply
    │   │   ├── PreviousResponseNotFound
    │   │   ├── ThreadsNotKept
    │   │   ├── InputUnbounded           nobody can say how much it is, and the key has hard limits
    │   │   └── GuardrailRefused         a guardrail or a hook of the operator's does not let it through
    │   ├── MalformedHttp 400            not HTTP, or HTTP that two parsers could read differently
    │   ├── InvalidKey 401
    │   │   ├── MissingKey
    │   │   ├── ExpiredKey
    │   │   └── DisabledKey
    │   ├── AddressNotAllowed 403
    │   ├── HttpsRequired 403            the key has crossed the network readable
    │   ├── RoleNotAllowed 403
    │   ├── ModelNotAllowed 403
    │   ├── ModelUnpriced 403            nobody said what it costs, and the key may not use such
    │   ├── PassthroughDenied 403
    │   ├── ModelNotFound 404
    │   ├── NotFound 404                 no file, batch, … of the caller's has this id
    │   ├── PathNotFound 404
    │   ├── MethodNotAllowed 405
    │   ├── RequestTimedOut 408          the caller stopped sending
    │   ├── AnswerNotShared 409          the same request was sent before, and its answer cannot be given again
    │   ├── BodyTooLarge 413
    │   ├── InputTooLarge 413            larger than a guardrail lets through
    │   ├── UnsupportedEncoding 415
    │   ├── IdempotencyKeyReused 422     the same key came with another request
    │   ├── UpgradeRequired 426
    │   ├── LimitReached 429
    │   │   ├── RateLimited              a rate or concurrency limit; waiting helps
    │   │   ├── QuotaReserved            requests in flight hold what is left; waiting may help
    │   │   └── QuotaExceeded            nothing is left in this window
    │   ├── HeadTooLarge 431
    │   └── NotCached 504                the caller wanted nobody to be asked
    ├── ProviderError                    the provider failed us
    │   ├── ProviderUnreachable 502
    │   ├── ProviderProtocolError 502    its bytes are not what its protocol says
    │   ├── ProviderCredentialsRejected 502
    │   ├── ProviderRefused              it answered with an error of its own; `status` is its status
    │   │   ├── ContentRefused           it may not answer what was said; another provider may
    │   │   └── ContextTooLong 400       the conversation does not fit the model's window
    │   ├── ProviderCut 502              the answer ended early
    │   ├── ProviderSlow 504             its stream began too slowly
    │   └── ProviderTimeout 504
    └── ServerError                      we failed
        ├── InternalError 500
        ├── HookFailed 503               a hook without which requests are not to go on has failed
        ├── ControlPlaneAway 503
        ├── CountersNotReady 503         limits are being restored after a start
        ├── JournalUnavailable 503       nothing may be spent that could not be recorded
        ├── Overloaded 503               more is on its way to us than there is memory for
        └── ShuttingDown 503
"""

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from tokenrouter.domain.limits import LimitState

Fault = Literal["client", "provider", "gateway"]


class GatewayError(Exception):
    """An outcome that the caller is told about in their own dialect.

    Attributes:
        status: HTTP status of the answer.
        code: stable machine-readable name, part of the API.
        fault: who has to mend it.
        retryable: whether the same request may succeed later or elsewhere.
        message: one sentence for people: what was wrong with which value, and what to do.
        param: the request field at fault, or None.
        retry_after_s: when to come back, or None.
        headers: lines that its answer has besides, each ended by CRLF.
        quota: JSON that its answer has besides, as the field of that name.
    """

    headers: bytes = b""
    quota: bytes = b""
    status: int = 500
    code: ClassVar[str] = "internal_error"
    fault: ClassVar[Fault] = "gateway"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, param: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s


class ClientError(GatewayError):
    """The caller can mend it."""

    status = 400
    code = "invalid_request"
    fault = "client"


class InvalidRequest(ClientError):
    """A field has a value that cannot be used."""


class InvalidJson(InvalidRequest):
    """The body is not one JSON object."""

    code = "invalid_json"


class MissingModel(InvalidRequest):
    """The body names no model."""

    code = "missing_model"


class NestedTooDeeply(InvalidRequest):
    """The body's JSON is nested deeper than any client writes."""

    code = "nested_too_deeply"


class PreviousResponseNotFound(InvalidRequest):
    """The response that a request goes on from is not stored, or another's."""

    code = "previous_response_not_found"


class ThreadsNotKept(InvalidRequest):
    """The request leaves its history to a thread, and we keep none."""

    code = "threads_not_kept"


class InputUnbounded(InvalidRequest):
    """Nobody can say beforehand how many tokens the input has, and the key may not send such under a hard limit."""

    code = "input_unbounded"


class GuardrailRefused(InvalidRequest):
    """A guardrail or a hook does not let the request, or its answer, through; the message says why."""

    code = "guardrail_refused"


class MalformedHttp(ClientError):
    """The bytes are not HTTP/1.x, or could be read in two ways."""

    code = "malformed_http"


class InvalidKey(ClientError):
    """The key is not one of ours."""

    status = 401
    code = "invalid_api_key"


class MissingKey(InvalidKey):
    """No key was sent."""

    code = "missing_api_key"


class ExpiredKey(InvalidKey):
    """The key, or one of its parents, is past its end."""

    code = "expired_api_key"


class DisabledKey(InvalidKey):
    """The key, or one of its parents, was switched off or revoked."""

    code = "disabled_api_key"


class AddressNotAllowed(ClientError):
    """The key may not be used from this address."""

    status = 403
    code = "address_not_allowed"


class HttpsRequired(ClientError):
    """A key was sent over plain HTTP where HTTPS is served."""

    status = 403
    code = "https_required"


class RoleNotAllowed(ClientError):
    """The key's role does not reach this far."""

    status = 403
    code = "role_not_allowed"


class ModelNotAllowed(ClientError):
    """The key may not use this model."""

    status = 403
    code = "model_not_allowed"


class ModelUnpriced(ClientError):
    """Nobody has said what the model costs, and this key may not use what cannot be counted in money."""

    status = 403
    code = "model_unpriced"


class PassthroughDenied(ClientError):
    """The key, its limits, or the provider do not let this request through raw."""

    status = 403
    code = "passthrough_denied"


class ModelNotFound(ClientError):
    """No provider offers this model."""

    status = 404
    code = "model_not_found"


class NotFound(ClientError):
    """Nothing of the caller's has this id; whether somebody else's has is not told."""

    status = 404
    code = "not_found"


class PathNotFound(ClientError):
    """There is nothing at this path."""

    status = 404
    code = "path_not_found"


class MethodNotAllowed(ClientError):
    """The path exists, the method does not."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, message: str, *, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


class RequestTimedOut(ClientError):
    """The caller stopped sending before the request was whole."""

    status = 408
    code = "request_timeout"
    retryable = True


class AnswerNotShared(ClientError):
    """The same request, by its idempotency key, was sent before, and its answer was too long to be given again."""

    status = 409
    code = "idempotent_answer_not_kept"


class IdempotencyKeyReused(ClientError):
    """An idempotency key was sent before with another request."""

    status = 422
    code = "idempotency_key_reused"


class NotCached(ClientError):
    """No answer is kept, and the caller wanted nobody to be asked."""

    status = 504
    code = "not_cached"


class BodyTooLarge(ClientError):
    """The body, as sent or as decompressed, is over the bound."""

    status = 413
    code = "body_too_large"


class InputTooLarge(ClientError):
    """The input is larger than a guardrail lets through."""

    status = 413
    code = "input_too_large"


class UnsupportedEncoding(ClientError):
    """A Content-Encoding that we do not read, or a body that is not in the encoding it names."""

    status = 415
    code = "unsupported_encoding"


class UpgradeRequired(ClientError):
    """The caller asked for a WebSocket; the same is served by POST (Codex falls back at once on 426)."""

    status = 426
    code = "upgrade_required"


class LimitReached(ClientError):
    """A limit of the key, its owner, or the whole gateway stands in the way.

    `states` are all limits that apply to the request, as they are now: a shorter answer may fit into them.
    """

    status = 429
    code = "rate_limit_exceeded"
    retryable = True
    states: Sequence[LimitState] = ()


class RateLimited(LimitReached):
    """A rate or concurrency limit; waiting helps."""


class QuotaReserved(LimitReached):
    """What is left is held by requests that are still running."""

    code = "quota_reserved"


class QuotaExceeded(LimitReached):
    """Nothing is left until the window ends."""

    code = "insufficient_quota"


class HeadTooLarge(ClientError):
    """The request line and headers are over the bound."""

    status = 431
    code = "head_too_large"


class ProviderError(GatewayError):
    """The provider failed us."""

    status = 502
    code = "provider_error"
    fault = "provider"
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        param: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, param=param, retry_after_s=retry_after_s)
        self.provider = provider


class ProviderUnreachable(ProviderError):
    """No connection, or it broke before any byte of an answer."""

    code = "provider_unreachable"


class ProviderProtocolError(ProviderError):
    """The provider's bytes are not what its protocol says."""

    code = "provider_protocol_error"


class ProviderCredentialsRejected(ProviderError):
    """The provider does not accept our credentials.

    Never shown to the client as 401: clients would ask their user to sign in, or retry for ever.
    """

    code = "provider_credentials_rejected"
    retryable = False


class ProviderRefused(ProviderError):
    """The provider answered with an error of its own inside a stream; `status` and `vendor_code` are its own."""

    code = "provider_refused"

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        status: int,
        retry_after_s: float | None = None,
        vendor_code: str = "",
    ) -> None:
        super().__init__(message, provider=provider, retry_after_s=retry_after_s)
        self.status = status
        self.vendor_code = vendor_code


class ContextTooLong(ProviderRefused):
    """The conversation does not fit the model's window.

    Attributes:
        tokens, maximum: how long it is and may be, where the provider tells.
    """

    status = 400
    code = "context_length_exceeded"
    retryable = False

    def __init__(self, message: str, *, provider: str, tokens: int | None = None, maximum: int | None = None) -> None:
        super().__init__(message, provider=provider, status=400)
        self.tokens = tokens
        self.maximum = maximum


class ContentRefused(ProviderRefused):
    """The provider's rules forbid an answer to what the request says."""

    status = 400
    code = "content_refused"
    retryable = False


class ProviderCut(ProviderError):
    """The answer ended before its end."""

    code = "provider_cut"


class ProviderSlow(ProviderError):
    """The beginning of its stream came more slowly than the alias allows; told only where nobody else was left."""

    status = 504
    code = "provider_slow"


class ProviderTimeout(ProviderError):
    """The provider was silent for longer than its time limits allow, or than the request may take (`deadline`)."""

    status = 504
    code = "provider_timeout"

    def __init__(self, message: str, *, provider: str, phase: "TimeoutPhase") -> None:
        super().__init__(message, provider=provider)
        self.phase = phase


TimeoutPhase = Literal["connect", "first_byte", "between_bytes", "total", "deadline"]


class ServerError(GatewayError):
    """We failed."""


class InternalError(ServerError):
    """A fault in the gateway itself; the log has the details under the request id."""


class HookFailed(ServerError):
    """A hook has failed, or took too long, without which no request is to go on."""

    status = 503
    code = "hook_failed"
    retryable = True


class ControlPlaneAway(ServerError):
    """The control process is starting or restarting."""

    status = 503
    code = "control_plane_away"
    retryable = True


class CountersNotReady(ServerError):
    """The key's limits are being restored after a start."""

    status = 503
    code = "counters_not_ready"
    retryable = True


class JournalUnavailable(ServerError):
    """The journal cannot be written, so nothing may be spent."""

    status = 503
    code = "journal_unavailable"
    retryable = True


class Overloaded(ServerError):
    """More request bodies are on their way than memory is set aside for."""

    status = 503
    code = "overloaded"
    retryable = True


class ShuttingDown(ServerError):
    """The gateway is draining."""

    status = 503
    code = "shutting_down"
    retryable = True


MAX_MESSAGE_CHARS: Final = 500
"""Longest excerpt of somebody else's text that we repeat in a message of ours."""
