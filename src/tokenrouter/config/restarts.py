"""Which settings a running server takes in when it reads its configuration again, and which wait for its next start.

What needs a restart is what sockets, files and tasks are made with once. All subjects (providers, keys, limits, …) and
everything that is not named here follow a reload at once.
"""

from dataclasses import replace
from typing import Any, Final

from tokenrouter.config.origins import PREFIX
from tokenrouter.config.settings import Settings
from tokenrouter.config.shown import SHOWN, setting_part

NEEDS_RESTART: Final = frozenset(
    (
        "body_timeout_s",
        "cache.backend",
        "cache.max_bytes",
        "cache.max_entry_bytes",
        "client_stall_s",
        "database_url",
        "drain_s",
        "encryption_key",
        "encryption_key_first",
        "encryption_key_old",
        "head_timeout_s",
        "http_mode",
        "idempotency.enabled",
        "idempotency.keep_s",
        "idempotency.max_bytes",
        "idempotency.max_entry_bytes",
        "idle_timeout_s",
        "journal_reserve_bytes",
        "journal_sync_s",
        "listen_addr",
        "log_format",
        "log_level",
        "logs.level",
        "logs.max_bytes",
        "logs.max_lines",
        "max_body_bytes",
        "max_connections",
        "max_head_bytes",
        "metrics_addr",
        "migrate_on_start",
        "otel.enabled",
        "otel.endpoint",
        "otel.headers",
        "otel.interval_s",
        "otel.metrics",
        "otel.service_name",
        "otel.traces",
        "price_sources",
        "proxies",
        "redis_loss",
        "redis_url",
        "sandbox",
        "tls.enabled",
        "tls.hsts_max_age_s",
        "tls.listen_addr",
        "tls.mode",
        "tls.redirect_addr",
        "trusted_proxies",
        "workers",
    )
)
"""By their paths in the file."""

NEEDS_NEW_START: Final = frozenset(
    (
        "drain_s",
        "http_mode",
        "listen_addr",
        "logs.max_bytes",
        "logs.max_lines",
        "tls.enabled",
        "tls.listen_addr",
        "tls.redirect_addr",
        "workers",
    )
)
"""Of these, what the process that holds the listeners was started with; the others follow when its children restart."""


def needs_restart(name: str) -> bool:
    """Return whether the setting `name` waits for the next start."""
    return name in NEEDS_RESTART


def settle(read: Settings, started: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Return what counts in a server that was `started` so and has `read` this now, and the settings that wait."""
    waiting = tuple(name for name in sorted(NEEDS_RESTART) if setting_part(read, name) != setting_part(started, name))
    settled = read
    for name in waiting:
        settled = _with(settled, SHOWN[name], setting_part(started, name))
    origins = {name: origin for name, origin in read.origins.items() if name.removeprefix(PREFIX) not in waiting}
    kept = {f"{PREFIX}{name}": started.origins.get(f"{PREFIX}{name}") for name in waiting}
    origins |= {name: origin for name, origin in kept.items() if origin is not None}
    return replace(settled, origins=origins), waiting


def _with(values: Any, path: str, value: Any) -> Any:
    """Return `values` with `value` at `path`, whose parts are fields of frozen values within one another."""
    field, dot, rest = path.partition(".")
    if not dot:
        return replace(values, **{field: value})
    return replace(values, **{field: _with(getattr(values, field), rest, value)})
