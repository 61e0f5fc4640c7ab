"""Aliases as people write them, and everything that can be wrong with them (pure).

The same for file, API and command line, so that all refuse the same things in the same words. `read_alias` reads one;
`alias_mistakes` looks at it beside the others: names that lead nowhere, and circles.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, cast

from tokenrouter.domain.aliases import (
    DEFAULT_PROFILE,
    GLOBAL,
    LIGHT_THRESHOLD_TOKENS,
    MAX_CHAIN,
    SELECTIONS,
    WILD,
    Alias,
    AliasTable,
    Selection,
    Target,
    scopes_known_in,
)
from tokenrouter.domain.limit_text import Mistake, suggestion

ALIAS_FIELDS: Final = (
    "name",
    "scope",
    "targets",
    "selection",
    "fallback",
    "use_light_model",
    "light_model",
    "light_model_threshold",
    "comment",
)
"""What may be said of an alias; the name and the targets must be."""
TARGET_FIELDS: Final = ("target", "provider", "model", "profile", "weight")
MAX_NAME_CHARS: Final = 256
"""As long as the longest model name that a request may have."""
MAX_TARGETS: Final = 100
MAX_WEIGHT: Final = 1_000_000
MAX_THRESHOLD_TOKENS: Final = 100_000_000
_SCOPE: Final = re.compile(r"global|(?:team|user):.+")
_KINDS: Final[dict[type, str]] = {str: "text", bool: "true or false", int: "a whole number", list: "an array"}


class InvalidAlias(ValueError):
    """An alias that cannot be; `mistakes` is never empty."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("; ".join(f"{one.field}: {one.message}" for one in mistakes))
        self.mistakes = mistakes


def read_alias(values: Mapping[str, object], origin: str = "", *, needs_default: bool = True) -> Alias:
    """Return the alias that `values` describe; None stands for what is not said.

    A target is `"provider/model"`, the name of an alias, or a table of `TARGET_FIELDS`. `needs_default`: whether the
    profile `default` must be among them.

    Raises:
        InvalidAlias: with everything that is wrong.
    """
    said = _Said(values)
    name = said.text("name")
    if not said.mistakes:
        said.check("name", _name_mistake(name))
    scope = said.text("scope", GLOBAL)
    if _SCOPE.fullmatch(scope) is None or not scope.isprintable() or len(scope) > MAX_NAME_CHARS:
        said.mistake("scope", f"{scope[:MAX_NAME_CHARS]!r} is not known; use global, team:NAME or user:NAME")
    targets = _read_targets(said, is_pattern=WILD in name)
    if targets and needs_default and DEFAULT_PROFILE not in [target.profile for target in targets]:
        said.mistake("targets", 'has none for the profile "default", which counts where no other does')
    usual = "weighted" if _says_weights(values.get("targets")) else "ordered"
    alias = Alias(
        name=name,
        targets=tuple(targets),
        scope=scope,
        selection=cast(Selection, said.choice("selection", SELECTIONS, usual)),
        fallback=said.text("fallback"),
        use_light_model=said.flag("use_light_model"),
        light_model=said.text("light_model"),
        light_model_threshold=said.count("light_model_threshold", LIGHT_THRESHOLD_TOKENS, 0, MAX_THRESHOLD_TOKENS),
        origin=origin,
    )
    said.text("comment")
    for key in ("fallback", "light_model"):
        said.check(key, _wild_mistake(getattr(alias, key), is_pattern=alias.is_pattern))
    if alias.use_light_model and not alias.light_model:
        said.mistake("light_model", "is missing: use_light_model is on")
    said.refuse_unknown(ALIAS_FIELDS)
    if said.mistakes:
        raise InvalidAlias(*said.mistakes)
    return alias


def alias_fields(alias: Alias) -> dict[str, object]:
    """Return what `read_alias` reads back as `alias`, its origin apart."""
    return {
        "name": alias.name,
        "scope": alias.scope,
        "targets": [
            {"target": target.name, "profile": target.profile, "weight": target.weight} for target in alias.targets
        ],
        "selection": alias.selection,
        "fallback": alias.fallback,
        "use_light_model": alias.use_light_model,
        "light_model": alias.light_model,
        "light_model_threshold": alias.light_model_threshold,
    }


def _name_mistake(name: str) -> str:
    if not name:
        return "is missing"
    if len(name) > MAX_NAME_CHARS or not name.isprintable():
        return f"{name[:MAX_NAME_CHARS]!r} is too long, or has a character that names cannot have"
    return f"{name!r} has more than one '*'" if name.count(WILD) > 1 else ""


def _wild_mistake(reference: str, *, is_pattern: bool) -> str:
    if WILD not in reference:
        return ""
    if not is_pattern:
        return f"{reference!r} has a '*', and the alias's name has none that it could stand for"
    return "" if reference.count(WILD) == 1 else f"{reference!r} has more than one '*'"


def _read_targets(said: "_Said", *, is_pattern: bool) -> list[Target]:
    entries = said.items("targets")
    if not entries:
        said.mistake("targets", "at least one is needed")
    if len(entries) > MAX_TARGETS:
        said.mistake("targets", f"has {len(entries)}; at most {MAX_TARGETS} are possible")
    targets = []
    for index, entry in enumerate(entries):
        one = _Said({"target": entry} if isinstance(entry, str) else entry, said.mistakes, f"targets[{index}]")
        if not isinstance(entry, str | Mapping):
            one.mistake("", "must be text or a table")
            continue
        target = Target(
            _target_name(one),
            one.text("profile", DEFAULT_PROFILE) or DEFAULT_PROFILE,
            one.count("weight", 1, 1, MAX_WEIGHT),
        )
        one.check("target", _wild_mistake(target.name, is_pattern=is_pattern))
        one.refuse_unknown(TARGET_FIELDS)
        targets.append(target)
    return targets


def _says_weights(entries: object) -> bool:
    return isinstance(entries, list) and any(
        isinstance(one, Mapping) and one.get("weight") is not None for one in entries
    )


def _target_name(one: "_Said") -> str:
    """Return `target`, or what TokenRouter-Go wrote as `provider` and `model`."""
    name, provider, model = one.text("target"), one.text("provider"), one.text("model")
    if name:
        for key in ("provider", "model"):
            if one.has(key):
                one.mistake(key, "is said by `target` already")
        return name
    if not provider and not model:
        one.mistake("target", "is missing")
    for key, value in (("provider", provider), ("model", model)):
        if not value and (provider or model):
            one.mistake(key, "is missing")
    return f"{provider}/{model}"


@dataclass(slots=True)
class _Said:
    """The fields of one table; mistakes are collected, and something usable stands in for what is wrong."""

    values: Any
    mistakes: list[Mistake] = field(default_factory=list)
    path: str = ""

    def __post_init__(self) -> None:
        known = self.values if isinstance(self.values, Mapping) else {}
        self.values = {name: value for name, value in known.items() if value is not None}

    def mistake(self, key: str, message: str) -> None:
        self.mistakes.append(Mistake(f"{self.path}.{key}".strip("."), message))

    def check(self, key: str, mistake: str) -> None:
        if mistake:
            self.mistake(key, mistake)

    def has(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str, default: str = "") -> str:
        return cast(str, self._typed(key, str, default))

    def flag(self, key: str) -> bool:
        return cast(bool, self._typed(key, bool, False))

    def items(self, key: str) -> list[Any]:
        return cast(list[Any], self._typed(key, list, []))

    def count(self, key: str, default: int, least: int, most: int) -> int:
        value: int = self._typed(key, int, default)
        if least <= value <= most:
            return value
        self.mistake(key, f"{value} must be from {least} to {most}")
        return default

    def choice(self, key: str, known: tuple[str, ...], default: str) -> str:
        value = self.text(key, default)
        if value in known:
            return value
        self.mistake(key, f"{value!r} is not known; {suggestion(value, known)}")
        return default

    def refuse_unknown(self, known: tuple[str, ...]) -> None:
        for key in self.values:
            if key not in known:
                self.mistake(key, f"unknown key; {suggestion(key, known)}")

    def _typed(self, key: str, kind: type, default: object) -> Any:
        value = self.values.get(key, default)
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        self.mistake(key, f"must be {_KINDS[kind]}")
        return default


# Aliases beside each other.


@dataclass(frozen=True, slots=True)
class AliasMistake:
    """What is wrong with one alias beside the others."""

    alias: Alias
    field: str
    message: str


def alias_mistakes(aliases: Sequence[Alias], providers: Sequence[str]) -> list[AliasMistake]:
    """Return what is wrong with `aliases`, which are all there are: duplicates, names that lead nowhere, circles."""
    table = AliasTable(aliases)
    found = [*_duplicates(aliases)]
    for alias in aliases:
        prefix = alias.name.partition("/")[0]
        if prefix != alias.name and prefix in providers:
            words = f"{alias.name!r} begins with the name of the provider {prefix!r}, whose own models are called so"
            found.append(AliasMistake(alias, "name", words))
        found.extend(_dangling(alias, table, providers))
    return [*found, *(list(_circles(table)) or _too_long(table))]


def _duplicates(aliases: Iterable[Alias]) -> Iterator[AliasMistake]:
    seen: dict[tuple[str, str], Alias] = {}
    for alias in aliases:
        first = seen.setdefault((alias.scope, alias.name), alias)
        if first is not alias:
            where = f" ({first.origin})" if first.origin else ""
            yield AliasMistake(alias, "name", f"there is an alias {alias.name!r} of {alias.scope} already{where}")


def _dangling(alias: Alias, table: AliasTable, providers: Sequence[str]) -> Iterator[AliasMistake]:
    for said_in, name in alias.references():
        if said_in == "light_model" or table.referred(alias, name) is not None:
            continue  # a light model may be any of the target's provider
        prefix, slash, model = name.partition("/")
        if slash and model and prefix in providers:
            continue
        yield AliasMistake(alias, said_in, f"{name!r} is neither {_nearest(alias, name, table, providers)}")


def _nearest(alias: Alias, name: str, table: AliasTable, providers: Sequence[str]) -> str:
    _, slash, model = name.partition("/")
    known = [one.name for one in table if one.scope in scopes_known_in(alias.scope) and one is not alias]
    if slash:
        known = [*known, *(f"{provider}/{model}" for provider in providers)]
    near = get_close_matches(name, [one for one in known if WILD not in one or WILD in name], n=1, cutoff=0.6)
    hint = f'did you mean "{near[0]}"?' if near else f"providers are {', '.join(providers) or 'none'}"
    return f"an alias that {alias.scope} knows nor PROVIDER/MODEL of a provider; {hint}"


def _circles(table: AliasTable) -> Iterator[AliasMistake]:
    """Yield each circle, at the alias that closes it. No recursion: a chain may be as long as there are aliases."""
    done: set[tuple[str, str]] = set()
    for first in table:
        walk = [] if (first.scope, first.name) in done else [(first, first.references())]
        while walk:
            alias, rest = walk[-1]
            done.add((alias.scope, alias.name))
            said_in, name = next(rest, ("", ""))
            if not said_in:
                walk.pop()
                continue
            onward = table.referred(alias, name)
            path = [one for one, _ in walk]
            if onward in path:
                circle = " → ".join(one.name for one in (*path[path.index(onward) :], onward))
                yield AliasMistake(alias, said_in, f"leads in a circle: {circle}")
            elif onward is not None and (onward.scope, onward.name) not in done:
                walk.append((onward, onward.references()))


def _too_long(table: AliasTable) -> Iterator[AliasMistake]:
    """Yield the aliases from which the way is too long; there are no circles."""
    for first in table:
        ends = [first]
        for _ in range(MAX_CHAIN):
            onward = {(one.scope, one.name): one for alias in ends for one in _onward(alias, table)}
            ends = list(onward.values())
        if ends:
            yield AliasMistake(first, "targets", f"leads through more than {MAX_CHAIN} aliases, one after the other")


def _onward(alias: Alias, table: AliasTable) -> Iterator[Alias]:
    for _, name in alias.references():
        if (one := table.referred(alias, name)) is not None:
            yield one
