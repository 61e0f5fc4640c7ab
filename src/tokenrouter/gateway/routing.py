"""Which provider gets a request, from the model's name alone (pure).

The order is DESIGN.md's, "A model name resolves": exact alias, provider prefix, `default_provider` with
the whole string, the only enabled provider whose catalogue lists the id, the first enabled one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from tokenrouter.domain.errors import ModelNotAllowed, ModelNotFound
from tokenrouter.gateway.directory import Directory, Principal, ProviderEntry


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. `model` is the name the provider knows; `alias` the operator's own name or ""."""

    entry: ProviderEntry
    model: str
    alias: str = ""

    @property
    def full_name(self) -> str:
        """`provider/model`, as `/v1/models` shows it."""
        return f"{self.entry.provider.name}/{self.model}"


def resolve(directory: Directory, principal: Principal, requested: str) -> Route:
    """Return the route of model `requested` for `principal`.

    Raises:
        ModelNotFound: nothing answers to that name.
        ModelNotAllowed: the key, or the provider's own allow-list, does not include it.
    """
    route = _find(directory, requested)
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
    return route if mapped is None else Route(route.entry, mapped, route.alias)


def _find(directory: Directory, requested: str) -> Route:
    if requested in directory.aliases:
        return _follow_alias(directory, requested)
    prefix, slash, rest = requested.partition("/")
    named = directory.providers.get(prefix) if slash and rest else None
    if named is not None:
        return Route(_enabled(named, requested), rest)
    entry = _unprefixed(directory, requested)
    if entry is None:
        raise ModelNotFound(_not_found(directory, requested), param="model")
    return Route(entry, requested)


def _follow_alias(directory: Directory, name: str) -> Route:
    profile = directory.catalog.active_profile
    target = next((target for target in directory.aliases[name].targets if target.profile == profile), None)
    if target is None:
        raise ModelNotFound(f"The alias {name!r} has no target in the active profile {profile!r}.", param="model")
    entry = directory.providers.get(target.provider)
    if entry is None:
        raise ModelNotFound(f"The alias {name!r} leads to provider {target.provider!r}, which is gone.", param="model")
    return Route(_enabled(entry, name), target.model, alias=name)


def _enabled(entry: ProviderEntry, requested: str) -> ProviderEntry:
    """Return `entry` if it is enabled: a disabled provider's models never go to another one."""
    if not entry.provider.enabled:
        raise ModelNotFound(
            f"Model {requested!r} is not available: provider {entry.provider.name!r} is disabled.", param="model"
        )
    return entry


def _unprefixed(directory: Directory, model: str) -> ProviderEntry | None:
    default = directory.providers.get(directory.catalog.default_provider)
    if default is not None:
        return _enabled(default, model)
    enabled = [entry for entry in directory.providers.values() if entry.provider.enabled]
    listing = [entry for entry in enabled if model in entry.provider.models]
    if len(listing) == 1:
        return listing[0]
    candidates = [entry for entry in enabled if entry.provider.origin not in ("automatic", "sandbox")]
    if candidates:
        return candidates[0]
    sandboxes = [entry for entry in enabled if entry.provider.origin == "sandbox"]
    return sandboxes[0] if sandboxes else None


def _not_found(directory: Directory, requested: str) -> str:
    near = get_close_matches(requested, list(offered_models(directory)), n=1, cutoff=0.5)
    hint = f" did you mean {near[0]!r}?" if near else " GET /v1/models lists what there is."
    return f"No provider offers model {requested!r};{hint}"


def offered_models(directory: Directory) -> Iterator[str]:
    """Yield every name that `/v1/models` may show: aliases that lead somewhere, then `provider/model`."""
    for name, alias in directory.aliases.items():
        if any(target.profile == directory.catalog.active_profile for target in alias.targets):
            yield name
    for name, entry in directory.providers.items():
        if entry.provider.enabled:
            yield from (f"{name}/{model}" for model in entry.provider.models if entry.allowed.allow(model))
