"""Whatever is configured, and however providers fail: no request is lost, none goes where it may not, all of them end.

The gateway is the real one, with scripted providers behind it and a clock that only sleeping moves.
"""

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.fakes import Client, Held, Notes, Scripted, Tokens, catalog
from tests.gateway.test_attempts import BAD, FULL, OVERLOADED, Outcome, scripted
from tests.gateway.test_engine import CHUNK, call
from tokenrouter.domain.alias_checks import alias_mistakes
from tokenrouter.domain.aliases import SELECTIONS, Alias, AliasTable, Target, scopes_known_in
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.domain.conduct import Conduct
from tokenrouter.domain.errors import (
    GatewayError,
    ProviderCredentialsRejected,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
)
from tokenrouter.domain.limits import Limit, LimitState, Window
from tokenrouter.gateway.attempts import Wisdom
from tokenrouter.gateway.choices import MAX_TARGETS
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.health import HealthBook
from tokenrouter.gateway.retry import MAX_WAIT_S, RULES
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.outbound import UpstreamRequest

MOST_REPEATS = max(rule.again for rule in RULES.values())
PROVIDERS = ("p", "q", "r", "s", "t")
NAMES = ("a", "b", "c", "x*")
MODELS = tuple(f"{provider}/{model}" for provider in PROVIDERS for model in "mn")
ASKED = ("a", "b", "x1", "p/m")
LEAVES = "leaves"
"""The client does, while the provider is asked."""


@dataclass(frozen=True)
class World:
    """A configuration, how its providers answer in turn, and what is asked of it, each time so much later."""

    state: Catalog
    outcomes: list[Outcome]
    asked: list[tuple[str, bool, float]]


@dataclass
class Clock:
    """Stands still but for who sleeps."""

    now_s: float = 1000.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


class Providers:
    """Answer in turn as they are told, whichever is asked, and then always well."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self._outcomes = iter(outcomes)
        self.asked: list[str] = []
        self.stream = False

    async def send(self, request: UpstreamRequest) -> Scripted:
        body = b"".join(request.data).partition(b"\r\n\r\n")[2]
        self.asked.append(f"{request.to.provider}/{json.loads(body)['model']}")
        outcome = next(self._outcomes, "well")
        if outcome == LEAVES:
            raise asyncio.CancelledError
        if isinstance(outcome, Exception):
            raise outcome
        if outcome == "well" or (outcome in ("cut", "broken") and not self.stream):
            outcome = "stream" if self.stream else "whole"
        return scripted(outcome)


references = st.sampled_from([*NAMES[:3], *MODELS, *MODELS, "gone/m"])
targets = st.builds(Target, references, st.sampled_from(["default", "default", "home"]), st.integers(1, 3))
aliases = st.lists(
    st.builds(
        Alias,
        st.sampled_from(NAMES),
        st.lists(targets, min_size=3, max_size=6).map(tuple),
        st.sampled_from(["global", "global", "team:t", "user:u"]),
        st.sampled_from(SELECTIONS),
        st.one_of(st.just(""), references),
        st.booleans(),
        references,
        st.sampled_from([0, 100]),
        st.builds(Conduct, deadline_s=st.sampled_from([0.0, 1.0, 120.0]), refused_elsewhere=st.booleans()),
    ),
    min_size=2,
    max_size=8,
)
patterns = st.one_of(
    *[st.just(())] * 3, st.lists(st.sampled_from(["a", "b", "x*", "p/*", "*/m", "q/n"]), min_size=1).map(tuple)
)
limits = st.lists(
    st.builds(
        Limit,
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from(["provider:p", "model:q/m", "alias:a", "key:alice", "global"]),
        st.sampled_from(["requests", "tokens", "concurrency"]),
        st.just(Window("lifetime")),
        st.sampled_from([0, 2, 2000, 10**9, 10**9]),
    ),
    max_size=3,
    unique_by=lambda limit: (limit.scope, limit.metric),
)
outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.sampled_from([OVERLOADED, FULL, (200, b"garbage"), BAD, "cut", "broken", "well", LEAVES]),
    st.builds(ProviderUnreachable, st.just("down"), provider=st.just("p")),
    st.builds(ProviderTimeout, st.just("slow"), provider=st.just("p"), phase=st.just("first_byte")),
    st.builds(ProviderCredentialsRejected, st.just("no"), provider=st.just("p")),
    st.builds(
        ProviderRefused,
        st.just("full"),
        provider=st.just("p"),
        status=st.sampled_from([404, 409, 429, 503]),
        retry_after_s=st.sampled_from([None, 0.0, 2.0, 3600.0]),
    ),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    base = catalog(user="u", team="t", allowed_models=draw(patterns), parent_id="k0")
    (alice,) = base.keys
    parent = replace(alice, id="k0", name="parent", digest=b"-", parent_id=None, allowed_models=draw(patterns))
    providers = tuple(
        Provider(name, "openai-compatible", "http://127.0.0.1:9/v1", enabled=draw(st.integers(0, 4)) < 4)
        for name in PROVIDERS
    )
    state = replace(
        base,
        keys=(parent, alice),
        providers=providers,
        aliases=tuple(draw(aliases)),
        active_profile=draw(st.sampled_from(["default", "home"])),
        limits=tuple(draw(limits)),
    )
    asked = st.tuples(st.sampled_from(ASKED), st.booleans(), st.sampled_from([0.0, 1.0, 60.0]))
    alike = outcomes.map(lambda outcome: [outcome] * 40)
    in_turn = draw(st.one_of(st.lists(outcomes, min_size=1, max_size=20), alike))
    return World(state, in_turn, draw(st.lists(asked, min_size=1, max_size=5)))


def may_reach(state: Catalog, requested: str, *, light: bool) -> set[str]:
    """Return every model that a request may be sent to, with light models or without: a walk in no order."""
    table, scopes = AliasTable(state.aliases), ("user:u", "team:t", "global")
    lists = [key.allowed_models for key in state.keys if key.allowed_models]
    enabled = {provider.name for provider in state.providers if provider.enabled}

    def granted(names: tuple[str, ...]) -> bool:
        return all(any(fnmatchcase(name, one) for name in names for one in allowed) for allowed in lists)

    def walk(alias: Alias, names: tuple[str, ...], seen: frozenset[tuple[str, str]]) -> Iterator[str]:
        seen |= {(alias.scope, alias.name)}
        leads = [*(target.name for target in alias.targets_in(state.active_profile)), alias.fallback]
        if light and alias.use_light_model:
            leads += [alias.light_model, *(f"{provider}/{alias.light_model}" for provider in enabled)]
        for name in leads:
            onward = table.named(scopes_known_in(alias.scope), name)
            if onward is None:
                yield from end(name, names)
            elif (onward.scope, onward.name) not in seen:
                yield from walk(onward, (*names, onward.name), seen)

    def end(name: str, names: tuple[str, ...]) -> Iterator[str]:
        if name.partition("/")[0] in enabled and granted((*names, name)):
            yield name

    match = table.matching(scopes, requested)
    first = table.named(scopes, requested) or (None if match is None else match.alias)
    if first is not None:
        return set(walk(first, (requested, first.name), frozenset()))
    return set(end(requested if "/" in requested else f"{min(enabled, default='')}/{requested}", (requested,)))


class House:
    """A gateway of a world."""

    def __init__(self, world: World) -> None:
        self.state = world.state
        self.clock, self.notes = Clock(), Notes()
        self.providers = Providers(world.outcomes)
        self.limiter = MemoryLimiter(self.state.limits, restored=True)
        wisdom = Wisdom(
            health=HealthBook(lambda: self.clock.now_s),
            clock=lambda: self.clock.now_s,
            chance=random.Random(7).random,
            sleep=self.clock.sleep,
        )
        ports = Ports(self.notes, self.limiter, Figures(), Tokens(), clock=lambda: self.clock.now_s)
        self.gateway = Gateway(Held(Directory(self.state, b"")), self.providers, ports, wisdom=wisdom)
        self.gateway.apply(self.state.policy)

    async def ask(self, number: int, model: str, *, stream: bool) -> GatewayError | None:
        """Ask once, and see that this request has ended, for its client and in the books."""
        self.providers.asked.clear()
        self.providers.stream = stream
        self.clock.slept.clear()
        client, asked, told = Client(), call(model=model, stream=stream), None
        asked = replace(asked, request_id=f"req_{number}", started_s=self.clock.now_s)
        left = False
        try:
            await self.gateway.serve(asked, client)
        except GatewayError as error:
            told = error
        except asyncio.CancelledError:
            left = True
        assert left or client.finished or (told is not None and not client.started), "exactly one ending"
        assert client.body.count(CHUNK) <= 1, "nothing is told twice"
        self._see_books(f"req_{number}")
        return told

    def _see_books(self, request_id: str) -> None:
        rows = [row for row in self.notes.ended if row.id.split(".")[0] == request_id]
        assert sum(row.count for row in rows) == 1, "one request, however often it was tried"
        assert rows[-1].count == 1, "the last attempt is the one that counts"
        assert len({row.id for row in rows}) == len(rows)
        assert not self.notes._open
        assert not self.gateway.in_flight
        assert not any(state.held for state in self._states())

    def _states(self) -> Iterator[LimitState]:
        for scope in {limit.scope for limit in self.state.limits}:
            yield from self.limiter.states((scope,))


async def live_through(world: World) -> None:
    house = House(world)
    has_circle = any("circle" in one.message for one in alias_mistakes(world.state.aliases, PROVIDERS))
    for number, (model, stream, later_s) in enumerate(world.asked):
        house.clock.now_s += later_s
        told = await house.ask(number, model, stream=stream)
        asked, reachable = house.providers.asked, may_reach(world.state, model, light=True)

        assert set(asked) <= reachable, "only where the key may go"
        assert len(asked) <= min(len(reachable), MAX_TARGETS) + MOST_REPEATS
        assert sum(house.clock.slept) <= MOST_REPEATS * (MAX_WAIT_S + 1)
        if told is not None and told.code in ("model_not_found", "model_not_allowed") and not asked:
            assert has_circle or not may_reach(world.state, model, light=False), "no way is overlooked"
    with suppress(asyncio.CancelledError):
        await house.gateway.close(0)


@given(worlds())
def test_every_request_ends_once_is_counted_once_and_holds_nothing_then(world: World) -> None:
    asyncio.run(live_through(world))
