"""Aliases: model names of the operator's own, and where they lead.

One type carries what three predecessors had apart: targets by profile, a list of targets in order or by weight, a
fallback, a light model for short requests, and names that count for one user or team only. An alias leads to models or
to other aliases. It knows those of its own scope and of everybody, so that whether aliases lead in a circle does not
depend on who asks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tokenrouter.domain.conduct import USUAL, Conduct

DEFAULT_PROFILE: Final = "default"
"""Counts wherever an alias says nothing for the active profile."""
GLOBAL: Final = "global"
WILD: Final = "*"
MAX_CHAIN: Final = 16
"""Most aliases on the way from a name to a model."""
LIGHT_THRESHOLD_TOKENS: Final = 100
"""Requests that are estimated below it go to the light model, unless the alias says otherwise; TokenTracer's."""

Selection = Literal["ordered", "weighted", "least_busy", "fastest", "cheapest", "most_quota"]
SELECTIONS: Final[tuple[Selection, ...]] = ("ordered", "weighted", "least_busy", "fastest", "cheapest", "most_quota")


@dataclass(frozen=True, slots=True)
class Target:
    """One place that an alias may lead to.

    Attributes:
        name: `provider/model`, or another alias; a `*` in it is what the asker had in place of the alias's own `*`.
        weight: its share of the requests, beside the others' of its profile, where they are chosen by weight.
    """

    name: str
    profile: str = DEFAULT_PROFILE
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Alias:
    """A model name of the operator's own.

    Attributes:
        name: what is asked for; one `*` in it stands for any text.
        scope: whose name it is: `global`, `team:NAME` or `user:NAME`.
        targets: of all profiles, in order.
        selection: by what one of the usable targets of the profile is taken; `ordered` takes the first.
        fallback: `provider/model` or an alias, for when no target can be used; "" for none.
        use_light_model: whether short requests go to `light_model`.
        light_model: `provider/model`, an alias, or a model of the provider that the target is at.
        light_model_threshold: a request of fewer estimated tokens is short.
        conduct: how requests to it are carried.
        origin: where it is declared, such as `torod.toml:12`, or `database`.
    """

    name: str
    targets: tuple[Target, ...]
    scope: str = GLOBAL
    selection: Selection = "ordered"
    fallback: str = ""
    use_light_model: bool = False
    light_model: str = ""
    light_model_threshold: int = LIGHT_THRESHOLD_TOKENS
    conduct: Conduct = USUAL
    origin: str = ""

    def targets_in(self, profile: str) -> tuple[Target, ...]:
        """Return the targets of `profile`, or those of the default one where it has none."""
        own = tuple(target for target in self.targets if target.profile == profile)
        return own or tuple(target for target in self.targets if target.profile == DEFAULT_PROFILE)

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for more than one name."""
        return WILD in self.name

    @property
    def gives_leave(self) -> bool:
        """Whether a key that may ask for this name may use what it leads to.

        Those of a team or a user in the database may be made by people whom the leave is meant to bind.
        """
        return self.scope == GLOBAL or self.origin != "database"

    def references(self) -> Iterator[tuple[str, str]]:
        """Yield whatever it may lead to, each with the field that says so."""
        for index, target in enumerate(self.targets):
            yield f"targets[{index}]", target.name
        if self.fallback:
            yield "fallback", self.fallback
        if self.use_light_model and self.light_model:
            yield "light_model", self.light_model


@dataclass(frozen=True, slots=True)
class Match:
    """An alias that was found for a name; `stem` is what the name has in place of the alias's `*`."""

    alias: Alias
    stem: str = ""

    def filled(self, reference: str) -> str:
        """Return `reference` with the stem in place of its `*`."""
        return reference.replace(WILD, self.stem) if self.alias.is_pattern else reference


class AliasTable:
    """Aliases by whose they are and by name. Of two of one scope and name, the later one counts."""

    def __init__(self, aliases: Iterable[Alias]) -> None:
        self._exact: dict[tuple[str, str], Alias] = {}
        self._patterns: dict[str, list[tuple[str, str, Alias]]] = {}
        for alias in aliases:
            self._exact[alias.scope, alias.name] = alias
        for alias in self._exact.values():
            if alias.is_pattern:
                begin, _, end = alias.name.partition(WILD)
                self._patterns.setdefault(alias.scope, []).append((begin, end, alias))
        for patterns in self._patterns.values():
            patterns.sort(key=lambda one: -len(one[0] + one[1]))

    def __iter__(self) -> Iterator[Alias]:
        return iter(self._exact.values())

    def named(self, scopes: Iterable[str], name: str) -> Alias | None:
        """Return the alias of exactly this name, of the first of `scopes` that has one."""
        for scope in scopes:
            alias = self._exact.get((scope, name))
            if alias is not None and not alias.is_pattern:
                return alias
        return None

    def matching(self, scopes: Iterable[str], name: str) -> Match | None:
        """Return the pattern that `name` fits, of the first of `scopes` that has one; the longest of several."""
        for scope in scopes:
            for begin, end, alias in self._patterns.get(scope, ()):
                if len(name) >= len(begin) + len(end) and name.startswith(begin) and name.endswith(end):
                    return Match(alias, name[len(begin) : len(name) - len(end)])
        return None

    def referred(self, alias: Alias, name: str) -> Alias | None:
        """Return which alias is meant where `alias` says `name`, or None where it means a model."""
        return self.named(scopes_known_in(alias.scope), name)

    def visible(self, scopes: Sequence[str]) -> Iterator[Alias]:
        """Yield the aliases that have one name, and count for whoever has `scopes`."""
        for (scope, name), alias in self._exact.items():
            if scope in scopes and self.named(scopes, name) is alias:
                yield alias


def scopes_known_in(scope: str) -> tuple[str, ...]:
    """Return the scopes whose aliases one of `scope` may lead to, its own first."""
    return (GLOBAL,) if scope == GLOBAL else (scope, GLOBAL)


def profiles_of(aliases: Iterable[Alias]) -> tuple[str, ...]:
    """Return the profiles that can be chosen, the default one first."""
    named = (target.profile for alias in aliases for target in alias.targets)
    return tuple(dict.fromkeys((DEFAULT_PROFILE, *named)))
