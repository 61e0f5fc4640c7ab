"""One policy, a hundred thousand requests, and providers in trouble: the real road on simulated deployments.

Everything between the client's side of a request and the provider's is the gateway itself, with its limiter, attempts
and health; only the network, the providers and the clock are made up.
"""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bench.routing.deployments import Deployment, SimulatedStream, troubled
from bench.routing.virtual_time import run
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.aliases import Alias
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.ledger import OWN_ANSWER, Begun, Borrowed, Ended, Subject
from tokenrouter.domain.limits import Amounts
from tokenrouter.domain.prices import flat_price
from tokenrouter.gateway.attempts import Wisdom
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.health import HealthBook
from tokenrouter.gateway.ports import Flow
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.access_tokens import TokenSource
from tokenrouter.providers.outbound import UpstreamRequest

RATE: Final = 20.0
"""Requests a second, at random moments: the slowest deployment could carry them alone."""
REQUESTS: Final = 100_000
SEED: Final = 20261121
MODEL: Final = "m"
SESSIONS: Final = 500
_KEY: Final = b"tr_simulation"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is compared: what clients ask for, and the alias that answers to it, if it is one."""

    name: str
    model: str
    alias: Alias | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one policy did.

    Attributes:
        first_s: times to the first content of the requests that got one, sorted; from the moment they were sent.
        whole_s: times to the end of those that succeeded, sorted.
        failed: requests that ended with an error.
        extra: answers that providers made and nobody got, in shares of the requests: they may be billed.
        spent: nano-dollars that the ledger has, per request.
    """

    policy: str
    requests: int
    first_s: Sequence[float]
    whole_s: Sequence[float]
    failed: int
    extra: float
    spent: float


class Tally:
    """A journal that adds up."""

    writable = True

    def __init__(self) -> None:
        self.rows = self.counted = self.spent = 0

    def subject(self, subject: Subject) -> bytes:
        return b""

    def begin(self, subject: bytes, begun: Begun, held: Amounts) -> None: ...

    def progress(self, entry_id: str, held: Amounts) -> None: ...

    def end(self, ended: Ended) -> None:
        self.rows += 1
        self.counted += ended.requests
        self.spent += ended.cost_nano_usd or 0

    def whole(
        self, subject: Subject, begun: Begun, ended: Ended, count: int = 1, borrowed: Borrowed = OWN_ANSWER
    ) -> None:
        self.end(ended)


class Watched:
    """A client's side that looks at its clock."""

    flow: Flow | None = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.started = self.finished = False
        self.status = 0
        self.first_s: float | None = None

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        self.start(status, headers, len(body))
        self.finish()

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        self.started, self.status = True, status

    def write(self, data: bytes) -> None:
        if self.first_s is None and b'"content"' in data:
            self.first_s = self._loop.time()

    def finish(self) -> None:
        self.finished = True


class Network:
    """Asks the deployments."""

    def __init__(self, deployments: Sequence[Deployment], draw: random.Random) -> None:
        self._deployments = {one.name: one for one in deployments}
        self._draw = draw

    async def send(self, request: UpstreamRequest) -> SimulatedStream:
        now_s = asyncio.get_running_loop().time()
        return await self._deployments[request.to.provider].answer(self._draw, now_s)


class NoTokens:
    """No deployment takes access tokens."""

    def current(self, source: TokenSource) -> str | None:
        return None

    async def token(self, source: TokenSource) -> str:
        raise NotImplementedError


class Held:
    """A source that never changes."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def current(self) -> Directory:
        return self._directory


@dataclass(slots=True)
class Run:
    """One policy's run."""

    policy: Policy
    requests: int
    deployments: Sequence[Deployment]
    tally: Tally = field(default_factory=Tally)
    first_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    failed: int = 0

    async def play(self) -> Outcome:
        """Send every request at its moment, and wait for the last one."""
        loop = asyncio.get_running_loop()
        arrivals, gateway = random.Random(SEED), self._gateway(loop)
        async with asyncio.TaskGroup() as tasks:
            for number in range(self.requests):
                await asyncio.sleep(arrivals.expovariate(RATE))
                call = _call(self.policy.model, number, arrivals.randrange(SESSIONS), loop.time())
                tasks.create_task(self._ask(gateway, call, loop))
        return self._outcome()

    def _gateway(self, loop: asyncio.AbstractEventLoop) -> Gateway:
        draw = random.Random(SEED + 1)
        wisdom = Wisdom(health=HealthBook(loop.time), chance=draw.random, clock=loop.time)
        ports = Ports(self.tally, MemoryLimiter((), restored=True), Figures(), NoTokens(), clock=loop.time)
        source = Held(Directory(catalog_of(self.policy, self.deployments), b""))
        return Gateway(source, Network(self.deployments, draw), ports, wisdom=wisdom)

    async def _ask(self, gateway: Gateway, call: Call, loop: asyncio.AbstractEventLoop) -> None:
        client = Watched(loop)
        try:
            await gateway.serve(call, client)
        except GatewayError:
            self.failed += 1
            return
        if client.status != 200 or client.first_s is None or not client.finished:
            self.failed += 1
            return
        self.first_s.append(client.first_s - call.started_s)
        self.whole_s.append(loop.time() - call.started_s)

    def _outcome(self) -> Outcome:
        made = sum(one.worked for one in self.deployments)
        return Outcome(
            self.policy.name,
            self.requests,
            sorted(self.first_s),
            sorted(self.whole_s),
            self.failed,
            (made - len(self.whole_s)) / self.requests,
            self.tally.spent / self.requests,
        )


def catalog_of(policy: Policy, deployments: Sequence[Deployment]) -> Catalog:
    """Return a catalogue of `deployments`, each with one model, and the policy's alias."""
    providers = tuple(
        Provider(one.name, "openai-compatible", "http://127.0.0.1:9/v1", secret="sk", allow_private=True)
        for one in deployments
    )
    return Catalog(
        providers=providers,
        keys=(Key(id="k", name="k", digest=key_digest(_KEY, b"")),),
        aliases=() if policy.alias is None else (policy.alias,),
        prices={f"{one.name}/{MODEL}": flat_price(*one.price) for one in deployments},
    )


def _call(model: str, number: int, session: int, now_s: float) -> Call:
    messages = [{"role": "user", "content": f"session {session}"}]
    body = json.dumps({"model": model, "messages": messages, "stream": True}).encode()
    return Call(CallHead(CHAT, key_digest(_KEY, b"")), body, f"req_{number}", now_s, now_s)


def simulate(policy: Policy, requests: int = REQUESTS) -> Outcome:
    """Return how `policy` does with so many requests; the same each time."""
    deployments = troubled(requests / RATE)
    return run(partial(_play, policy, requests, deployments)())


async def _play(policy: Policy, requests: int, deployments: Sequence[Deployment]) -> Outcome:
    return await Run(policy, requests, deployments).play()
