"""Reading `torod.toml`: every key that a user of ours or of TokenRouter-Go may have written."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast

from tokenrouter.config.pointers import Secrets
from tokenrouter.config.positions import line_numbers
from tokenrouter.config.prices import read_model_name, read_price
from tokenrouter.config.problems import Problem
from tokenrouter.config.providers import read_provider
from tokenrouter.config.settings import CarriedUse, KeySetting
from tokenrouter.config.table import Table
from tokenrouter.domain.addresses import read_networks
from tokenrouter.domain.alias_text import ALIAS_FIELDS, InvalidAlias, read_alias
from tokenrouter.domain.aliases import Alias
from tokenrouter.domain.catalog import (
    CacheUse,
    Origin,
    Provider,
    Role,
    Timeouts,
    UnboundedInput,
    Unpriced,
)
from tokenrouter.domain.keys import MIN_KEY_CHARS
from tokenrouter.domain.limit_checks import contradiction
from tokenrouter.domain.limit_text import (
    LIMIT_FIELDS,
    MAX_AMOUNT,
    MAX_WINDOW_S,
    InvalidLimit,
    limit_id,
    read_limit,
)
from tokenrouter.domain.limits import Limit, Metric, Window
from tokenrouter.domain.model_facts import MAX_TOKENS, UNKNOWN, ModelFacts
from tokenrouter.domain.prices import Price

ALIAS_TABLES: Final = ("aliases", "model_aliases")
"""The second is TokenRouter-Go's word for the same."""
ROLES: Final = ("admin", "keymaster", "inferrer")
CACHE_USES: Final = ("off", "read", "on")


def open_file(path: Path, problems: list[Problem]) -> Table:
    """Return the file's top table; an unreadable file is a problem and an empty table."""
    nothing = Table({}, "", path.name, {}, problems)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(str(path), "", f"cannot be read: {getattr(error, 'strerror', None) or error}"))
        return nothing
    try:
        values = tomllib.loads(text, parse_float=Decimal)
        lines = line_numbers(text)
        return Table(_within_64_bits(values, "", path.name, lines, problems), "", path.name, lines, problems)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        problems.append(Problem(f"{path.name}:{line[1]}" if line else path.name, "", f"is not TOML: {error}"))
    except (ValueError, ArithmeticError):  # of int() and Decimal()
        nothing.problem("", "is not TOML: holds a number that is too large")
    except RecursionError:
        nothing.problem("", "is not TOML: is nested too deeply")
    return nothing


def _within_64_bits(value: Any, path: str, file: str, lines: Mapping[str, int], problems: list[Problem]) -> Any:
    """Return `value` with 0 for every whole number that TOML has no room for (TOML 1.0, "Integer")."""
    if isinstance(value, dict):
        return {
            key: _within_64_bits(inner, f"{path}.{key}" if path else key, file, lines, problems)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_within_64_bits(inner, f"{path}[{i}]", file, lines, problems) for i, inner in enumerate(value)]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        Table({}, path, file, lines, problems).problem("", "is larger than 64 bits")
        return 0
    return value


@dataclass(slots=True)
class Subjects:
    """The subjects that the file declares."""

    providers: list[Provider] = field(default_factory=list)
    keys: list[KeySetting] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    alias_tables: list[Table] = field(default_factory=list, repr=False)
    model_tables: list[Table] = field(default_factory=list, repr=False)
    limits: list[Limit] = field(default_factory=list)
    carried_use: list[CarriedUse] = field(default_factory=list)
    prices: dict[str, Price] = field(default_factory=dict)
    facts: dict[str, ModelFacts] = field(default_factory=dict)
    report_keys: dict[str, str] = field(default_factory=dict, repr=False)
    quota_probes: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)


def read_subjects(top: Table, secrets: Secrets, timeouts: Timeouts) -> Subjects:
    """Read every array of tables; mistakes are noted in `top.problems`."""
    subjects = Subjects()
    for kind, names in (("teams", subjects.teams), ("users", subjects.users)):
        for table in top.tables(kind):
            name = _add_name(table, kind, names, subjects)
            if kind == "users":
                _read_rates(table, name, subjects)
            table.finish()
    for table in top.tables("providers"):
        _read_provider(table, secrets, timeouts, subjects)
    _read_legacy_keys(top, secrets, subjects)
    for table in top.tables("incoming_tokens"):
        _read_key(table, secrets, subjects)
    for kind in ALIAS_TABLES:
        for table in top.tables(kind):
            _read_alias(table, kind, subjects)
    for table in top.tables("limits"):
        _read_limit(table, subjects)
    for table in top.tables("prices"):
        _read_price(table, subjects)
    for table in top.tables("models"):
        _read_model(table, subjects)
    return subjects


def _add_name(table: Table, kind: str, names: list[str], subjects: Subjects) -> str:
    name = table.text("name")
    if not name:
        table.problem("name", "is missing")
    elif name in names:
        table.problem("name", f"{name!r} stands twice in [[{kind}]]")
    else:
        names.append(name)
        subjects.origins[f"{kind}.{name}"] = table.where()
    return name


# Providers.


def _read_provider(table: Table, secrets: Secrets, timeouts: Timeouts, subjects: Subjects) -> None:
    _add_name(table, "providers", [provider.name for provider in subjects.providers], subjects)
    read = read_provider(table, secrets, timeouts)
    name = read.provider.name
    subjects.providers.append(read.provider)
    if read.report_key:
        subjects.report_keys[name] = read.report_key
    if read.quota_probe is not None:
        subjects.quota_probes[name] = read.quota_probe


# Keys.


def _read_legacy_keys(top: Table, secrets: Secrets, subjects: Subjects) -> None:
    for number, key in enumerate(top.texts("incoming_api_keys"), 1):
        subjects.keys.append(KeySetting(id=f"legacy-{number}", name=f"legacy-{number}", key=key))
    if top.has("admin_api_key") and (key := secrets.resolve(top, "admin_api_key")):
        subjects.keys.append(KeySetting(id="legacy-admin", name="legacy-admin", key=key, role="admin"))


def _read_key(table: Table, secrets: Secrets, subjects: Subjects) -> None:
    name = _add_name(table, "incoming_tokens", [key.name for key in subjects.keys], subjects)
    key = secrets.resolve(table, "key")
    if not key:
        table.problem("key", "is missing")
    elif len(key) < MIN_KEY_CHARS:
        table.problem(
            "key",
            f"is shorter than {MIN_KEY_CHARS} characters, so it can be guessed; make one with `torod keys create`",
        )
    elif key in [other.key for other in subjects.keys]:
        table.problem("key", "is the key of another entry")
    identity = table.text("id") or name
    if identity in [other.id for other in subjects.keys]:
        table.problem("id", f"{identity!r} stands twice in [[incoming_tokens]]")
    setting = KeySetting(
        id=identity,
        name=name,
        key=key,
        role=cast(Role, table.choice("role", ROLES, "inferrer")) if table.text("role") else "inferrer",
        parent_id=table.text("parent_id") or None,
        team=table.text("team"),
        user=table.text("user"),
        allowed_models=table.texts("allowed_models"),
        created_at_s=table.time("created_at") or 0.0,
        expires_at_s=table.time("expires_at"),
        comment=table.text("comment"),
        passthrough=table.flag("passthrough", False),
        unpriced=cast(Unpriced, _leave(table, "unpriced")),
        allow_unpriced=table.flag("allow_unpriced", False),
        clamp=table.flag("clamp", True),
        unbounded_input=cast(UnboundedInput, _leave(table, "unbounded_input")),
        cache=cast(CacheUse, table.choice("cache", CACHE_USES, "")) if table.has("cache") else "",
        allowed_ips=read_addresses(table, "allowed_ips"),
    )
    subjects.keys.append(setting)
    _read_quota(table.table("quota"), name, subjects)
    table.finish()


def _leave(table: Table, name: str) -> str:
    """Return "allow", "deny", or "" where the key does not say."""
    return table.choice(name, ("allow", "deny"), "") if table.has(name) else ""


def read_addresses(table: Table, name: str) -> tuple[str, ...]:
    """Return addresses and networks, as they are written."""
    texts = table.texts(name)
    try:
        read_networks(texts)
    except ValueError as error:
        table.problem(name, str(error))
    return texts


def _read_quota(quota: Table, key: str, subjects: Subjects) -> None:
    """A budget of TokenRouter-Go: at most `limit` in each interval from first use, or for ever."""
    metrics: tuple[Metric, ...] = ("requests", "tokens")
    for metric in metrics:
        if not quota.has(metric):
            continue
        table = quota.table(metric)
        amount = table.count("limit", 1, least=1)
        if not table.has("limit"):
            table.problem("limit", "is missing")
        length_s = table.count("interval_seconds", 0)
        if length_s > MAX_WINDOW_S:
            table.problem("interval_seconds", "is longer than ten years; 0 never begins anew")
        window = Window("interval", length_s) if length_s else Window("lifetime")
        scope = f"key:{key}"
        limit = Limit(limit_id(scope, metric, window), scope, metric, window, amount, origin=table.where())
        _add_limit(limit, table, subjects)
        used = table.count("used", 0)
        started_s = table.time("window_started_at")
        if used or (length_s and started_s):
            subjects.carried_use.append(CarriedUse(limit.id, scope, used, started_s))
        table.finish()
    quota.finish()


# Aliases, limits, prices.


def _read_alias(table: Table, kind: str, subjects: Subjects) -> None:
    """Read an alias; one of TokenRouter-Go need not have a target for the profile `default`."""
    values = {name: table.raw(name) for name in ALIAS_FIELDS if table.has(name)}
    table.finish()
    try:
        alias = read_alias(values, table.where(), needs_default=kind == ALIAS_TABLES[0])
    except InvalidAlias as error:
        for mistake in error.mistakes:
            table.problem(mistake.field, mistake.message)
        return
    subjects.aliases.append(alias)
    subjects.alias_tables.append(table)


def _read_limit(table: Table, subjects: Subjects) -> None:
    values = {name: table.raw(name) for name in LIMIT_FIELDS if table.has(name)}
    table.finish()
    try:
        limit = read_limit(values, table.where())
    except InvalidLimit as error:
        for mistake in error.mistakes:
            table.problem(mistake.field, mistake.message)
        return
    _add_limit(limit, table, subjects)


def _add_limit(limit: Limit, table: Table, subjects: Subjects) -> None:
    mistake = contradiction(limit, subjects.limits)
    if mistake is not None:
        table.problem(mistake.field, mistake.message)
        return
    subjects.limits.append(limit)


def _read_rates(table: Table, user: str, subjects: Subjects) -> None:
    """What TokenTracer kept with each user: rates other than `RATE_LIMIT_*` says; 0 says nothing, below 0 no limit."""
    for key, window in (("rate_limit_minute", Window("sliding", 60)), ("rate_limit_daily", Window("day"))):
        amount = table.count(key, 0, least=-MAX_AMOUNT)
        if amount and user:
            most = amount if amount > 0 else MAX_AMOUNT
            scope = f"user:{user}"
            limit = Limit(limit_id(scope, "requests", window), scope, "requests", window, most, origin=table.where(key))
            _add_limit(limit, table, subjects)


def _read_price(table: Table, subjects: Subjects) -> None:
    subjects.model_tables.append(table)
    found = read_price(table)
    if found is None:
        return
    name, price = found
    if name in subjects.prices:
        table.problem("model", f"{name!r} has a price already, at {subjects.prices[name].dated}")
    subjects.prices[name] = price


def _read_model(table: Table, subjects: Subjects) -> None:
    known = len(table.problems)
    subjects.model_tables.append(table)
    name = read_model_name(table)
    facts = ModelFacts(
        table.count("context_tokens", 0, most=MAX_TOKENS), table.count("max_output_tokens", 0, most=MAX_TOKENS)
    )
    table.finish()
    if facts == UNKNOWN and len(table.problems) == known:
        table.problem("context_tokens", "is missing")
    if name in subjects.facts:
        table.problem("model", f"{name!r} stands twice in [[models]]")
    if len(table.problems) == known:
        subjects.facts[name] = facts


def read_model_mapping(path: str, where: str, problems: list[Problem]) -> dict[str, str]:
    """Return the JSON object of `MODEL_MAPPING_FILE`; a missing file means no mapping, as it did there."""
    try:
        mapping = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RuntimeError) as error:
        problems.append(Problem(where, "", f"the file {path!r} cannot be read: {error}"))
        return {}
    if not isinstance(mapping, dict) or not all(isinstance(value, str) for value in mapping.values()):
        problems.append(Problem(where, "", f"the file {path!r} must hold a JSON object of texts"))
        return {}
    return mapping


FILE_ORIGIN: Final[Origin] = "file"
