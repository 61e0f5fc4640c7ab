"""A gateway that gives answers again, all in memory, and a provider that counts what it is asked."""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.gateway.fakes import Client, Held, Notes, Scripted, Tokens
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.catalog import CacheRules, Catalog, Key, OnDisconnect, Policy, Provider
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.prices import flat_price
from tokenrouter.gateway.borrowed import BorrowedBooks
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.flights import Flights
from tokenrouter.gateway.idempotency import Idempotency
from tokenrouter.gateway.layers import Layer
from tokenrouter.gateway.ports import UpstreamResponse
from tokenrouter.gateway.recording import Room
from tokenrouter.gateway.response_cache import ResponseCache
from tokenrouter.keeping.memory import MemoryAnswers
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.outbound import UpstreamRequest

ALICE, BOB, EVE = b"tr_alice-0123456789-abcdefgh", b"tr_bob-0123456789-abcdefgh", b"tr_eve-0123456789-abcdefgh"
"""Two keys of one team, and one of another."""
MOST_BYTES = 10_000
JSON, SSE = b"application/json", b"text/event-stream"
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
DONE = b"data: [DONE]\n\n"


def catalog(
    rules: CacheRules | None = None, *, limits: tuple[Limit, ...] = (), on_disconnect: OnDisconnect = "cancel"
) -> Catalog:
    """Two keys of the team `physics`, one of `art`, and a provider with a price."""
    keys = [("alice", ALICE, "physics"), ("bob", BOB, "physics"), ("eve", EVE, "art")]
    url = "http://127.0.0.1:9/v1"
    acme = Provider("acme", "openai-compatible", url, "sk", models=("small",), on_disconnect=on_disconnect)
    return Catalog(
        providers=(acme,),
        keys=tuple(Key(id=f"id-{name}", name=name, digest=key_digest(key, b""), team=team) for name, key, team in keys),
        limits=limits,
        prices={"acme/small": flat_price(10**9, 10**9)},
        policy=Policy(cache=rules or CacheRules(teams=("*",))),
    )


class Asked:
    """A provider that gives each request an answer of its own, when it may.

    Attributes:
        requests: what it was asked.
        gate: what it waits for before it answers, or before the end of a stream.
        refusals: statuses of its first answers.
    """

    def __init__(self) -> None:
        self.requests: list[UpstreamRequest] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.refusals: list[int] = []
        self.words = "hi"

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        self.requests.append(request)
        number = len(self.requests)
        said = f"{self.words} {number}"
        if self.refusals:
            return Scripted(self.refusals.pop(0), JSON, [b'{"error":{"message":"no"}}'])
        if b'"stream":true' in b"".join(request.data).replace(b" ", b""):
            chunk = b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % said.encode()
            last = b'data: {"choices":[],"usage":%b}\n\n' % json.dumps(USAGE).encode()
            return GatedStream([chunk, last + DONE], self.gate)
        await self.gate.wait()
        body = {"choices": [{"message": {"content": said}}], "usage": USAGE}
        return Scripted(200, JSON, [json.dumps(body).encode()])


class GatedStream(Scripted):
    """A stream whose first piece comes at once, and the rest when it may."""

    def __init__(self, pieces: list[bytes], gate: asyncio.Event) -> None:
        super().__init__(200, SSE, pieces)
        self._gate = gate
        self.paused = 0

    async def pump(self, sink: Callable[[bytes], None]) -> None:
        first, *rest = self._pieces
        sink(first)
        await self._gate.wait()
        for piece in rest:
            sink(piece)

    def pause(self) -> None:
        self.paused += 1


@dataclass
class Place:
    """The gateway with what it has."""

    gateway: Gateway
    asked: Asked
    notes: Notes
    repeats: MemoryAnswers
    cache: MemoryAnswers
    limiter: MemoryLimiter
    source: Held
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def call(
        self, key: bytes = ALICE, *, stream: bool = False, body: dict[str, Any] | None = None, **head: Any
    ) -> Call:
        """Return a request; `head` are fields of its `CallHead`."""
        said = {"model": "acme/small", "messages": [], "stream": stream, **(body or {})}
        call_head = CallHead(head.pop("dialect", CHAT), key_digest(key, b""), **head)
        request_id = f"req_{next(self.numbers)}"
        return Call(call_head, json.dumps(said).encode(), request_id, time.time(), time.monotonic())

    async def ask(self, call: Call) -> Client:
        """Serve `call`, and return its client; an error of the gateway's becomes its status."""
        client = Client()
        try:
            await self.gateway.serve(call, client)
        except GatewayError as error:
            if not client.started:
                client.answer(error.status, b"x-error: %b\r\n" % error.code.encode(), error.message.encode())
        return client

    def begin(self, call: Call) -> "asyncio.Task[Client]":
        """Serve `call` beside the rest."""
        return asyncio.get_running_loop().create_task(self.ask(call))

    async def settled(self) -> None:
        """Let everything run that can."""
        for _ in range(20):
            await asyncio.sleep(0)

    def rows(self) -> list[tuple[str, str, int]]:
        """Return key, whose answer it was and how many requests it is, for each row."""
        return [(row.key_name, row.answered_by, row.count) for row in self.notes.ended]


def place(
    state: Catalog | None = None, *, max_entry_bytes: int = MOST_BYTES, max_bytes: int = 10**6, keep_s: float = 60.0
) -> Place:
    """Return a gateway with both layers."""
    state = state or catalog()
    asked, notes, limiter = Asked(), Notes(), MemoryLimiter(state.limits, restored=True)
    source = Held(Directory(state, b"pepper"))
    ports = Ports(notes, limiter, Figures(), Tokens())
    books = BorrowedBooks(source, ports)
    repeats, cache = (MemoryAnswers(max_bytes, max_entry_bytes) for _ in range(2))
    first, last = (Flights(Room(max_bytes), max_entry_bytes) for _ in range(2))
    layers: list[Layer] = [
        Idempotency(source, repeats, first, books, keep_s=keep_s),
        ResponseCache(source, cache, last, books),
    ]
    gateway = Gateway(source, asked, ports, layers=layers)
    gateway.apply(state.policy)
    return Place(gateway, asked, notes, repeats, cache, limiter, source)


def without_cache(state: Catalog | None = None) -> Catalog:
    """Return the same, with the cache off for everybody."""
    return replace(state or catalog(), policy=Policy())


Serve = Callable[[Call], Awaitable[Client]]
