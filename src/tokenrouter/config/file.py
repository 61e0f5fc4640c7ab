"""Reading `torod.toml`: every key that a user of ours or of TokenRouter-Go may have written."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast

from tokenrouter.config.positions import line_numbers
from tokenrouter.config.problems import Problem
from tokenrouter.config.settings import CarriedUse, KeySetting
from tokenrouter.config.table import Table
from tokenrouter.domain.catalog import Alias, AliasTarget, OnDisconnect, Origin, Provider, Role, Timeouts
from tokenrouter.domain.keys import MIN_KEY_CHARS
from tokenrouter.domain.ledger import Operation, Price
from tokenrouter.domain.limit_text import (
    limit_id,
    parse_amount,
    parse_day,
    parse_metric,
    parse_price,
    parse_scope,
    parse_window,
    parse_zone,
    suggestion,
)
from tokenrouter.domain.limits import Limit, Metric, Window
from tokenrouter.providers import known_kinds, preset
from tokenrouter.providers.presets import OPERATION_PATHS
from tokenrouter.providers.urls import split_base_url

PROVIDER_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
ROLES: Final = ("admin", "keymaster", "inferrer")
_RAW_PATTERN: Final = re.compile(r"(?:\*|GET|POST|PUT|PATCH|DELETE) (?=/.)(?:/(?:\*|[^/*\s]+))*(?:/\*\*)?")
"""A method and a path; `*` is one segment of it, `**` at its end are any."""


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
class Secrets:
    """Resolves `env:NAME` and `file:PATH`; only the operator's own file may use them."""

    environ: Mapping[str, str]

    def resolve(self, table: Table, key: str) -> str:
        """Return the secret that `key` holds or points to, "" when it is absent or a mistake was noted."""
        value = table.text(key)
        kind, colon, name = value.partition(":")
        if not colon or kind not in ("env", "file"):
            return value
        if kind == "env":
            if not (found := self.environ.get(name, "")):
                table.problem(key, f"the environment variable {name!r} is not set")
            return found
        try:
            return Path(name).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError, RuntimeError) as error:
            table.problem(key, f"the file {name!r} cannot be read: {getattr(error, 'strerror', None) or error}")
            return ""


@dataclass(slots=True)
class Subjects:
    """The subjects that the file declares."""

    providers: list[Provider] = field(default_factory=list)
    keys: list[KeySetting] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    carried_use: list[CarriedUse] = field(default_factory=list)
    prices: dict[str, Price] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)


def read_subjects(top: Table, secrets: Secrets, timeouts: Timeouts) -> Subjects:
    """Read every array of tables; mistakes are noted in `top.problems`."""
    subjects = Subjects()
    for kind, names in (("teams", subjects.teams), ("users", subjects.users)):
        for table in top.tables(kind):
            _add_name(table, kind, names, subjects)
    for table in top.tables("providers"):
        _read_provider(table, secrets, timeouts, subjects)
    _read_legacy_keys(top, secrets, subjects)
    for table in top.tables("incoming_tokens"):
        _read_key(table, secrets, subjects)
    for table in top.tables("model_aliases"):
        _read_alias(table, subjects)
    for table in top.tables("limits"):
        _read_limit(table, subjects)
    for table in top.tables("prices"):
        _read_price(table, subjects)
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
    table.finish() if kind in ("teams", "users") else None
    return name


# Providers.


def read_timeouts(table: Table, usual: Timeouts) -> Timeouts:
    """Read a table of time limits."""
    read = Timeouts(
        connect_s=table.seconds("connect_s", usual.connect_s),
        first_byte_s=table.seconds("first_byte_s", usual.first_byte_s),
        between_bytes_s=table.seconds("between_bytes_s", usual.between_bytes_s),
        total_s=table.seconds("total_s", usual.total_s),
    )
    table.finish()
    return read


def _read_provider(table: Table, secrets: Secrets, timeouts: Timeouts, subjects: Subjects) -> None:
    name = _add_name(table, "providers", [provider.name for provider in subjects.providers], subjects)
    if name and PROVIDER_NAME.fullmatch(name) is None:
        table.problem("name", f"{name!r} is not usable", "use lower-case letters, digits, '.', '_' and '-'")
    kind = table.text("provider_type") or (name if preset(name) is not None else "openai-compatible")
    row = preset(kind)
    if row is None:
        table.problem("provider_type", f"{kind!r} is not known", suggestion(kind, known_kinds()))
    limits = table.seconds("timeout_seconds", 0.0)
    if limits:
        timeouts = Timeouts(timeouts.connect_s, limits, limits, timeouts.total_s)
    secret = secrets.resolve(table, "api_key") or secrets.resolve(table, "auth_token")
    for unused in ("refresh_token", "token_expires_at", "account_id", "device_auth_url", "model_list_url"):
        table.raw(unused)
    subjects.providers.append(
        Provider(
            name=name,
            kind=kind if row is not None else "openai-compatible",
            base_url=_base_url(table, row.base_url if row is not None else ""),
            secret=secret or None,
            enabled=table.flag("enabled", True),
            timeouts=read_timeouts(table.table("timeouts"), timeouts),
            on_disconnect=cast(OnDisconnect, table.choice("on_disconnect", ("cancel", "drain"), "cancel")),
            operations=_operations(table),
            allowed_models=table.texts("allowed_models"),
            model_mapping=table.mapping("model_mapping"),
            models=table.texts("models"),
            allow_private=True,
            headers=table.mapping("headers"),
            passthrough_paths=_passthrough_paths(table),
        )
    )
    table.finish()


def _operations(table: Table) -> tuple[Operation, ...]:
    """Read what the provider offers, where it is not what its type does."""
    named = table.texts("operations")
    for name in named:
        if name not in OPERATION_PATHS:
            table.problem("operations", f"{name!r} is not known", suggestion(name, tuple(OPERATION_PATHS)))
    return tuple(operation for operation in OPERATION_PATHS if operation in named)


def _passthrough_paths(table: Table) -> tuple[str, ...]:
    """Read what may be asked of the provider raw."""
    patterns = table.texts("passthrough_paths")
    for pattern in patterns:
        if _RAW_PATTERN.fullmatch(pattern) is None:
            hint = "write a method or '*', a space, and a path: 'GET /v1/things/*'"
            table.problem("passthrough_paths", f"{pattern!r} cannot be used", hint)
    return patterns


def _base_url(table: Table, usual: str) -> str:
    url = table.text("base_url") or usual
    if not url:
        table.problem("base_url", "is missing")
        return url
    if (mistake := base_url_mistake(url)) is not None:
        table.problem("base_url", mistake)
    return url.rstrip("/")


def base_url_mistake(url: str) -> str | None:
    """Return what is wrong with a provider's base URL, or None; it is not shown, since it may hold a password."""
    try:
        split_base_url(url)
    except ValueError as error:
        return str(error).removeprefix("base_url ")
    return None


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
    )
    subjects.keys.append(setting)
    _read_quota(table.table("quota"), name, subjects)
    table.finish()


def _read_quota(quota: Table, key: str, subjects: Subjects) -> None:
    """A budget of TokenRouter-Go: at most `limit` in each interval from first use, or for ever."""
    metrics: tuple[Metric, ...] = ("requests", "tokens")
    for metric in metrics:
        if not quota.has(metric):
            continue
        table = quota.table(metric)
        amount = table.count("limit", 0)
        length_s = table.count("interval_seconds", 0)
        window = Window("interval", length_s) if length_s else Window("lifetime")
        scope = f"key:{key}"
        limit = Limit(limit_id(scope, metric, window), scope, metric, window, amount, origin=table.where())
        subjects.limits.append(limit)
        used = table.count("used", 0)
        started_s = table.time("window_started_at")
        if used:
            subjects.carried_use.append(CarriedUse(limit.id, scope, used, started_s))
        table.finish()
    quota.finish()


# Aliases, limits, prices.


def _read_alias(table: Table, subjects: Subjects) -> None:
    name = _add_name(table, "model_aliases", [alias.name for alias in subjects.aliases], subjects)
    targets: list[AliasTarget] = []
    for sub in table.tables("targets"):
        target = AliasTarget(sub.text("profile"), sub.text("provider"), sub.text("model"))
        for key in ("profile", "provider", "model"):
            if not getattr(target, key):
                sub.problem(key, "is missing")
        if target.profile in [other.profile for other in targets]:
            sub.problem("profile", f"{target.profile!r} stands twice in this alias")
        targets.append(target)
        if target.provider and target.provider not in [provider.name for provider in subjects.providers]:
            names = tuple(provider.name for provider in subjects.providers)
            sub.problem("provider", f"there is no provider {target.provider!r}", suggestion(target.provider, names))
        sub.finish()
    if not targets:
        table.problem("targets", "at least one is needed")
    subjects.aliases.append(Alias(name, tuple(targets)))
    table.finish()


def _read_limit(table: Table, subjects: Subjects) -> None:
    known = len(table.problems)
    scope = _parsed(table, "scope", parse_scope, "global")
    metric = cast(Metric, _parsed(table, "metric", parse_metric, "requests"))
    tz = _parsed(table, "tz", parse_zone, "UTC")
    week_start = _parsed(table, "week_start", parse_day, "monday")
    window = _parsed(table, "window", lambda text: parse_window(text, tz=tz, week_start=week_start), "lifetime")
    mode = table.choice("mode", ("hard", "soft"), "hard")
    amount = 0
    if not table.has("amount"):
        table.problem("amount", "is missing")
    else:
        try:
            amount = parse_amount(table.raw("amount"), metric)
        except ValueError as error:
            table.problem("amount", str(error))
    table.finish()
    if len(table.problems) > known:
        return
    identity = limit_id(scope, metric, window)
    if identity in [limit.id for limit in subjects.limits]:
        table.problem("", f"a {metric} limit of {scope} with this window was declared before")
    subjects.limits.append(
        Limit(identity, scope, metric, window, amount, "soft" if mode == "soft" else "hard", table.where())
    )


def _parsed(table: Table, key: str, parse: Any, usual: str) -> Any:
    text = table.text(key, usual)
    if not table.has(key) and key in ("scope", "metric"):
        table.problem(key, "is missing")
    try:
        return parse(text)
    except ValueError as error:
        table.problem(key, str(error))
        return parse(usual)


def _read_price(table: Table, subjects: Subjects) -> None:
    provider, model = table.text("provider"), table.text("model")
    for key, value in (("provider", provider), ("model", model)):
        if not value:
            table.problem(key, "is missing")
    names = tuple(other.name for other in subjects.providers)
    if provider and names and provider not in names:
        table.problem("provider", f"there is no provider {provider!r}", suggestion(provider, names))
    prices: dict[str, int | None] = {}
    for key in ("input_per_1m", "output_per_1m", "cached_input_per_1m", "cache_write_per_1m"):
        prices[key] = _price(table, key)
    table.finish()
    subjects.prices[f"{provider}/{model}"] = Price(
        input_nano=prices["input_per_1m"] or 0,
        output_nano=prices["output_per_1m"] or 0,
        cached_input_nano=prices["cached_input_per_1m"],
        cache_write_nano=prices["cache_write_per_1m"],
        source=table.where(),
    )


def _price(table: Table, key: str) -> int | None:
    if not table.has(key):
        if key in ("input_per_1m", "output_per_1m"):
            table.problem(key, "is missing")
        return None
    try:
        return parse_price(table.raw(key))
    except ValueError as error:
        table.problem(key, str(error))
        return None


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
