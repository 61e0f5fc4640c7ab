"""Reading one provider, as `[[providers]]` has it; a provider of the API is read by the same rules."""

import re
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

from tokenrouter.config.table import Table
from tokenrouter.domain.catalog import MAX_CREDENTIALS, OnDisconnect, Provider, Timeouts
from tokenrouter.domain.ledger import Operation
from tokenrouter.domain.limit_text import suggestion
from tokenrouter.providers import adapter, known_kinds, preset
from tokenrouter.providers.presets import OPERATION_PATHS
from tokenrouter.providers.reports import known_reports, report_reader
from tokenrouter.providers.urls import split_base_url

PROVIDER_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
_RAW_PATTERN: Final = re.compile(r"(?:\*|GET|POST|PUT|PATCH|DELETE) (?=/.)(?:/(?:\*|[^/*\s]+))*(?:/\*\*)?")
"""A method and a path; `*` is one segment of it, `**` at its end are any."""


class SecretSource(Protocol):
    """Finds the secret that a key of a table names; mistakes are noted in the table."""

    def resolve(self, table: Table, key: str) -> str: ...

    def resolve_text(self, table: Table, key: str, value: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ReadProvider:
    """A provider as it was read. `quota_probe` is the model of the probe its operator wants, None for no probe."""

    provider: Provider
    report_key: str = field(default="", repr=False)
    quota_probe: str | None = None


def read_provider(table: Table, secrets: SecretSource, timeouts: Timeouts) -> ReadProvider:
    """Read a provider; mistakes are noted in `table.problems`, that its name is missing among them by the caller."""
    name = table.text("name")
    if name and PROVIDER_NAME.fullmatch(name) is None:
        table.problem("name", f"{name!r} is not usable", "use lower-case letters, digits, '.', '_' and '-'")
    kind = table.text("provider_type") or (name if preset(name) is not None else "openai-compatible")
    row = preset(kind)
    if row is None:
        table.problem("provider_type", f"{kind!r} is not known", suggestion(kind, known_kinds()))
    limits = table.seconds("timeout_seconds", 0.0)
    if limits:
        timeouts = Timeouts(timeouts.connect_s, limits, limits, timeouts.total_s)
    keys = _provider_keys(table, secrets)
    report_key, quota_probe = _report_key(table, kind, secrets), _quota_probe(table)
    for unused in ("refresh_token", "token_expires_at", "account_id", "device_auth_url", "model_list_url"):
        table.raw(unused)
    provider = Provider(
        name=name,
        kind=kind if row is not None else "openai-compatible",
        base_url=_base_url(table, row.base_url if row is not None else ""),
        secret=keys[0] if keys else None,
        enabled=table.flag("enabled", True),
        timeouts=read_timeouts(table.table("timeouts"), timeouts),
        on_disconnect=cast(OnDisconnect, table.choice("on_disconnect", ("cancel", "drain"), "cancel")),
        operations=_operations(table),
        allowed_models=table.texts("allowed_models"),
        model_mapping=table.mapping("model_mapping"),
        models=table.texts("models"),
        allow_private=True,
        headers=_headers(table, secrets),
        passthrough_paths=_passthrough_paths(table),
        other_secrets=keys[1:],
    )
    table.finish()
    return ReadProvider(provider, report_key, quota_probe)


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


def _provider_keys(table: Table, secrets: SecretSource) -> tuple[str, ...]:
    """Read the provider's keys: `api_key`, and those of `api_keys` after it. None of them is shown in a mistake."""
    first = secrets.resolve(table, "api_key") or secrets.resolve(table, "auth_token")
    keys = {first: "api_key"} if first else {}
    for number, pointer in enumerate(table.texts("api_keys")):
        name, noted = f"api_keys[{number}]", len(table.problems)
        key = secrets.resolve_text(table, name, pointer)
        if not key and len(table.problems) == noted:
            table.problem(name, "is empty")
        if key in keys:
            table.problem(name, f"is the same key as {keys[key]}")
        elif key:
            keys[key] = name
    if len(keys) > MAX_CREDENTIALS:
        table.problem("api_keys", f"a provider has at most {MAX_CREDENTIALS} keys, these are {len(keys)}")
    return tuple(keys)


def _headers(table: Table, secrets: SecretSource) -> dict[str, str]:
    """Read what more is sent; a value may be as secret as a key, and stand elsewhere likewise."""
    named = table.mapping("headers").items()
    return {name: secrets.resolve_text(table, f"headers.{name}", value) for name, value in named}


def _report_key(table: Table, kind: str, secrets: SecretSource) -> str:
    """Read the key that may ask the vendor what it billed."""
    if not table.has("report_key"):
        return ""
    if report_reader(kind) is None:
        table.problem("report_key", f"reports of {kind!r} cannot be read", f"known are {', '.join(known_reports())}")
    return secrets.resolve(table, "report_key")


def _quota_probe(table: Table) -> str | None:
    """Read whether a request of one token may be sent for the headers of its answer, and of which model."""
    model = table.text("quota_probe_model")
    if table.flag("quota_probe", False):
        return model
    if model:
        table.problem("quota_probe_model", "is of no use without quota_probe = true")
    return None


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
    if url == usual and "{" in usual:
        table.problem("base_url", "is missing", f"write it like {usual}, with values of yours in the brackets' place")
        return url
    if (mistake := base_url_mistake(url)) is not None:
        table.problem("base_url", mistake)
    return url.rstrip("/")


def why_unusable(provider: Provider) -> str:
    """Return why no request to `provider` can be written, or ""; base URLs are looked at where they are read."""
    if base_url_mistake(provider.base_url) is not None:
        return ""
    try:
        for one in provider.credentials:
            adapter(one)
    except ValueError as error:
        return str(error)
    return ""


def base_url_mistake(url: str) -> str | None:
    """Return what is wrong with a provider's base URL, or None; it is not shown, since it may hold a password."""
    try:
        split_base_url(url)
    except ValueError as error:
        return str(error).removeprefix("base_url ")
    return None
