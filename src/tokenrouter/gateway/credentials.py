"""The several credentials of one provider: each is a place of its own (pure).

Vendors count limits, and keep prompts warm, by account or by key. So a conversation stays with one credential, others
go to the one that is least busy, and what is refused to one goes on to the next. Whatever leads to the provider, be it
a prefix, an alias or a request's own wishes, leads to all of them in turn.
"""

from collections.abc import Sequence

from tokenrouter.gateway.choices import Choice, Known, Route, Spread, plan
from tokenrouter.gateway.policies import by_load, kept_by_load


def by_each_credential(route: Route) -> Choice:
    """Return `route` by every credential of its provider, which has the first one; itself where there is one."""
    others = route.entry.others
    if not others:
        return route
    routes = [route, *(Route(entry, route.model, route.alias, route.by) for entry in others)]
    return Spread.of(routes, [1] * len(routes), [one.place for one in routes], by_load, kept_by_load)


def places_in_turn(routes: Sequence[Route], known: Known) -> list[Route]:
    """Return the places that `routes` lead to, those of one provider beside each other."""
    return [place for route in routes for place in plan(by_each_credential(route), known)]
