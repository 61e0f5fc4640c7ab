"""Lanes: what two requests of one key for one model have in common, decided once.

Where a name leads, whether the key may go there, what it costs, who is charged, the head that the
provider gets: nothing of this changes between two requests as long as the catalogue stays the same. So
the first request of a lane works it out, and the next ones look it up. Lanes hang on the `Principal`,
which a changed catalogue replaces, so none outlives what it was made from. What leads to several places,
an alias or the several credentials of a provider, has a lane for each of them; which one it is, is decided for each
request.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self, TypeVar

import msgspec

from tokenrouter.dialects.base import Dialect, Head
from tokenrouter.dialects.bridge import Bridge
from tokenrouter.dialects.json import RawObject
from tokenrouter.dialects.replays import REPAIRS, Repair
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.conduct import USUAL, Conduct
from tokenrouter.domain.errors import GatewayError, InvalidRequest, ModelUnpriced
from tokenrouter.domain.ledger import Operation, Subject
from tokenrouter.domain.model_facts import UNKNOWN
from tokenrouter.domain.prices import Ceiling, Price, billed_tier, ceiling_of, dearer_ceilings
from tokenrouter.gateway.choices import Chosen, Known, Route, plan, routes_of, usual_route
from tokenrouter.gateway.decisions import Facts, LeftOut, UsualRecord, facts_of, usual_decision, with_left_out
from tokenrouter.gateway.directory import Directory, Principal, ProviderEntry
from tokenrouter.gateway.estimates import EstimateBook, Estimates
from tokenrouter.gateway.loads import Load, LoadBook
from tokenrouter.gateway.ports import Journal
from tokenrouter.gateway.recent import RecentAnswers
from tokenrouter.gateway.room_hint import RoomHint
from tokenrouter.gateway.routing import alias_of, resolve
from tokenrouter.gateway.ways import way_of
from tokenrouter.providers.compatible import CompatibleAdapter
from tokenrouter.providers.endpoints import Endpoint
from tokenrouter.providers.outbound import Destination

MAX_LANES: Final = 256
"""Most lanes that one key remembers; beyond it they are worked out anew."""
MAX_HOMES: Final = 4096
"""Conversations of a key and name of which it is remembered where they go."""
TIER_FIELDS: Final = ("service_tier", "serviceTier", "speed")
"""Where requests ask for a service tier: OpenAI's and Gemini's spellings, and Anthropic's fast mode."""
Name = TypeVar("Name")
Found = TypeVar("Found")
_word: Final = msgspec.json.Decoder(str)
UNCHARGED: Final[frozenset[Operation]] = frozenset(("count_tokens", "count_input_tokens", "count_content_tokens"))
"""What providers do for nothing, so that a price is not missed."""


@dataclass(frozen=True, slots=True)
class Books:
    """What lanes of one data process share. `chance` gives numbers from 0 to below 1, for choosing at random."""

    journal: Journal
    estimates: EstimateBook = field(default_factory=EstimateBook)
    memory: StateMemory = field(default_factory=StateMemory)
    loads: LoadBook = field(default_factory=LoadBook)
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One way from a key to a model.

    Attributes:
        ceiling: the most that its tokens can cost.
        dearer_tiers: the same of service tiers that cost more.
        context_tokens: tokens that its model's window has; 0 where nobody said.
        ceiling_varies: whether `ceiling_of` a request may be another than `ceiling`.
        load: how busy and how fast its target is.
        target: `provider/model`, as sent upstream, or `provider/model#2` by one of several credentials.
        account: the provider's name, or `provider#2` by one of several credentials.
        is_further_account: whether it goes by another credential than the provider's first.
        answers: how long this key's last answers of the model were.
        scopes: whom a request is charged to, but for the client's address.
        to: where requests go.
        endpoint: how they are asked there.
        bridge: the way to a provider of another dialect, or None where it is the client's.
        is_estimate: nobody is asked: tokens are counted here, by estimate.
        repair: takes out what a client carries along of other providers' state.
        model_field: the JSON value that replaces the client's model name, or None where it stays.
        answer_headers: header lines that every answer to the client has.
        asks_usage: whether this provider reports usage in streams only when asked.
        clamps: whether an answer is shortened to fit its limits; else what may not fit is refused.
        denies_unbounded: whether input that cannot be bounded is refused under hard limits.
        hint: what its limits left lately.
        drains: whether the answer is read to its end even when the client leaves.
        subject_record: `subject` as the journal wants it.
    """

    dialect: Dialect
    adapter: CompatibleAdapter
    price: Price | None
    ceiling: Ceiling | None
    dearer_tiers: Mapping[str, Ceiling]
    ceiling_varies: bool
    estimates: Estimates
    load: Load
    target: str
    account: str
    answers: RecentAnswers
    scopes: tuple[str, ...]
    to: Destination
    endpoint: Endpoint
    bridge: Bridge | None
    is_estimate: bool
    repair: Repair | None
    model_field: bytes | None
    answer_headers: bytes
    asks_usage: bool
    clamps: bool
    denies_unbounded: bool
    drains: bool
    subject: Subject
    subject_record: bytes = field(repr=False)
    hint: RoomHint = field(default_factory=RoomHint, repr=False)
    context_tokens: int = 0
    is_further_account: bool = False

    def ceiling_of(self, asked: Head) -> Ceiling | None:
        """Return the most that tokens of one request can cost: its tier may be dearer, or it may become several."""
        ceiling = self.ceiling
        if ceiling is None:
            return None
        if self.dearer_tiers:
            words = _tiers_in(asked.body.fields)
            ceiling = next((self.dearer_tiers[word] for word in words if word in self.dearer_tiers), ceiling)
        if ceiling.request_nano and asked.answers > 1:
            return ceiling._replace(request_nano=ceiling.request_nano * asked.answers)
        return ceiling

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self.to.provider


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with one request: where to ask, at least one place, and how to go about it.

    Attributes:
        is_carried: whether what fails is tried again; else the one place's answer is told, errors included.
        facts: how that was decided; None where it is the same for every request, and stands in the lane's subject.
        order: the targets of the lanes.
        record: that of requests which the first place answers; None where `facts` is.
        window_tokens: of the model with the shortest window; 0 where nobody knows one.
        has_accounts: whether some of the places are further credentials of one provider.
        is_simple: whether nothing is to be done as long as nothing fails, but to ask the first place.
    """

    lanes: tuple[Lane, ...]
    conduct: Conduct = USUAL
    is_carried: bool = False
    facts: Facts | None = None
    order: tuple[str, ...] = ()
    record: UsualRecord | None = None
    window_tokens: int = 0
    has_accounts: bool = False
    is_simple: bool = False

    @classmethod
    def carried(cls, lanes: tuple[Lane, ...], conduct: Conduct, facts: Facts) -> Self:
        """Return the plan of a request that is asked of `lanes` in turn."""
        order = tuple([lane.target for lane in lanes])
        window = min((lane.context_tokens for lane in lanes if lane.context_tokens), default=0)
        is_watched = conduct.hedge or conduct.deadline_s > 0 or conduct.min_tokens_per_s > 0
        return cls(
            lanes,
            conduct,
            is_carried=True,
            facts=facts,
            order=order,
            record=UsualRecord(facts, order),
            window_tokens=window,
            has_accounts=any(lane.is_further_account for lane in lanes),
            is_simple=not (is_watched or conduct.continue_streams),
        )


def lanes_of(
    directory: Directory,
    principal: Principal,
    dialect: Dialect,
    model: str,
    known: Known,
    *,
    books: Books,
) -> Plan:
    """Return the lane of `principal` to `model`, worked out when it is not known, and those to try when it fails.

    `known` is what the choice among several may go by.

    Raises:
        ModelNotFound, ModelNotAllowed: see `routing.resolve`.
        ModelUnpriced: see `Directory.require_counting`.
        InvalidRequest: the provider does not offer the operation.
    """
    lane = principal.lanes.get((dialect, model))
    if lane is not None:
        return Plan((lane,))
    chosen = principal.choices.get(model)
    if chosen is None:
        chosen = choose(directory, principal, model)
        if isinstance(chosen.choice, Route) and not chosen.choice.alias:
            lane = _open(directory, principal, dialect, model, chosen.choice, books, chosen.facts)
            return Plan((_keep(principal.lanes, (dialect, model), lane),))
        _keep(principal.choices, model, chosen)
    routes = plan(chosen.choice, known)
    key = dialect, known.keeps_together, tuple(map(id, routes))
    found = chosen.plans.get(key)
    if found is None:
        lanes, left_out = branches(directory, principal, dialect, [(model, route) for route in routes], books)
        facts = with_left_out(chosen.facts, left_out) if left_out else chosen.facts
        facts = facts.sticky if known.keeps_together else facts
        found = _keep(chosen.plans, key, Plan.carried(lanes, chosen.conduct, facts))
    if chosen.is_fixed:
        chosen.always[dialect] = found
    elif chosen.is_settled and known.keeps_together:
        _keep(chosen.homes, (dialect, known.session()), found, MAX_HOMES)
    return found


def choose(directory: Directory, principal: Principal, model: str) -> Chosen:
    """Return where a name leads, and how that was found.

    Raises:
        ModelNotFound, ModelNotAllowed: as `routing.resolve`.
    """
    left_out: list[LeftOut] = []
    choice, match = resolve(directory, principal, model, left_out), alias_of(directory, principal, model)
    if match is None:
        return Chosen.of(choice, USUAL, facts_of(usual_route(choice).by))
    alias, profile = match.alias, directory.catalog.active_profile
    return Chosen.of(choice, alias.conduct, facts_of("alias", left_out, profile=profile, selection=alias.selection))


def lane_at_model(
    directory: Directory, principal: Principal, dialect: Dialect, model: str, full_name: str, *, books: Books
) -> Lane | None:
    """Return the lane by which `model` leads to `provider/model` of `full_name`; None if it does not lead there.

    Raises:
        GatewayError: as `lanes_of`.
    """
    choices = routes_of(resolve(directory, principal, model))
    route = next((route for route in choices if route.full_name == full_name), None)
    return None if route is None else _branch(directory, principal, dialect, model, route, books)


def branches(
    directory: Directory,
    principal: Principal,
    dialect: Dialect,
    named: Sequence[tuple[str, Route]],
    books: Books,
) -> tuple[tuple[Lane, ...], list[LeftOut]]:
    """Return the lanes by which names lead to routes, as many as can be used, and the others.

    Raises:
        ModelUnpriced, InvalidRequest: as `lanes_of`, where none can be used.
    """
    lanes, left_out, problem = [], [], None
    for model, route in named:
        try:
            lanes.append(_branch(directory, principal, dialect, model, route, books))
        except GatewayError as error:
            problem = problem or error
            why = error.code if isinstance(error, ModelUnpriced) else "no_operation"
            left_out.append(LeftOut(route.place, why))
    if problem is not None and not lanes:
        raise problem
    return tuple(lanes), left_out


def _branch(
    directory: Directory, principal: Principal, dialect: Dialect, model: str, route: Route, books: Books
) -> Lane:
    key = dialect, model, route.place
    lane = principal.branches.get(key)
    if lane is None:  # of several places each says its model: the request names it for at most one of them
        opened = _open(directory, principal, dialect, model, route, books)
        lane = _keep(principal.branches, key, replace(opened, model_field=dialect.model_field(route.model)))
    return lane


def _keep(known: dict[Name, Found], key: Name, found: Found, most: int = MAX_LANES) -> Found:
    """Remember `found` in a table that is forgotten when it is full."""
    if len(known) >= most:
        known.clear()
    known[key] = found
    return found


def _open(
    directory: Directory,
    principal: Principal,
    dialect: Dialect,
    model: str,
    route: Route,
    books: Books,
    facts: Facts | None = None,
) -> Lane:
    provider, adapter = route.entry.provider, route.entry.adapter
    way = way_of(adapter, provider.name, dialect, route.model, memory=books.memory, tenant=principal.chain[-1])
    price = directory.price(provider.name, route.model)
    dearer_tiers = {} if price is None else dearer_ceilings(price)
    scopes = _scopes(principal, route)
    if price is None and dialect.operation not in UNCHARGED:
        directory.require_counting(principal, scopes, route.full_name)
    subject = subject_of(principal, dialect, model)._replace(
        alias=route.alias,
        provider=provider.name,
        model=route.model,
        price_source="" if price is None else price.named,
        decision=usual_decision(facts_of(route.by) if facts is None else facts),
    )
    return Lane(
        dialect=dialect,
        adapter=adapter,
        price=price,
        ceiling=None if price is None else ceiling_of(price),
        dearer_tiers=dearer_tiers,
        ceiling_varies=price is not None and bool(dearer_tiers or price.request_nano),
        estimates=books.estimates.of(provider.name, route.model),
        load=books.loads.of(route.place),
        target=route.place,
        account=route.entry.account,
        answers=books.estimates.answers_to(principal.key.id, provider.name, route.model),
        scopes=scopes,
        to=Destination(adapter.origin, provider.timeouts, provider.name, allow_private=provider.allow_private),
        endpoint=way.endpoint,
        bridge=way.bridge,
        is_estimate=way.is_estimate,
        repair=REPAIRS.get(dialect.name),
        model_field=None if route.model == model else dialect.model_field(route.model),
        answer_headers=b"x-tokenrouter-provider: %b\r\n" % provider.name.encode(),
        asks_usage=adapter.quirks.stream_usage == "include_usage",
        clamps=principal.clamp,
        denies_unbounded=(principal.unbounded_input or directory.catalog.policy.unbounded_input) == "deny",
        drains=provider.on_disconnect == "drain",
        subject=subject,
        subject_record=books.journal.subject(subject),
        context_tokens=directory.catalog.facts.get(route.full_name, UNKNOWN).context_tokens,
        is_further_account=route.entry.number > 1,
    )


def lane_at(
    principal: Principal, entry: ProviderEntry, dialect: Dialect, method: str, path: str, *, books: Books
) -> Lane:
    """Return a lane to a `path` of a provider's that is not about a model; it has no price.

    Raises:
        InvalidRequest: requests to this provider cannot be authorized without knowing what they are.
    """
    provider, adapter = entry.provider, entry.adapter
    subject = subject_of(principal, dialect, "")._replace(provider=provider.name)
    endpoint = adapter.endpoint_at(method, path)
    if endpoint is None:
        raise InvalidRequest(f"Provider {provider.name!r} can only be asked for what the gateway knows.")
    return Lane(
        dialect=dialect,
        adapter=adapter,
        price=None,
        ceiling=None,
        dearer_tiers={},
        ceiling_varies=False,
        estimates=Estimates(),
        load=Load(),
        target=f"{provider.name}/",
        account=entry.account,
        answers=RecentAnswers(),
        scopes=(*principal.scopes, f"provider:{provider.name}"),
        to=Destination(adapter.origin, provider.timeouts, provider.name, allow_private=provider.allow_private),
        endpoint=endpoint,
        bridge=None,
        is_estimate=False,
        repair=None,
        model_field=None,
        answer_headers=b"x-tokenrouter-provider: %b\r\n" % provider.name.encode(),
        asks_usage=False,
        clamps=True,
        denies_unbounded=False,
        drains=provider.on_disconnect == "drain",
        subject=subject,
        subject_record=books.journal.subject(subject),
    )


def _tiers_in(fields: RawObject) -> Iterator[str]:
    """Yield the service tiers that a request asks for, as prices name them."""
    for name in TIER_FIELDS:
        try:
            yield billed_tier(_word.decode(fields[name]))
        except (KeyError, msgspec.DecodeError):
            continue


def subject_of(principal: Principal, dialect: Dialect, model: str) -> Subject:
    """Return who asks for `model`, as far as it is known before a provider is found."""
    key = principal.key
    return Subject(dialect.operation, key.id, key.name, key.user, key.team, principal.chain, requested_model=model)


def _scopes(principal: Principal, route: Route) -> tuple[str, ...]:
    own = [f"provider:{route.entry.provider.name}", f"model:{route.full_name}"]
    if route.alias:
        own.append(f"alias:{route.alias}")
    return (*principal.scopes, *own)
