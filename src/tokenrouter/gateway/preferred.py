"""From a request to the places that it is sent to, in order; what explains a request takes the same way.

A request that wishes nothing goes where its model's name leads. One that does gets all the places to which the names in
it lead, and its wishes choose among them: they leave places out and put them in order, and never add one. Only a name
without a prefix, which is no alias either, leads to every provider that lists it once a request says anything of
providers; without such a wish it leads to one, as always.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tokenrouter.dialects.base import Dialect, Head
from tokenrouter.dialects.sessions import session_of
from tokenrouter.domain.conditions import Condition
from tokenrouter.domain.conduct import Conduct
from tokenrouter.domain.errors import GatewayError, ModelNotAllowed, ModelNotFound
from tokenrouter.domain.preferences import MaxPrice, Preferences, SortBy, split_suffix
from tokenrouter.domain.prices import Price
from tokenrouter.gateway.account.references import has_references
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.choices import MAX_TARGETS, Known, Route, plan
from tokenrouter.gateway.circumstances import Circumstances
from tokenrouter.gateway.credentials import places_in_turn
from tokenrouter.gateway.decisions import MAX_WISHES, NO_FACTS, LeftOut, facts_of, short
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.lanes import Books, Plan, branches, choose, lanes_of
from tokenrouter.gateway.long_requests import fitting_first
from tokenrouter.gateway.routing import is_really_named, offering

Named = tuple[str, Route]
"""A name of the request, and a place that it leads to."""


def plan_of(
    directory: Directory,
    principal: Principal,
    call: Call,
    peeked: Head,
    wishes: Preferences | None,
    books: Books,
    conditions: Mapping[str, Condition],
) -> Plan:
    """Return where a request goes, at least one place.

    Raises:
        ModelNotFound: no name leads anywhere, or the wishes leave nothing.
        ModelNotAllowed, ModelUnpriced, InvalidRequest: as `lanes_of`, for the first name.
        InvalidJson, NestedTooDeeply: the body cannot be looked through for ids of files.
    """
    head, dialect, fields = call.head, call.head.dialect, peeked.body.fields
    chosen = None if wishes is not None else principal.choices.get(peeked.model)
    plan, session = None, -1
    if chosen is not None:
        plan = chosen.always.get(dialect)
        if plan is None and chosen.is_settled:
            session = session_of(principal.tenant, head.session, dialect.operation, fields)
            plan = chosen.homes.get((dialect, session))
    if plan is None:
        known = Circumstances(directory, principal, head, peeked, books, conditions, session)
        plan = _plan(directory, principal, dialect, peeked.model, wishes, known, books)
    if plan.has_accounts:
        plan = _where_its_files_are(plan, call.body)
    return fitting_first(plan, len(call.body), fields) if 0 < plan.window_tokens < len(call.body) else plan


def _where_its_files_are(plan: Plan, body: bytes) -> Plan:
    """Return `plan` without further credentials if the request names files: those lie in the first one's account."""
    if not has_references(body):
        return plan
    lanes = tuple(lane for lane in plan.lanes if not lane.is_further_account)
    return Plan.carried(lanes, plan.conduct, plan.facts or NO_FACTS)


def _plan(
    directory: Directory,
    principal: Principal,
    dialect: Dialect,
    model: str,
    wishes: Preferences | None,
    known: Known,
    books: Books,
) -> Plan:
    if wishes is None:
        if model in principal.choices or not wished_suffix(directory, principal, model)[1]:
            return lanes_of(directory, principal, dialect, model, known, books=books)
        wishes = Preferences((model,))
    choosing = _Choosing(directory, principal, wishes, known)
    named = choosing.places()
    lanes, left_out = branches(directory, principal, dialect, named, books)
    left_out = [*choosing.left_out, *left_out]
    facts = facts_of("request", left_out, models=_some(wishes.models), wishes=_told(wishes))
    return Plan.carried(lanes, choosing.conduct, facts.sticky if known.keeps_together else facts)


def wished_suffix(directory: Directory, principal: Principal, model: str) -> tuple[str, SortBy]:
    """Return a name without its suffix, and what that wishes; a model that really has such a name keeps it."""
    base, sort = split_suffix(model)
    if not sort or is_really_named(directory, principal, model):
        return model, ""
    return base, sort


@dataclass(slots=True)
class _Choosing:
    """The wishes of one request, applied.

    Attributes:
        left_out: places that they, or what is known of them, leave out.
        conduct: of the first name that leads somewhere.
    """

    directory: Directory
    principal: Principal
    wishes: Preferences
    known: Known
    left_out: list[LeftOut] = field(default_factory=list)
    conduct: Conduct = field(default_factory=Conduct)

    def places(self) -> list[Named]:
        """Return the places of all names, the first to ask first.

        Raises:
            ModelNotFound, ModelNotAllowed: there are none.
        """
        found: dict[str, Named] = {}
        problem: GatewayError | None = None
        for name in self.wishes.models:
            try:
                places = self._places_of(name, is_first=not found)
            except (ModelNotFound, ModelNotAllowed) as error:
                problem = problem or error
                self.left_out.append(LeftOut(name, "not_found" if isinstance(error, ModelNotFound) else "not_allowed"))
                continue
            for route in places:
                found.setdefault(route.place, (name, route))
        if not found:
            raise problem or self._nothing_left()
        if self.wishes.sorts_models and self.wishes.sort:
            return self._bounded(sorted(found.values(), key=lambda one: self._rank(one[1], self.wishes.sort)))
        return self._bounded(list(found.values()))

    def _places_of(self, name: str, *, is_first: bool) -> list[Route]:
        base, sort = wished_suffix(self.directory, self.principal, name)
        sort = sort or self.wishes.sort
        routes, conduct = self._routes_of(base, chooses=bool(sort) or self.wishes.chooses_providers)
        if is_first:
            self.conduct = conduct
        kept = [route for route in routes if not self._is_left_out(route)]
        if sort:
            kept.sort(key=lambda route: self._rank(route, sort))
        return self._in_wished_order(kept)

    def _routes_of(self, name: str, *, chooses: bool) -> tuple[Sequence[Route], Conduct]:
        """Return where a name leads: what follows a prefix or an alias, or everybody who lists it."""
        if chooses:
            offers = offering(self.directory, self.principal, name, self.left_out)
            if offers:
                return places_in_turn(offers, self.known), Conduct()
        chosen = self.principal.choices.get(name) or choose(self.directory, self.principal, name)
        self.left_out += (LeftOut(target, why) for target, why in chosen.facts.told.get("left_out", {}).items())
        return plan(chosen.choice, self.known), chosen.conduct

    def _is_left_out(self, route: Route) -> bool:
        why = self._why_not(route)
        if why:
            self.left_out.append(LeftOut(route.place, why))
        return bool(why)

    def _why_not(self, route: Route) -> str:
        wishes = self.wishes
        if wishes.only and not _is_named(route, wishes.only):
            return "not_in_only"
        if wishes.ignore and _is_named(route, wishes.ignore):
            return "ignored"
        if wishes.order and not wishes.allow_fallbacks and not _is_named(route, wishes.order):
            return "not_in_order"
        return "" if wishes.max_price is None else _too_dear(self._price(route), wishes.max_price)

    def _in_wished_order(self, routes: list[Route]) -> list[Route]:
        """Return `routes` with those of the wished order first; only the first one's where no other is to follow."""
        order = self.wishes.order
        if order:
            return sorted(routes, key=lambda route: _place_in(order, route))
        if self.wishes.allow_fallbacks:
            return routes
        first = [route for route in routes if route.full_name == routes[0].full_name]
        self.left_out += (LeftOut(route.place, "not_first") for route in routes if route not in first)
        return first

    def _rank(self, route: Route, sort: SortBy) -> tuple[float, float]:
        """Return what makes a place come first; the order among those of the same rank stays.

        Of speed, each kind of request teaches something else; what nobody knows comes first, and so becomes known.
        """
        if sort == "price":
            cost = self.known.cost(route)
            return math.inf if cost is None else cost, 0.0
        load = self.known.load(route)
        first, token = load.wait(stream=True), load.wait(stream=False)
        return (first, token) if sort == "latency" else (token, first)

    def _price(self, route: Route) -> Price | None:
        return self.directory.price(route.entry.provider.name, route.model)

    def _bounded(self, named: list[Named]) -> list[Named]:
        self.left_out += (LeftOut(route.place, "too_many") for _, route in named[MAX_TARGETS:])
        return named[:MAX_TARGETS]

    def _nothing_left(self) -> ModelNotFound:
        reasons = ", ".join(f"{one.target} ({one.why})" for one in self.left_out[:MAX_TARGETS])
        return ModelNotFound(f"The preferences of this request leave no provider to ask: {reasons}.", param="provider")


def _place_in(order: Sequence[str], route: Route) -> int:
    """Return where a place stands in a list of providers; behind it, if it is not in it."""
    return next((place for place, name in enumerate(order) if _is_named(route, (name,))), len(order))


def _is_named(route: Route, names: Sequence[str]) -> bool:
    """Whether a list of providers means this place's: by the name that it has here, or by what kind it is."""
    provider = route.entry.provider
    return provider.name in names or provider.kind in names


def _too_dear(price: Price | None, most: MaxPrice) -> str:
    """Return why a price is too high, or ""; where none is known it may be."""
    if price is None:
        return "unpriced"
    bounds = (most.input, price.rates.input), (most.output, price.rates.output), (most.request_nano, price.request_nano)
    return "too_dear" if any(bound is not None and rate > bound for bound, rate in bounds) else ""


def _some(value: Any) -> Any:
    return list(map(short, value[:MAX_WISHES])) if isinstance(value, tuple) else value


def _told(wishes: Preferences) -> dict[str, Any]:
    """Return what was wished of providers, as it is to be shown."""
    said = {name: getattr(wishes, name) for name in ("order", "only", "ignore", "sort", "sorts_models")}
    told = {name: _some(value) for name, value in said.items() if value}
    if not wishes.allow_fallbacks:
        told["allow_fallbacks"] = False
    if wishes.max_price is not None:
        told["max_price"] = True
    return told
