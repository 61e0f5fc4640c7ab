"""Capturing: keeping what a client has sent and got, for those whom the operator has named.

It sits at the client's side of everything: what is kept is what the client has seen, errors and endings included, and
the headers are as they came. Nothing here waits or fails; what is kept is made ready in a thread of the writer's.

Everybody whose answers are kept is told so, by a header.
"""

import time
from collections.abc import Callable
from typing import Final, Protocol

from tokenrouter.dialects.conversation_ids import named_in
from tokenrouter.domain.capture import Captured, CaptureRules, Outcome
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.kept_headers import kept_headers, kept_path
from tokenrouter.domain.ledger import Operation
from tokenrouter.edge.request import RequestHead
from tokenrouter.edge.responder import HttpResponder
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.passing import Passing
from tokenrouter.gateway.ports import Source

TELLING_HEADER: Final = b"x-tokenrouter-captured: 1\r\n"
CAPTURED: Final[frozenset[Operation]] = frozenset(
    ("chat", "completions", "responses", "compact", "messages", "generate_content", "embeddings", "embed_content")
)
"""What people say to models; TokenRouter-Go kept the same. Files, pictures and sound are never kept, nor is what
passes raw."""


class Sink(Protocol):
    """Where captured requests go."""

    def put(self, make: Callable[[], Captured], size: int) -> None:
        """Keep what `make` returns, called in another thread; `size` is about what it holds on to, in bytes."""


class Recording(Passing):
    """The client's side of one answer, which keeps the beginning of what it passes on.

    Attributes:
        principal: who asked.
        head: the header lines of the answer; empty before it has begun, as `status` is 0.
        pieces: the beginning of the body.
        size: bytes of the whole body.
    """

    __slots__ = ("_client", "_kept", "head", "max_bytes", "pieces", "principal", "size", "status")

    def __init__(self, inner: HttpResponder, principal: Principal, max_bytes: int) -> None:
        """`max_bytes`: so much is kept of the answer, and of its request."""
        super().__init__(inner)
        self._client = inner
        self._kept = 0
        self.principal = principal
        self.max_bytes = max_bytes
        self.status = 0
        self.head = b""
        self.pieces: list[bytes] = []
        self.size = 0

    @property
    def finished(self) -> bool:
        return self._client.finished

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        self.status, self.head = status, headers
        self._keep(body)
        self._inner.answer(status, headers + TELLING_HEADER, body)

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        self.status, self.head = status, headers
        self._inner.start(status, headers + TELLING_HEADER, length)

    def write(self, data: bytes) -> None:
        self._keep(data)
        self._inner.write(data)

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        left = self.max_bytes - self._kept
        if left > 0:
            self.pieces.append(data if len(data) <= left else data[:left])
            self._kept += min(left, len(data))


class Capture:
    """Which requests of one data process are kept.

    Attributes:
        is_on: whether any may be; where it is False, nothing else of this is ever asked.
    """

    def __init__(self, source: Source, sink: Sink, clock: Callable[[], float] = time.time) -> None:
        self._source = source
        self._sink = sink
        self._clock = clock
        self._rules = CaptureRules()
        self.is_on = False

    def apply(self, rules: CaptureRules) -> None:
        """Follow a changed catalogue; requests under way end as they began."""
        self._rules = rules
        self.is_on = not rules.is_off

    def recording(self, call: Call, responder: HttpResponder) -> Recording | None:
        """Return what is to take the answer to `call`; None where it is not kept."""
        if call.head.dialect.operation not in CAPTURED:
            return None
        try:
            principal = self._source.current().principal(call.head.digest, call.now_s)
        except GatewayError:  # which the road will tell
            return None
        return Recording(responder, principal, self._rules.max_body_bytes) if self._is_wanted(principal) else None

    def _is_wanted(self, principal: Principal) -> bool:
        """Whether requests of `principal` are kept; worked out once for each, and for each set of rules."""
        known = principal.layered.get(self)
        if known is None or known[0] is not self._rules:
            known = principal.layered[self] = (self._rules, self._rules.capture(principal.scopes))
        return bool(known[1])

    def keep(self, call: Call, head: RequestHead, recording: Recording, outcome: Outcome) -> None:
        """Keep `call`, which began with `head`, and what its client got."""
        ended_us = int(self._clock() * 1e6)
        size = len(call.body) + recording.size
        self._sink.put(lambda: _captured(call, head, recording, outcome, ended_us), size)


def _captured(call: Call, http: RequestHead, recording: Recording, outcome: Outcome, ended_us: int) -> Captured:
    head, body, principal = call.head, call.body, recording.principal
    named = named_in(http.headers, body)
    answer_lines = _lines(recording.head)
    is_array = not head.sse and head.stream is True
    return Captured(
        id=call.request_id,
        started_us=int(call.now_s * 1e6),
        ended_us=ended_us,
        dialect=head.dialect.name,
        operation=head.dialect.operation,
        path=kept_path(_text(http.path), _text(http.query)),
        key_id=principal.key.id,
        key=principal.key.name,
        user=_named(principal, "user:"),
        team=_named(principal, "team:"),
        client_ip=head.client_ip,
        client_tool=head.client_tool,
        model=head.model or named.model,
        session=named.session,
        previous=named.previous,
        status=recording.status,
        outcome=outcome,
        is_stream=is_array or dict(answer_lines).get("content-type", "").startswith("text/event-stream"),
        sse=not is_array,
        request_headers=kept_headers((_text(name), _text(value)) for name, value in http.headers.items()),
        answer_headers=kept_headers(answer_lines),
        request_body=body[: recording.max_bytes],
        request_bytes=len(body),
        answer_body=b"".join(recording.pieces),
        answer_bytes=recording.size,
    )


def _named(principal: Principal, kind: str) -> str:
    return next((scope.removeprefix(kind) for scope in principal.scopes if scope.startswith(kind)), "")


def _lines(head: bytes) -> list[tuple[str, str]]:
    """Return the header lines of an answer."""
    split = (line.partition(b":") for line in head.split(b"\r\n") if line)
    return [(_text(name).lower(), _text(value).strip()) for name, _, value in split]


def _text(value: bytes) -> str:
    return value.decode("latin-1")
