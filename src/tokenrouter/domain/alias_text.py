"""Aliases as people write them, and what can be wrong with one by itself (pure).

The same for file, API and command line, so that all refuse the same things in the same words.
"""

import re
from collections.abc import Mapping
from typing import Final, cast

from tokenrouter.domain.aliases import (
    DEFAULT_PROFILE,
    GLOBAL,
    LIGHT_THRESHOLD_TOKENS,
    SELECTIONS,
    WILD,
    Alias,
    Selection,
    Target,
)
from tokenrouter.domain.conduct_text import CONDUCT_FIELDS, conduct_fields, read_conduct, said_of
from tokenrouter.domain.limit_text import Mistake
from tokenrouter.domain.said import Said

ALIAS_FIELDS: Final = (
    "name",
    "scope",
    "targets",
    "selection",
    "fallback",
    "use_light_model",
    "light_model",
    "light_model_threshold",
    *CONDUCT_FIELDS,
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
    said = Said(values)
    name = said.text("name")
    said.check("name", "" if said.mistakes else _name_mistake(name))
    alias = Alias(
        name=name,
        targets=_read_targets(said, is_pattern=WILD in name, needs_default=needs_default),
        scope=_read_scope(said),
        selection=_read_selection(said),
        fallback=said.text("fallback"),
        use_light_model=said.flag("use_light_model"),
        light_model=said.text("light_model"),
        light_model_threshold=said.count("light_model_threshold", LIGHT_THRESHOLD_TOKENS, 0, MAX_THRESHOLD_TOKENS),
        conduct=read_conduct(said),
        origin=origin,
    )
    said.text("comment")
    said.check("fallback", _wild_mistake(alias.fallback, is_pattern=alias.is_pattern))
    said.check("light_model", _wild_mistake(alias.light_model, is_pattern=alias.is_pattern))
    if alias.use_light_model and not alias.light_model:
        said.mistake("light_model", "is missing: use_light_model is on")
    said.refuse_unknown(ALIAS_FIELDS)
    if said.mistakes:
        raise InvalidAlias(*said.mistakes)
    return alias


def alias_fields(alias: Alias) -> dict[str, object]:
    """Return what `read_alias` reads back as `alias`, its origin apart."""
    return {**_own_fields(alias), **conduct_fields(alias.conduct)}


def kept_fields(alias: Alias) -> dict[str, object]:
    """Return the same without what is as usual in its conduct: what a database keeps."""
    return {**_own_fields(alias), **said_of(alias.conduct)}


def _own_fields(alias: Alias) -> dict[str, object]:
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


def _read_scope(said: Said) -> str:
    scope = said.text("scope", GLOBAL)
    if _SCOPE.fullmatch(scope) is None or not scope.isprintable() or len(scope) > MAX_NAME_CHARS:
        said.mistake("scope", f"{scope[:MAX_NAME_CHARS]!r} is not known; use global, team:NAME or user:NAME")
    return scope


def _read_selection(said: Said) -> Selection:
    """Who gives a weight means it, be it 1."""
    entries = said.values.get("targets")
    tables = [one for one in entries if isinstance(one, Mapping)] if isinstance(entries, list) else []
    usual = "weighted" if any(one.get("weight") is not None for one in tables) else "ordered"
    return cast(Selection, said.choice("selection", SELECTIONS, usual))


def _read_targets(said: Said, *, is_pattern: bool, needs_default: bool) -> tuple[Target, ...]:
    entries = said.items("targets")
    if not entries:
        said.mistake("targets", "at least one is needed")
    if len(entries) > MAX_TARGETS:
        said.mistake("targets", f"has {len(entries)}; at most {MAX_TARGETS} are possible")
    targets = tuple(_read_target(said, index, entry, is_pattern) for index, entry in enumerate(entries))
    if targets and needs_default and DEFAULT_PROFILE not in [target.profile for target in targets]:
        said.mistake("targets", 'has none for the profile "default", which counts where no other does')
    return targets


def _read_target(said: Said, index: int, entry: object, is_pattern: bool) -> Target:
    one = Said({"target": entry} if isinstance(entry, str) else entry, said.mistakes, f"targets[{index}]")
    if not isinstance(entry, str | Mapping):
        one.mistake("", "must be text or a table")
        return Target("")
    profile = one.text("profile", DEFAULT_PROFILE) or DEFAULT_PROFILE
    target = Target(_target_name(one), profile, one.count("weight", 1, 1, MAX_WEIGHT))
    one.check("target", _wild_mistake(target.name, is_pattern=is_pattern))
    one.refuse_unknown(TARGET_FIELDS)
    return target


def _target_name(one: Said) -> str:
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
