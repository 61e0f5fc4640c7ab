"""What is different between two configurations, in the words of an operator."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tokenrouter.config.outline import SEAL, SETTINGS, Outline
from tokenrouter.config.restarts import needs_restart

Act = Literal["add", "change", "remove"]
_SIGNS: Final[Mapping[Act, str]] = {"add": "+", "change": "~", "remove": "-"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different.

    Attributes:
        kind: what it is: `setting`, `provider`, `key`, `limit`, …
        name: which one of these.
        fields: of a change, what each field was and is, in words; a secret is `(secret)`, or `(changed)`.
        needs_restart: whether a running server takes it only when it starts again.
    """

    act: Act
    kind: str
    name: str
    fields: tuple[tuple[str, str, str], ...] = ()
    needs_restart: bool = False

    def lines(self) -> list[str]:
        """Return it for people: one line, and one more for each field that changed."""
        restart = "  (needs a restart)" if self.needs_restart else ""
        if self.kind == SETTINGS:
            ((_, before, after),) = self.fields
            return [f"  ~ {self.name}: {before} -> {after}{restart}"]
        head = f"  {_SIGNS[self.act]} {self.kind} {self.name}{restart}"
        return [head, *(f"      {name}: {before} -> {after}" for name, before, after in self.fields)]


def differences(before: Outline, after: Outline) -> list[Change]:
    """Return what must be done to come from `before` to `after`: settings first, then each kind by name."""
    changes: list[Change] = []
    for kind in dict.fromkeys((SETTINGS, *sorted({*before, *after}))):
        ours, theirs = before.get(kind, {}), after.get(kind, {})
        if kind == SETTINGS:
            changes += _of_settings(ours.get("", {}), theirs.get("", {}))
            continue
        for name in sorted({*ours, *theirs}):
            change = _of_subject(kind, name, ours.get(name), theirs.get(name))
            changes += [change] if change is not None else []
    return changes


def _of_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    return [
        Change("change", SETTINGS, name, ((name, was, now),), needs_restart(name))
        for name, was, now in _fields(before, after)
    ]


def _of_subject(
    kind: str, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Change | None:
    if before is None:
        return Change("add", kind, name)
    if after is None:
        return Change("remove", kind, name)
    changed = tuple(_fields(before, after))
    return Change("change", kind, name, changed) if changed else None


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what is different; a field that one side does not know, being of another version, is not."""
    found = []
    for name in after:
        was, now = before.get(name), after[name]
        if was == now or (not was and not now):
            continue
        if isinstance(was, dict) and isinstance(now, dict) and not _is_secret(was) and not _is_secret(now):
            found += [(f"{name}.{inner}", one, other) for inner, one, other in _fields(was, now)]
            found += [(f"{name}.{inner}", in_words(was[inner]), "nothing") for inner in was if inner not in now]
        else:
            found.append((name, in_words(was), _after(was, now)))
    return found


def _after(was: Any, now: Any) -> str:
    """Return `now` in words; a secret that replaces another looks as that one did, so it is said."""
    told = in_words(now)
    return "(changed)" if _is_secret(now) and in_words(was) == told else told


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and SEAL in value


def in_words(value: Any) -> str:
    """Return a value of an outline for people; what is secret in it is not told."""
    if _is_secret(value):
        return str(value.get("shown", "(secret)"))
    if value is None or value == "":
        return "nothing"
    return json.dumps(opened(value), ensure_ascii=False)


def opened(value: Any) -> Any:
    """Return a value of an outline for programs, without seals."""
    if _is_secret(value):
        return str(value.get("shown", "(secret)"))
    if isinstance(value, dict):
        return {name: opened(inner) for name, inner in value.items()}
    return [opened(inner) for inner in value] if isinstance(value, list) else value
