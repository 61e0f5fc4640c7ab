"""From a parsed request to an answer: calls go down the road, inquiries are answered here, the rest is relayed.

This is the outermost edge: whatever goes wrong below becomes an answer in the caller's dialect here,
and an error that nobody foresaw becomes a 500 with a request id that the log explains.
"""

import re
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol
from urllib.parse import unquote_to_bytes

import msgspec
import structlog

from tokenrouter import __version__
from tokenrouter.dialects.openai_chat import CHAT
from tokenrouter.dialects.openai_dialect import OpenAiDialect
from tokenrouter.dialects.openai_responses import RESPONSES
from tokenrouter.domain.errors import (
    GatewayError,
    InternalError,
    MethodNotAllowed,
    ModelNotFound,
    PathNotFound,
    ShuttingDown,
    UpgradeRequired,
)
from tokenrouter.edge import paths
from tokenrouter.edge.control import ControlRelay
from tokenrouter.edge.request import Request, RequestHead
from tokenrouter.edge.responder import HttpResponder
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.ports import Limiter, Source
from tokenrouter.gateway.routing import offered_models

_JSON: Final = b"content-type: application/json\r\n"
_FORWARDED: Final = (b"openai-beta", b"idempotency-key")
"""Headers of the client's that change what the provider does and say nothing about who asks."""
_TOOL: Final = re.compile(r"[A-Za-z0-9._ -]{1,64}")

log = structlog.get_logger(__name__)


class Readiness(Protocol):
    """Whether this process may be sent requests."""

    def why_not_ready(self) -> str:
        """Return the reason, or "" when it is ready."""


class Service:
    """Answers every request of one data process."""

    def __init__(
        self,
        gateway: Gateway,
        source: Source,
        limiter: Limiter,
        control: ControlRelay,
        readiness: Readiness,
        is_draining: Callable[[], bool],
    ) -> None:
        self._gateway = gateway
        self._source = source
        self._limiter = limiter
        self._control = control
        self._readiness = readiness
        self._is_draining = is_draining

    def handle(self, request: Request, responder: HttpResponder) -> Coroutine[Any, Any, None]:
        """Decide about `request` at once, and return the rest of its road, to be run.

        Raises:
            Exception: here or when run; for `fail`.
        """
        head = request.head
        request.id = request_id = self._gateway.new_request_id()
        call_head = head.call
        if call_head is None:
            call_head = head.call = self._call_head(request)
            if call_head is None:
                return self._answer_otherwise(request, responder)
        if self._is_draining():
            raise ShuttingDown("The gateway is shutting down; try again in a moment.", retry_after_s=3.0)
        return self._gateway.serve(Call(call_head, request.body, request_id, time.time(), request.started_s), responder)

    def fail(self, error: Exception, request: Request, responder: HttpResponder) -> None:
        """Tell the client of `error`, in its own words if it is one of ours."""
        if not isinstance(error, GatewayError):
            path = request.head.path.decode("latin-1")
            log.error("unforeseen error", request_id=request.id, path=path, exc_info=error)
            error = InternalError("The gateway failed; its log has the details.")
        tell(error, _dialect_of(request.head.path), request.id, responder)

    def refuse(self, error: GatewayError, path: bytes, responder: HttpResponder) -> None:
        """Tell of a request that could not be read."""
        tell(error, _dialect_of(path.partition(b"?")[0]), self._gateway.new_request_id(), responder)

    def _call_head(self, request: Request) -> CallHead | None:
        """Return what a request for a model says in its head, or None for any other request."""
        head = request.head
        target = paths.find(head.path)
        if target is None or target.dialect is None or head.method != target.method:
            return None
        headers = head.headers
        return CallHead(
            dialect=target.dialect,
            digest=self._source.current().digest(head.key),
            client_ip=request.client_ip,
            client_tool=_tool(head.text(b"user-agent")),
            client_request_id=head.text(b"x-client-request-id") or head.text(b"x-request-id"),
            forwarded=b"".join(b"%b: %b\r\n" % (name, headers[name]) for name in _FORWARDED if name in headers),
        )

    async def _answer_otherwise(self, request: Request, responder: HttpResponder) -> None:
        """Answer what is no request for a model."""
        head = request.head
        target = paths.find(head.path)
        if target is None:
            if not paths.is_control(head.path):
                raise PathNotFound(
                    f"There is nothing at {head.path.decode('latin-1')[:200]!r}; GET /docs lists the API."
                )
            await self._control.relay(request, responder)
        elif head.method != target.method and not (head.method == b"HEAD" and target.method == b"GET"):
            self._refuse_method(head, target)
        else:
            await self._inquire(request, target, responder)

    def _refuse_method(self, head: RequestHead, target: paths.Target) -> None:
        allowed = target.method.decode()
        if b"upgrade" in head.headers or (head.method == b"GET" and target.dialect is RESPONSES):
            raise UpgradeRequired("WebSockets are not served here; send the same request as a POST.")
        raise MethodNotAllowed(
            f"{head.path.decode('latin-1')} takes {allowed}, not {head.method.decode('latin-1')}.", allowed=allowed
        )

    async def _inquire(self, request: Request, target: paths.Target, responder: HttpResponder) -> None:
        match target.inquiry:
            case "healthz":
                responder.answer(200, b"content-type: text/plain\r\n", b"ok")
            case "health":
                responder.answer(200, _JSON, b'{"status":"healthy"}')
            case "readyz":
                self._answer_readiness(responder)
            case "usage":
                await self._usage(request, responder)
            case "models":
                models = [_model_card(name) for name in self._names(self._authenticate(request))]
                _answer_json(responder, {"object": "list", "data": models})
            case "model":
                self._answer_model(request, responder)
            case _:
                self._authenticate(request)
                _answer_json(responder, _card())

    def _authenticate(self, request: Request) -> Principal:
        return self._source.current().authenticate(request.head.key, time.time())

    def _names(self, principal: Principal) -> list[str]:
        names = offered_models(self._source.current())
        return [name for name in names if principal.may_use((name,))]

    def _answer_model(self, request: Request, responder: HttpResponder) -> None:
        wanted = _unquoted(paths.model_id(request.head.path))
        if wanted not in self._names(self._authenticate(request)):
            raise ModelNotFound(f"There is no model {wanted!r} for this key; GET /v1/models lists them.", param="model")
        _answer_json(responder, _model_card(wanted))

    def _answer_readiness(self, responder: HttpResponder) -> None:
        reason = "draining" if self._is_draining() else self._readiness.why_not_ready()
        if reason:
            responder.answer(
                503, _JSON + b"retry-after: 1\r\n", msgspec.json.encode({"ready": False, "reason": reason})
            )
        else:
            responder.answer(200, _JSON, b'{"ready":true}')

    async def _usage(self, request: Request, responder: HttpResponder) -> None:
        """What a key has used stands in the ledger, so the control process answers; the live limits go along."""
        principal = self._authenticate(request)
        states = [
            {
                "id": state.limit.id,
                "scope": state.scope,
                "used": state.used,
                "held": state.held,
                "left": state.left,
                "resets_in_s": state.resets_in_s,
            }
            for state in self._limiter.states(principal.scopes)
        ]
        head = RequestHead(b"GET", b"/internal/usage", request.head.query, {b"accept": b"application/json"})
        inner = Request(head, client_ip=request.client_ip, id=request.id)
        extra = b"x-tokenrouter-key-id: %b\r\nx-tokenrouter-limits: %b\r\n" % (
            _ascii(principal.key.id),
            msgspec.json.encode(states),
        )
        await self._control.relay(inner, responder, extra_headers=extra)


def _dialect_of(path: bytes) -> OpenAiDialect:
    """Return in whose words to speak to a caller of `path`."""
    target = paths.find(path)
    return CHAT if target is None or target.dialect is None else target.dialect


def tell(error: GatewayError, dialect: OpenAiDialect, request_id: str, responder: HttpResponder) -> None:
    """Tell the client of `error`: as an HTTP answer, or, once a stream has begun, as its last event."""
    if responder.started:
        if not responder.finished:
            responder.write(dialect.error_event(error, request_id))
            responder.finish()
        return
    headers = [_JSON, b"x-request-id: %b\r\n" % request_id.encode()]
    if error.retry_after_s is not None:
        headers.append(b"retry-after: %d\r\n" % max(1, round(error.retry_after_s)))
    if isinstance(error, MethodNotAllowed):
        headers.append(b"allow: %b\r\n" % error.allowed.encode())
    if error.status == 401:
        headers.append(b'www-authenticate: Bearer realm="tokenrouter"\r\n')
    responder.answer(error.status, b"".join(headers), dialect.error_body(error, request_id))


def _answer_json(responder: HttpResponder, value: object) -> None:
    responder.answer(200, _JSON, msgspec.json.encode(value))


def _model_card(name: str) -> dict[str, object]:
    provider, slash, _ = name.partition("/")
    owner = provider if slash else "tokenrouter"
    return {"id": name, "object": "model", "created": 0, "owned_by": owner, "provider": owner}


def _card() -> dict[str, object]:
    return {
        "object": "tokenrouter",
        "service": "tokenrouter",
        "version": __version__,
        "paths": sorted(path.decode() for path in paths.TARGETS if path.startswith(b"/v1/")),
    }


def _tool(user_agent: str) -> str:
    match = _TOOL.match(user_agent.partition("/")[0])
    return match.group() if match else ""


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "backslashreplace")


def _unquoted(quoted: bytes) -> str:
    return unquote_to_bytes(quoted).decode("utf-8", "replace")
