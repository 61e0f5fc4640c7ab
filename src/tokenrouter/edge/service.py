"""From a parsed request to an answer: calls go down the road, inquiries are answered here, the rest is relayed.

This is the outermost edge: whatever goes wrong below becomes an answer in the caller's dialect here,
and an error that nobody foresaw becomes a 500 with a request id that the log explains.
"""

import math
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import msgspec
import structlog

from tokenrouter import __version__
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.openai.files import BATCHES, FILES
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.dialects.passthrough import PASSTHROUGH
from tokenrouter.dialects.sessions import session_in_headers
from tokenrouter.domain.capture import Outcome
from tokenrouter.domain.errors import (
    GatewayError,
    InternalError,
    MethodNotAllowed,
    ModelNotFound,
    NotFound,
    PathNotFound,
    ShuttingDown,
    UpgradeRequired,
)
from tokenrouter.domain.limits import LimitState
from tokenrouter.edge import paths
from tokenrouter.edge.callers import dialect_of, dialect_of_path
from tokenrouter.edge.capturing import Capture, Recording
from tokenrouter.edge.control import ControlRelay
from tokenrouter.edge.model_lists import model_card, model_list
from tokenrouter.edge.request import Request, RequestHead
from tokenrouter.edge.responder import HttpResponder
from tokenrouter.gateway.account.call import ResourceCall, ResourceTarget
from tokenrouter.gateway.account.resources import Resources
from tokenrouter.gateway.cache_wishes import CACHE_HEADER, STANDARD_HEADER, TTL_HEADER, CacheWish, read_wish
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.explain import Explainer
from tokenrouter.gateway.limit_headers import with_quota
from tokenrouter.gateway.ownership import owner_of
from tokenrouter.gateway.ports import Source
from tokenrouter.gateway.question import read_question
from tokenrouter.gateway.raw.passthrough import RawCall
from tokenrouter.gateway.routing import Offer, offered_models
from tokenrouter.gateway.stored_responses import StoredResponses

_JSON: Final = b"content-type: application/json\r\n"
_UNAUTHENTICATED: Final = b'www-authenticate: Bearer realm="tokenrouter"\r\nx-should-retry: false\r\n'
"""The SDKs of OpenAI and Anthropic heed the second line; without it Claude Code (2.1.329, measured 2026-11) asks again
for minutes before it says that the key is wrong."""
_REQUEST_ID: Final = re.compile(r"req_[0-9a-z.]{1,80}")
TRACEPARENT_CHARS: Final = 55
"""Of version 00 (W3C Trace Context, 2021-11, 3.2.2); whoever reads it finds out whether it is one."""
_TOOL: Final = re.compile(r"[A-Za-z0-9._ -]{1,64}")

log = structlog.get_logger(__name__)


class Readiness(Protocol):
    """Whether this process may be sent requests."""

    def why_not_ready(self) -> str:
        """Return the reason, or "" when it is ready."""


class Service:
    """Answers every request of one data process.

    Attributes:
        explainer: explains what would become of a request.
    """

    def __init__(
        self,
        gateway: Gateway,
        source: Source,
        states: Callable[[Sequence[str]], Awaitable[list[LimitState]]],
        control: ControlRelay,
        readiness: Readiness,
        is_draining: Callable[[], bool],
        resources: Resources,
        stored: StoredResponses,
        capture: Capture,
    ) -> None:
        """`states` tells how the limits of scopes stand."""
        self._capture = capture
        self._gateway = gateway
        self._resources = resources
        self._stored = stored
        self._source = source
        self._states = states
        self._control = control
        self._readiness = readiness
        self._is_draining = is_draining
        self.explainer = Explainer(gateway.books, gateway.wisdom, states, gateway.with_history)

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
            raise _draining()
        call = Call(call_head, request.body, request_id, time.time(), request.started_s)
        if self._capture.is_on and (recording := self._capture.recording(call, responder)) is not None:
            return self._serve_recorded(call, request, recording)
        return self._gateway.serve(call, responder)

    async def _serve_recorded(self, call: Call, request: Request, recording: Recording) -> None:
        """Answer `call` as any other, and keep it with what its client got, however it ends."""
        outcome: Outcome = "disconnected"
        try:
            try:
                await self._gateway.serve(call, recording)
                outcome = "answered" if recording.status < 400 else "refused"
            except Exception as error:  # noqa: BLE001 - the client is told here, so that it is kept what it was told
                outcome = "broken_off" if recording.started else "refused"
                self.fail(error, request, recording)
        finally:
            self._capture.keep(call, request.head, recording, outcome)

    def fail(self, error: Exception, request: Request, responder: HttpResponder | Recording) -> None:
        """Tell the client of `error`, in its own words if it is one of ours."""
        if not isinstance(error, GatewayError):
            path = request.head.path.decode("latin-1")
            log.error("unforeseen error", request_id=request.id, path=path, exc_info=error)
            error = InternalError("The gateway failed; its log has the details.")
        tell(error, dialect_of(request.head), request.id, responder)

    def refuse(self, error: GatewayError, path: bytes, responder: HttpResponder) -> None:
        """Tell of a request that could not be read."""
        dialect = dialect_of_path(path.partition(b"?")[0]) or CHAT
        tell(error, dialect, self._gateway.new_request_id(), responder)

    def _call_head(self, request: Request) -> CallHead | None:
        """Return what a request for a model says in its head, or None for any other request."""
        head = request.head
        target = paths.find(head.path)
        if target is None or target.dialect is None or head.method != target.method:
            return None
        call_head = self._head_in(target.dialect, request)
        if target.model is None:
            return call_head
        sse = target.stream is not True or b"alt=sse" in head.query.split(b"&")
        return replace(call_head, model=target.model, stream=target.stream, sse=sse)

    def _head_in(self, dialect: Dialect, request: Request) -> CallHead:
        """Return what a request's head says, whatever it is about."""
        head = request.head
        digest = self._source.current().digest(head.keys)
        return CallHead(
            dialect=dialect,
            digest=digest,
            client_ip=request.client_ip,
            client_tool=_tool(head.text(b"user-agent")),
            client_request_id=head.text(b"x-client-request-id") or head.text(b"x-request-id"),
            forwarded=_forwarded(dialect, self._own_idempotency_key(head.headers, digest)),
            session=session_in_headers(head.headers),
            idempotency_key=head.headers.get(b"idempotency-key", b""),
            cache_wish=_cache_wish(head.headers),
            traceparent=head.text(b"traceparent", TRACEPARENT_CHARS),
        )

    def _own_idempotency_key(self, headers: Mapping[bytes, bytes], digest: bytes) -> Mapping[bytes, bytes]:
        """Return `headers` with an idempotency key that is this API key's alone: all share the provider's account."""
        sent = headers.get(b"idempotency-key")
        if sent is None:
            return headers
        tenant = blake2b(digest, digest_size=8, key=self._source.current().pepper[:64]).hexdigest().encode()
        return {**headers, b"idempotency-key": tenant + b"-" + sent}

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
        elif target.raw is not None:
            await self._pass_through(request, target.raw, responder)
        elif target.resource is not None and head.method in target.method.split(b", "):
            await self._serve_resource(request, target.resource, responder)
        elif target.inquiry in ("response", "input_items") and head.method in target.method.split(b", "):
            self._answer_stored(request, target, responder)
        elif head.method != target.method and not (head.method == b"HEAD" and target.method == b"GET"):
            self._refuse_method(head, target)
        else:
            await self._inquire(request, target, responder)

    async def _serve_resource(self, request: Request, target: ResourceTarget, responder: HttpResponder) -> None:
        """Answer what is about files or batches."""
        if self._is_draining():
            raise _draining()
        head = request.head
        dialect = FILES if target.kind == "file" else BATCHES
        call = Call(self._head_in(dialect, request), request.body, request.id, time.time(), request.started_s)
        query = {name.decode("latin-1"): text.decode("latin-1") for name, text in parse_qsl(head.query)}
        query.pop("key", None)
        provider = query.pop("provider", "") or head.text(b"x-tokenrouter-provider")
        await self._resources.serve(ResourceCall(call, head.method.decode(), target, query, provider), responder)

    def _answer_stored(self, request: Request, target: paths.Target, responder: HttpResponder) -> None:
        """Show or forget a stored response."""
        head, stored = request.head, self._stored
        owner = owner_of(self._authenticate(request))
        if head.method == b"DELETE":
            body = stored.delete(owner, target.id)
        elif target.inquiry == "input_items":
            query = {name.decode("latin-1"): text.decode("latin-1") for name, text in parse_qsl(head.query)}
            body = stored.input_items(owner, target.id, query)
        else:
            body = stored.show(owner, target.id)
        responder.answer(200, _JSON, body)

    async def _pass_through(self, request: Request, target: paths.RawTarget, responder: HttpResponder) -> None:
        """Answer what is passed on raw."""
        if self._is_draining():
            raise _draining()
        head = request.head
        call = Call(self._head_in(PASSTHROUGH, request), request.body, request.id, time.time(), request.started_s)
        kind = head.headers.get(b"content-type", b"")
        raw = RawCall(call, head.method.decode("latin-1"), target.provider, target.path, head.query, kind)
        await self._resources.passthrough.serve(raw, responder)

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
            case "status":
                await self._status(request, responder)
            case "explain":
                await self._explain(request, responder)
            case "decision":
                await self._tell_decision(request, target.id, responder)
            case "models":
                offers = self._offers(self._authenticate(request))
                _answer_json(responder, model_list(dialect_of(request.head), offers, request.head.query))
            case "model":
                self._answer_model(request, target.model or "", responder)
            case _:
                self._authenticate(request)
                _answer_json(responder, _card())

    def _authenticate(self, request: Request) -> Principal:
        return self._source.current().authenticate(request.head.keys, time.time(), request.client_ip)

    def _offers(self, principal: Principal) -> list[Offer]:
        return list(offered_models(self._source.current(), principal))

    def _answer_model(self, request: Request, wanted: str, responder: HttpResponder) -> None:
        offer = next((one for one in self._offers(self._authenticate(request)) if one.name == wanted), None)
        if offer is None:
            raise ModelNotFound(f"There is no model {wanted!r} for this key; GET /v1/models lists them.", param="model")
        _answer_json(responder, model_card(dialect_of(request.head), offer))

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
                "amount": state.amount,
                "resets_in_s": state.resets_in_s,
            }
            for state in await self._states(principal.scopes)
        ]
        head = RequestHead(b"GET", b"/internal/usage", request.head.query, {b"accept": b"application/json"})
        inner = Request(head, client_ip=request.client_ip, id=request.id)
        extra = b"%bx-tokenrouter-limits: %b\r\n" % (_key_line(principal), msgspec.json.encode(states))
        await self._control.relay(inner, responder, extra_headers=extra)

    async def _status(self, request: Request, responder: HttpResponder) -> None:
        """What was used lately stands in the ledger, so the control process answers."""
        principal = self._authenticate(request)
        head = RequestHead(b"GET", b"/internal/status", request.head.query, {b"accept": b"application/json"})
        inner = Request(head, client_ip=request.client_ip, id=request.id)
        await self._control.relay(inner, responder, extra_headers=_key_line(principal))

    async def _explain(self, request: Request, responder: HttpResponder) -> None:
        """Tell what would become of a request; the body is that request."""
        asker, directory = self._authenticate(request), self._source.current()
        head = self._head_in(dialect_of(request.head), request)
        call = Call(head, request.body, request.id, time.time(), request.started_s)
        question = read_question(call, paths.DIALECTS)
        _answer_json(responder, await self.explainer.explain(directory, asker, question))

    async def _tell_decision(self, request: Request, request_id: str, responder: HttpResponder) -> None:
        """How a request was decided stands in the ledger, so the control process answers."""
        principal = self._authenticate(request)
        if not _REQUEST_ID.fullmatch(request_id):
            raise NotFound(f"There is no request {request_id[:80]!r} of yours.")
        head = RequestHead(b"GET", b"/internal/decisions/" + request_id.encode(), b"", {b"accept": b"application/json"})
        inner = Request(head, client_ip=request.client_ip, id=request.id)
        await self._control.relay(inner, responder, extra_headers=_key_line(principal))


def _key_line(principal: Principal) -> bytes:
    return b"x-tokenrouter-key-id: %b\r\n" % _ascii(principal.key.id)


def _draining() -> ShuttingDown:
    return ShuttingDown("The gateway is shutting down; try again in a moment.", retry_after_s=3.0)


def _forwarded(dialect: Dialect, headers: Mapping[bytes, bytes]) -> bytes:
    """Return the header lines that go on to a provider of the same dialect."""
    sent = {name: headers[name] for name in dialect.forwarded if name in headers}
    return b"".join(b"%b: %b\r\n" % line for line in {**dialect.default_headers, **sent}.items())


def _cache_wish(headers: Mapping[bytes, bytes]) -> CacheWish | None:
    own, standard, ttl = (headers.get(name, b"") for name in (CACHE_HEADER, STANDARD_HEADER, TTL_HEADER))
    return read_wish(own, standard, ttl) if own or standard or ttl else None


def tell(error: GatewayError, dialect: Dialect, request_id: str, responder: HttpResponder | Recording) -> None:
    """Tell the client of `error`: as an HTTP answer, or, once a stream has begun, as its last event."""
    if responder.started:
        if not responder.finished:
            responder.write(dialect.error_event(error, request_id))
            responder.finish()
        return
    headers = [_JSON, b"%b: %b\r\n" % (dialect.id_header, request_id.encode()), error.headers]
    if error.retry_after_s is not None:
        headers.append(b"retry-after: %d\r\n" % max(1, math.ceil(error.retry_after_s)))
    if isinstance(error, MethodNotAllowed):
        headers.append(b"allow: %b\r\n" % error.allowed.encode())
    if error.status == 401:
        headers.append(_UNAUTHENTICATED)
    body = dialect.error_body(error, request_id)
    responder.answer(error.status, b"".join(headers), with_quota(body, error.quota) if error.quota else body)


def _answer_json(responder: HttpResponder, value: object) -> None:
    responder.answer(200, _JSON, msgspec.json.encode(value))


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
