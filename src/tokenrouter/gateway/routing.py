"""Which provider gets a request, from the model's name alone (pure).

The order is DESIGN.md's, "A model name resolves": exact alias, provider prefix, alias with a pattern,
`default_provider` with the whole string, the only enabled provider whose catalogue lists the id, the first enabled one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from tokenrouter.domain.aliases import Match
from tokenrouter.domain.errors import GatewayError, ModelNotAllowed, ModelNotFound
from tokenrouter.domain.model_facts import UNKNOWN, ModelFacts
from tokenrouter.gateway.alias_routes import follow_alias, problem_of
from tokenrouter.gateway.choices import Choice, FoundBy, Route, usual_route
from tokenrouter.gateway.credentials import by_each_credential
from tokenrouter.gateway.decisions import LeftOut
from tokenrouter.gateway.directory import Directory, Principal, ProviderEntry


def resolve(
    directory: Directory, principal: Principal, requested: str, left_out: list[LeftOut] | None = None
) -> Choice:
    """Return where model `requested` leads `principal`; what an alias cannot use goes to `left_out`.

    Raises:
        ModelNotFound: nothing answers to that name.
        ModelNotAllowed: the key, or the provider's own allow-list, does not include it.
    """
    match = alias_of(directory, principal, requested)
    if match is not None:
        return follow_alias(directory, principal, match, requested, left_out)
    entry, model = _prefixed(directory, requested)
    by: FoundBy = "prefix"
    if entry is None:
        (entry, by), model = _unprefixed(directory, requested), requested
    if entry is None:
        raise ModelNotFound(_not_found(directory, principal, requested), param="model")
    return by_each_credential(_permitted(principal, Route(entry, model, by=by), requested))


def alias_of(directory: Directory, principal: Principal, requested: str) -> Match | None:
    """Return the alias that `requested` is to `principal`, if it is one: a provider's prefix comes before patterns."""
    alias = directory.aliases.named(principal.alias_scopes, requested)
    if alias is not None:
        return Match(alias)
    if _named_provider(directory, requested) is not None:
        return None
    return directory.aliases.matching(principal.alias_scopes, requested)


def is_really_named(directory: Directory, principal: Principal, requested: str) -> bool:
    """Whether something has exactly this name: an alias, or a model in a provider's list.

    A provider that chooses among others knows suffixes of its own.
    """
    if directory.aliases.named(principal.alias_scopes, requested) is not None:
        return True
    entry = _named_provider(directory, requested)
    if entry is not None:
        return entry.adapter.quirks.heeds_preferences or _lists(entry, requested.partition("/")[2])
    return any(
        _lists(entry, requested)
        for entry in directory.providers.values()
        if entry.provider.enabled and entry.provider.origin != "automatic"
    )


def offering(directory: Directory, principal: Principal, requested: str, left_out: list[LeftOut]) -> list[Route]:
    """Return every provider that gives `principal` a model of this name; none for an alias or a name with a prefix.

    What lists it and cannot be used goes to `left_out`.
    """
    if alias_of(directory, principal, requested) is not None or _named_provider(directory, requested) is not None:
        return []
    routes = []
    for name, entry in directory.providers.items():
        if not _lists(entry, requested):
            continue
        why = "automatic" if entry.provider.origin == "automatic" else problem_of(name, requested, entry)[0]
        if not why and not principal.may_use((requested, f"{name}/{requested}")):
            why = "not_allowed"
        if why:
            left_out.append(LeftOut(f"{name}/{requested}", why))
        else:
            routes.append(Route(entry, entry.provider.model_mapping.get(requested, requested), by="listed"))
    return routes


def _lists(entry: ProviderEntry, model: str) -> bool:
    return model in entry.provider.models or model in entry.provider.model_mapping


def _prefixed(directory: Directory, requested: str) -> tuple[ProviderEntry | None, str]:
    named = _named_provider(directory, requested)
    if named is not None:
        return _enabled(named, requested), requested.partition("/")[2]
    prefix, slash, rest = requested.partition("/")
    if slash and rest and prefix in directory.catalog.awaited:
        # Who asks for the server on this machine may well not want its prompts elsewhere.
        raise ModelNotFound(f"Model {requested!r} is not available: provider {prefix!r} is away.", param="model")
    return None, ""


def _named_provider(directory: Directory, requested: str) -> ProviderEntry | None:
    prefix, slash, rest = requested.partition("/")
    return directory.providers.get(prefix) if slash and rest else None


def _permitted(principal: Principal, route: Route, requested: str) -> Route:
    """Return `route` with the provider's own name of the model, if it may be taken."""
    if principal.allowed and not principal.may_use((requested, route.full_name)):
        raise ModelNotAllowed(
            f"The API key {principal.key.name!r} may not use model {requested!r}; GET /v1/models lists what it may.",
            param="model",
        )
    if not route.entry.allowed.allow(route.model):
        raise ModelNotAllowed(
            f"Model {route.model!r} of provider {route.entry.provider.name!r} is not offered here; "
            "GET /v1/models lists what is.",
            param="model",
        )
    mapped = route.entry.provider.model_mapping.get(route.model)
    return route if mapped is None else Route(route.entry, mapped, by=route.by)


def _enabled(entry: ProviderEntry, requested: str) -> ProviderEntry:
    """Return `entry` if it is enabled: a disabled provider's models never go to another one."""
    if not entry.provider.enabled:
        raise ModelNotFound(
            f"Model {requested!r} is not available: provider {entry.provider.name!r} is disabled.", param="model"
        )
    return entry


def _unprefixed(directory: Directory, model: str) -> tuple[ProviderEntry | None, FoundBy]:
    default = directory.providers.get(directory.catalog.default_provider)
    if default is not None:
        return _enabled(default, model), "default_provider"
    enabled = [
        entry
        for entry in directory.providers.values()
        if entry.provider.enabled and entry.provider.origin != "automatic"
    ]
    listing = [entry for entry in enabled if model in entry.provider.models]
    if len(listing) == 1:
        return listing[0], "listed"
    candidates = [entry for entry in enabled if entry.provider.origin != "sandbox"]
    sandboxes = [entry for entry in enabled if entry.provider.origin == "sandbox"]
    return next(iter(candidates or sandboxes), None), "first_provider"


def _not_found(directory: Directory, principal: Principal, requested: str) -> str:
    names = [offer.name for offer in offered_models(directory, principal)]
    near = get_close_matches(requested, names, n=1, cutoff=0.5)
    hint = f" did you mean {near[0]!r}?" if near else " GET /v1/models lists what there is."
    return f"No provider offers model {requested!r};{hint}"


@dataclass(frozen=True, slots=True)
class Offer:
    """A name that a key may ask for, and what it leads to; `profile` is "" where it is no alias."""

    name: str
    provider: str
    model: str
    profile: str = ""
    facts: ModelFacts = UNKNOWN


def offered_models(directory: Directory, principal: Principal) -> Iterator[Offer]:
    """Yield what `/v1/models` shows to `principal`: aliases that lead somewhere, then `provider/model`."""
    profile, facts = directory.catalog.active_profile, directory.catalog.facts
    for alias in directory.aliases.visible(principal.alias_scopes):
        try:
            route = usual_route(follow_alias(directory, principal, Match(alias), alias.name))
        except GatewayError:
            continue
        known = facts.get(route.full_name, UNKNOWN)
        yield Offer(alias.name, route.entry.provider.name, route.model, profile, known)
    for name, entry in directory.providers.items():
        for model in entry.provider.models if entry.provider.enabled else ():
            full_name = f"{name}/{model}"
            if entry.allowed.allow(model) and principal.may_use((full_name,)):
                yield Offer(full_name, name, model, facts=facts.get(full_name, UNKNOWN))
