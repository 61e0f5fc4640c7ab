"""Ports in memory: they remember what they were told."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.errors import GatewayError, JournalUnavailable
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.ledger import OWN_ANSWER, Begun, Borrowed, Ended, LedgerEntry, Subject, entry_of
from tokenrouter.domain.limits import Amounts, Limit
from tokenrouter.gateway.choices import Route
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.layers import Layer
from tokenrouter.gateway.loads import Load, LoadBook
from tokenrouter.gateway.ports import Flow, UpstreamResponse
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.access_tokens import TokenSource
from tokenrouter.providers.outbound import UpstreamRequest

KEY = b"tr_alice-0123456789-abcdefgh"


class Told:
    """What is known to a choice: what it is told, and nothing else may be asked for."""

    def __init__(
        self,
        *,
        chances: Iterable[float] = (),
        tokens: int | None = None,
        session: int = 0,
        stream: bool = False,
        left: Mapping[str, float] | None = None,
        costs: Mapping[str, int] | None = None,
    ) -> None:
        self.stream = stream
        self.loads = LoadBook(lambda: self.clock_s)
        self.clock_s = 1000.0
        self.session_number = session
        self._chances = iter(chances)
        self._tokens = tokens
        self._left = left
        self._costs = costs

    def tokens(self) -> int:
        assert self._tokens is not None
        return self._tokens

    def session(self) -> int:
        return self.session_number

    @property
    def keeps_together(self) -> bool:
        return self.session_number > 0

    def chance(self) -> float:
        return next(self._chances)

    def now_s(self) -> float:
        return self.loads.clock()

    def load(self, route: Route) -> Load:
        return self.loads.of(route.place)

    def left(self, route: Route) -> float:
        assert self._left is not None
        return self._left.get(route.model, 1.0)

    def cost(self, route: Route) -> int | None:
        assert self._costs is not None
        return self._costs.get(route.model)


class Notes:
    """A journal that keeps its records."""

    def __init__(self, *, writable: bool = True) -> None:
        self.writable = writable
        self.begun: list[str] = []
        self.held: list[Amounts] = []
        self.ended: list[LedgerEntry] = []
        self._subjects: list[Subject] = []
        self._open: dict[str, tuple[Subject, Begun]] = {}

    def subject(self, subject: Subject) -> bytes:
        self._subjects.append(subject)
        return b"%d" % (len(self._subjects) - 1)

    def begin(self, subject: bytes, begun: Begun, held: Amounts) -> None:
        if not self.writable:
            raise JournalUnavailable("full")
        self.begun.append(begun.id)
        self.held.append(held)
        self._open[begun.id] = (self._subjects[int(subject)], begun)

    def progress(self, entry_id: str, held: Amounts) -> None:
        self.held.append(held)

    def end(self, ended: Ended) -> None:
        self.ended.append(entry_of(*self._open.pop(ended.id), ended))

    def whole(
        self, subject: Subject, begun: Begun, ended: Ended, count: int = 1, borrowed: Borrowed = OWN_ANSWER
    ) -> None:
        assert begun.id not in self._open
        self.ended.append(entry_of(subject, begun, ended, count, borrowed))


class Client:
    """The client's side."""

    def __init__(self) -> None:
        self.started = False
        self.flow: Flow | None = None
        self.status = 0
        self.headers = b""
        self.body = b""
        self.finished = False

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        self.start(status, headers, len(body))
        self.write(body)
        self.finish()

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        self.started, self.status, self.headers = True, status, headers

    def write(self, data: bytes) -> None:
        self.body += data

    def finish(self) -> None:
        self.finished = True


class Scripted:
    """An answer that is given in pieces, and then ends as told."""

    def __init__(self, status: int, kind: bytes, pieces: list[bytes], ending: Exception | None = None) -> None:
        self.status = status
        self.headers = {b"content-type": kind}
        self.complete = kind != b"text/event-stream"
        self.closed = 0
        self._pieces = pieces
        self._ending = ending

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

    async def pump(self, sink: Callable[[bytes], None]) -> None:
        for piece in self._pieces:
            sink(piece)
        if self._ending is not None:
            raise self._ending

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def fail(self, error: GatewayError) -> None:
        self._ending = error

    def lift_deadline(self) -> None: ...

    def close(self) -> None:
        self.closed += 1


class Fed(Scripted):
    """A stream whose pieces come when the test says so."""

    def __init__(self) -> None:
        super().__init__(200, b"text/event-stream", [])
        self._sink: Callable[[bytes], None] | None = None
        self.pumped = asyncio.Event()
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def pump(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        self.pumped.set()
        await self._end

    def push(self, *pieces: bytes) -> None:
        """Let `pieces` arrive; what goes wrong with them ends the stream, as in the real one."""
        assert self._sink is not None
        for piece in pieces:
            try:
                self._sink(piece)
            except GatewayError as error:
                self.fail(error)

    def finish(self) -> None:
        if not self._end.done():
            self._end.set_result(None)

    def fail(self, error: GatewayError) -> None:
        if not self._end.done():
            self._end.set_exception(error)


class Provided:
    """A provider that gives one scripted answer, or fails."""

    def __init__(self, outcome: UpstreamResponse | Exception) -> None:
        self.outcome = outcome
        self.asked: list[UpstreamRequest] = []

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        self.asked.append(request)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Held:
    """A source that always gives one directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def current(self) -> Directory:
        return self._directory


class Tokens:
    """Access tokens that are there at the second time of asking."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    def current(self, source: TokenSource) -> str | None:
        return "token-1" if source.provider in self.fetched else None

    async def token(self, source: TokenSource) -> str:
        self.fetched.append(source.provider)
        return "token-1"


def catalog(*, limits: tuple[Limit, ...] = (), providers: tuple[Provider, ...] = (), **key: object) -> Catalog:
    """One provider `acme`, one key `alice`."""
    alice = Key(id="k1", name="alice", digest=key_digest(KEY, b""), **key)  # type: ignore[arg-type]
    acme = Provider("acme", "openai-compatible", "http://127.0.0.1:9/v1", secret="sk-acme", models=("small", "a/b"))
    return Catalog(providers=providers or (acme,), keys=(alice,), limits=limits)


def gateway(provided: Provided, notes: Notes, state: Catalog | None = None, *, layers: Sequence[Layer] = ()) -> Gateway:
    """A gateway whose ports are all in memory."""
    state = state or catalog()
    limiter = MemoryLimiter(state.limits, restored=True)
    made = Gateway(Held(Directory(state, b"")), provided, Ports(notes, limiter, Figures(), Tokens()), layers=layers)
    made.apply(state.policy)
    return made
