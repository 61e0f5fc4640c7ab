"""Reading `[[guardrails]]` and `[[hooks]]`: who is guarded by what, with everything that is wrong with it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from importlib.metadata import entry_points
from typing import Any, Final, cast

from tokenrouter.config.problems import Problem
from tokenrouter.config.table import Table
from tokenrouter.domain.guardrails import (
    DETECTORS,
    EVERYBODY,
    SCOPE_KINDS,
    BlockAction,
    Guardrail,
    GuardrailKind,
    HookSetting,
    OnError,
    Unreadable,
)
from tokenrouter.domain.limit_checks import Names
from tokenrouter.domain.limit_text import suggestion
from tokenrouter.guardrails.block_lists import MAX_WORD_CHARS, MAX_WORDS
from tokenrouter.guardrails.building import built
from tokenrouter.guardrails.patterns import InvalidPattern, compiled
from tokenrouter.guardrails.redaction import LABEL
from tokenrouter.hooks import ENTRY_POINTS

_CHOICES: Final = ("allow", "refuse")
MAX_TIMEOUT_S: Final = 30.0
"""Longest time that a hook may take; clients wait for all of it before anybody is asked."""


def read_guardrails(top: Table) -> tuple[Guardrail, ...]:
    """Read every `[[guardrails]]` table; mistakes are noted."""
    read: list[Guardrail] = []
    for table in top.tables("guardrails"):
        guardrail = _read_guardrail(table)
        if not guardrail.name:
            table.problem("name", "is missing")
        elif guardrail.name in [other.name for other in read]:
            table.problem("name", f"{guardrail.name!r} stands twice in [[guardrails]]")
        read.append(guardrail)
        table.finish()
    return tuple(read)


def _read_guardrail(table: Table) -> Guardrail:
    kind = table.choice("type", tuple(_READERS), "")
    name, scopes = _name(table), _scopes(table)
    if kind not in _READERS:
        table.names()
        return Guardrail(name, "input_size", scopes)
    begun = Guardrail(name, cast(GuardrailKind, kind), scopes, unreadable=_unreadable(table), origin=table.where())
    return _READERS[kind](table, begun)


def _name(table: Table) -> str:
    """Return the name, which goes into headers."""
    name = table.text("name")
    if not (name.isascii() and name.isprintable()) or len(name) > 100:
        table.problem("name", f"{name[:100]!r} is not usable", "use up to 100 letters, digits and signs of ASCII")
    return name


def _read_size(table: Table, guardrail: Guardrail) -> Guardrail:
    most_tokens, most_bytes = table.count("max_tokens", 0), table.count("max_bytes", 0)
    if not most_tokens and not most_bytes:
        table.problem("max_tokens", "is missing", "set max_tokens, max_bytes or both")
    return replace(guardrail, max_tokens=most_tokens, max_bytes=most_bytes)


def _read_block(table: Table, guardrail: Guardrail) -> Guardrail:
    words = table.texts("words")
    if len(words) > MAX_WORDS or not all(0 < len(word.strip()) <= MAX_WORD_CHARS for word in words):
        table.problem("words", f"must be at most {MAX_WORDS} texts of 1 to {MAX_WORD_CHARS} characters")
        words = ()
    patterns = {str(number): pattern for number, pattern in enumerate(table.texts("patterns"), 1)}
    if not table.texts("words") and not patterns:
        table.problem("words", "is missing", "set words, patterns or both")
    action = table.choice("action", ("refuse", "mask"), "refuse")
    mask = table.text("mask", "[removed]")
    read = replace(
        guardrail,
        words=tuple(word.strip() for word in words),
        patterns=_usable(table, patterns),
        action=cast(BlockAction, action),
        mask=mask,
    )
    return _require_built(table, read)


def _read_redact(table: Table, guardrail: Guardrail) -> Guardrail:
    detect = table.texts("detect") if table.has("detect") else DETECTORS
    for name in detect:
        if name not in DETECTORS:
            table.problem("detect", f"{name!r} is not known", suggestion(name, DETECTORS))
    patterns = table.mapping("patterns")
    for label in patterns:
        if LABEL.fullmatch(label) is None or label.lower() in DETECTORS:
            table.problem("patterns", f"{label!r} is not usable as a name", "use capital letters, digits and '_'")
    if not detect and not patterns:
        table.problem("detect", "is empty, so nothing is found", "leave it out for everything, or set patterns")
    known = tuple(name for name in DETECTORS if name in detect)
    return replace(guardrail, detect=known, patterns=_usable(table, patterns))


_READERS: Final[Mapping[str, Callable[[Table, Guardrail], Guardrail]]] = {
    "input_size": _read_size,
    "block": _read_block,
    "redact": _read_redact,
}


def _usable(table: Table, patterns: Mapping[str, str]) -> dict[str, str]:
    """Return the patterns that can be used."""
    usable = {}
    for name, pattern in patterns.items():
        try:
            compiled(pattern)
            usable[name] = pattern
        except InvalidPattern as error:
            table.problem("patterns", f"{pattern[:100]!r} cannot be used: {error}")
    return usable


def _require_built(table: Table, guardrail: Guardrail) -> Guardrail:
    try:
        built(guardrail)
    except InvalidPattern as error:
        table.problem("words", f"cannot be used: {error}")
    return guardrail


def read_hooks(top: Table) -> tuple[HookSetting, ...]:
    """Read every `[[hooks]]` table; a hook that no installed package offers is a mistake."""
    tables = top.tables("hooks")
    offered = tuple(sorted({one.name for one in entry_points(group=ENTRY_POINTS)})) if tables else ()
    return tuple(_read_hook(table, offered) for table in tables)


def _read_hook(table: Table, offered: tuple[str, ...]) -> HookSetting:
    name = _name(table)
    if not name:
        table.problem("name", "is missing")
    elif name not in offered:
        hint = suggestion(name, offered) if offered else "install one that does, into the environment of torod"
        table.problem("name", f"no installed package offers the hook {name!r}", hint)
    timeout_s = table.seconds("timeout_s", 1.0, least=0.001)
    if timeout_s > MAX_TIMEOUT_S:
        table.problem("timeout_s", f"{timeout_s:g} is too long; use at most {MAX_TIMEOUT_S:g}")
    options = table.table("options")
    read = HookSetting(
        name,
        _scopes(table),
        timeout_s,
        cast(OnError, table.choice("on_error", ("refuse", "allow"), "refuse")),
        {key: _plain(options.raw(key)) for key in options.names()},
        _unreadable(table),
        table.where(),
    )
    table.finish()
    return read


def _plain(value: Any) -> Any:
    """Return a TOML value as JSON would have it: what hooks are given comes by way of the Catalog."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def _unreadable(table: Table) -> Unreadable:
    return cast(Unreadable, table.choice("unreadable", _CHOICES, "allow"))


def _scopes(table: Table) -> tuple[str, ...]:
    """Return whom it is for: one scope, or an array of them; everybody where nothing is said."""
    value = table.raw("scope")
    scopes = (value,) if isinstance(value, str) else table.texts("scope") if value is not None else (EVERYBODY,)
    for scope in scopes:
        kind, _, name = scope.partition(":")
        if scope != EVERYBODY and (kind not in SCOPE_KINDS or not name):
            known = (EVERYBODY, *(f"{one}:NAME" for one in SCOPE_KINDS))
            table.problem("scope", f"{scope!r} is not known", suggestion(scope, known))
    if not scopes:
        table.problem("scope", "is empty, so it is for nobody", "leave the table out")
    return tuple(scopes)


def check_guardrail_scopes(declared: Iterable[Guardrail | HookSetting], names: Names, problems: list[Problem]) -> None:
    """Note every scope that names what cannot exist: it would guard nobody."""
    for one in declared:
        for scope in one.scopes:
            kind, _, name = scope.partition(":")
            known: Sequence[str] | None = names.of(kind)
            if known is not None and kind in names.complete and name not in known:
                hint = suggestion(name, tuple(known))
                problems.append(Problem(one.origin, "scope", f"{scope!r}: there is no {kind} {name!r}", hint))
