"""Following an alias to the models that it leads to, for one key (pure).

Whatever cannot be used is left out: a provider that is gone, disabled or without its key, a model that the provider's
or the key's list leaves out. All usable targets count, in order or by weight, and the fallback after them. Aliases that
lead in a circle are mistakes where they are written; should some come about all the same (one of the database, when the
file changes), the circle is left out too, so that following always ends.
"""

from collections.abc import Iterator

from tokenrouter.domain.aliases import MAX_CHAIN, WILD, Alias, Match, Target, scopes_known_in
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.errors import GatewayError, ModelNotAllowed, ModelNotFound
from tokenrouter.gateway.choices import ByLength, Choice, Ordered, Route, Spread, routes_of, usual_route
from tokenrouter.gateway.credentials import by_each_credential
from tokenrouter.gateway.decisions import LeftOut
from tokenrouter.gateway.directory import Directory, Principal, ProviderEntry
from tokenrouter.gateway.policies import POLICIES, Policy

Granted = tuple[bool, ...]
"""For each set of patterns of a key's chain, whether a name on the way was allowed: then all that it leads to is."""


def follow_alias(
    directory: Directory, principal: Principal, match: Match, requested: str, left_out: list[LeftOut] | None = None
) -> Choice:
    """Return where `requested` leads, which was found to be the alias `match`; what is left out goes to `left_out`.

    Raises:
        ModelNotAllowed: it leads nowhere that the key may go.
        ModelNotFound: it leads nowhere.
    """
    walk = _Walk(directory, principal, match, requested)
    nothing = (False,) * len(principal.allowed)
    choice = walk.follow(match.alias, walk.grant(requested, nothing) if match.alias.gives_leave else nothing)
    if left_out is not None:
        left_out += dict.fromkeys(walk.left_out)
    if choice is None:
        raise walk.why_not()
    return choice


class _Walk:
    """One way through the aliases. What is known of an alias is kept, since many may lead to it.

    Attributes:
        left_out: what cannot be used.
    """

    def __init__(self, directory: Directory, principal: Principal, match: Match, requested: str) -> None:
        self._directory = directory
        self._principal = principal
        self._match = match
        self._requested = requested
        self._found: dict[tuple[str, str, Granted], Choice | None] = {}
        self._path: set[tuple[str, str]] = set()
        self.left_out: list[LeftOut] = []
        self._reasons: dict[str, None] = {}
        self._is_denied = False

    def why_not(self) -> GatewayError:
        """Return why there is no way."""
        if self._is_denied:
            return ModelNotAllowed(
                f"The API key {self._principal.key.name!r} may not use model {self._requested!r}; "
                "GET /v1/models lists what it may.",
                param="model",
            )
        reasons = "; ".join(self._reasons) or "it has no target"
        return ModelNotFound(f"The alias {self._requested!r} leads nowhere now: {reasons}.", param="model")

    def grant(self, name: str, granted: Granted) -> Granted:
        """Return `granted` with what the keys allow by this name."""
        pairs = zip(granted, self._principal.allowed, strict=True)
        return tuple(before or patterns.allow(name) for before, patterns in pairs)

    def follow(self, alias: Alias, granted: Granted) -> Choice | None:
        """Return where `alias` leads, None where that is nowhere."""
        place = alias.scope, alias.name
        if place in self._path or len(self._path) >= MAX_CHAIN:
            self._reasons[f"{alias.name!r} leads in a circle, or through more than {MAX_CHAIN} aliases"] = None
            self.left_out.append(LeftOut(alias.name, "circle"))
            return None
        granted = self.grant(alias.name, granted) if alias.gives_leave else granted
        key = (*place, granted)
        if key not in self._found:
            self._path.add(place)
            self._found[key] = self._select(alias, granted)
            self._path.discard(place)
        return self._found[key]

    def _select(self, alias: Alias, granted: Granted) -> Choice | None:
        profile = self._directory.catalog.active_profile
        targets = alias.targets_in(profile)
        if not targets:
            self._reasons[f"{alias.name!r} has no target in the active profile {profile!r}"] = None
            self.left_out.append(LeftOut(alias.name, "no_target"))
        usable = list(self._usable(alias, targets, granted))
        choices = [choice for choice, _ in usable]
        policy = POLICIES.get(alias.selection)
        if policy is not None and len(usable) > 1:
            choices = [self._spread(alias, policy, usable)]
        fallback = self._lead(alias, alias.fallback, granted) if alias.fallback else None
        if fallback is not None:
            choices.append(fallback)
        if len(choices) > 1:
            return Ordered(tuple(choices))
        return choices[0] if choices else None

    def _usable(self, alias: Alias, targets: tuple[Target, ...], granted: Granted) -> Iterator[tuple[Choice, Target]]:
        for target in targets:
            choice = self._lead(alias, target.name, granted)
            if choice is not None:
                yield self._with_light(alias, choice, granted), target

    def _spread(self, alias: Alias, policy: Policy, usable: list[tuple[Choice, Target]]) -> Spread:
        names = [self._filled(alias, target.name) for _, target in usable]
        weights = [target.weight for _, target in usable]
        kept = policy.kept if alias.conduct.sticky else None
        choices, is_settled = [choice for choice, _ in usable], policy.is_settled
        return Spread.of(choices, weights, names, policy.order, kept, is_settled=is_settled)

    def _with_light(self, alias: Alias, usual: Choice, granted: Granted) -> Choice:
        """Return `usual` with the light model before it, if the alias has one that can be used."""
        if not alias.use_light_model or alias.light_model_threshold == 0:
            return usual
        name = self._filled(alias, alias.light_model)
        if self._directory.aliases.referred(alias, alias.light_model) is None and not self._names_provider(name):
            name = f"{usual_route(usual).entry.provider.name}/{name}"
        light = self._lead(alias, name, granted)
        return usual if light is None else ByLength(alias.light_model_threshold, light, usual)

    def _lead(self, alias: Alias, reference: str, granted: Granted) -> Choice | None:
        """Return where `reference` of `alias` leads: to another alias, or to a model."""
        onward = None if WILD in reference else self._directory.aliases.referred(alias, reference)
        if onward is not None:
            return self.follow(onward, granted)
        return self._model(self._filled(alias, reference), granted)

    def _filled(self, alias: Alias, reference: str) -> str:
        return self._match.filled(reference) if alias is self._match.alias else reference

    def _names_provider(self, name: str) -> bool:
        provider, slash, model = name.partition("/")
        return bool(slash and model) and provider in self._directory.providers

    def _model(self, name: str, granted: Granted) -> Choice | None:
        provider, _, model = name.partition("/")
        entry = self._directory.providers.get(provider)
        why, problem = problem_of(provider, model, entry, self._directory.skipped.get(provider, ""))
        if entry is None or problem:
            self._reasons[problem] = None
            self.left_out.append(LeftOut(name, why))
            return None
        if not all(self.grant(name, granted)):
            self._is_denied = True
            self.left_out.append(LeftOut(name, "not_allowed"))
            return None
        mapped = entry.provider.model_mapping.get(model, model)
        return by_each_credential(Route(entry, mapped, self._match.alias.name, "alias"))


def problem_of(provider: str, model: str, entry: ProviderEntry | None, skipped: str = "") -> tuple[str, str]:
    """Return why `model` of `provider` cannot be asked, in a word and in words; "" where it can be."""
    if entry is None and skipped:
        return "unusable", f"provider {provider!r} cannot be used ({skipped})"
    if entry is None:
        return "gone", f"provider {provider!r} is gone"
    if not entry.provider.enabled:
        return "disabled", f"provider {provider!r} is disabled"
    if entry.adapter.lacks_key:
        return "no_key", f"provider {provider!r} has no key"
    if not entry.allowed.allow(model):
        return "not_offered", f"model {model!r} of provider {provider!r} is not offered here"
    return "", ""


def alias_ends(directory: Directory, alias: Alias) -> tuple[list[str], str]:
    """Return the models that `alias` leads to for a key that may use everything, or why there are none."""
    scopes = scopes_known_in(alias.scope)
    anybody = Principal(Key("", "", b""), (), (), (), "", 0.0, alias_scopes=scopes)
    try:
        choice = follow_alias(directory, anybody, Match(alias, WILD), alias.name)
    except ModelNotFound as error:
        return [], error.message
    return list(dict.fromkeys(route.full_name for route in routes_of(choice))), ""
