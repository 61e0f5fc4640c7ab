"""Which settings a running server takes in when it reads its configuration again, and which wait for its next start.

What needs a restart is what sockets, files and tasks are made with once. All subjects (providers, keys, limits, …) and
what may be changed while everything runs follow a reload at once. Every other setting is named in one of two tables, so
that nobody adds one without having asked; a test fails where one is in neither.
"""

from dataclasses import replace
from typing import Any, Final

from tokenrouter.config.changeable import CHANGEABLE
from tokenrouter.config.origins import PREFIX
from tokenrouter.config.settings import Settings
from tokenrouter.config.shown import SHOWN, setting_part
from tokenrouter.providers.local_servers import DEFAULT_PORTS

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

FOLLOWS_RELOAD: Final = frozenset(
    (
        *CHANGEABLE,
        "admin_key_in_query",
        "admin_password",
        "alerts.journal_lag_s",
        "alerts.quota_thresholds",
        "alerts.shortest_window_s",
        "allow_private_providers",
        "auto_exclude",
        "conversations.capture",
        "conversations.enabled",
        "conversations.max_age_days",
        "conversations.max_body_bytes",
        "conversations.max_bytes",
        "conversations.max_items",
        "local_servers.check_s",
        "metrics_token",
        "public_url",
        "registration.access_codes",
        "registration.email_domains",
        "registration.enabled",
        "registration.quota_tokens",
        "sign_up.by_code",
        "sign_up.email_domains",
        "sign_up.enabled",
        "timeouts.between_bytes_s",
        "timeouts.connect_s",
        "timeouts.first_byte_s",
        "timeouts.total_s",
        "tls.acme_accept_terms",
        "tls.acme_ca_file",
        "tls.acme_directory_url",
        "tls.acme_eab_hmac_key",
        "tls.acme_eab_kid",
        "tls.acme_profile",
        "tls.cache_dir",
        "tls.cert_file",
        "tls.cert_pem",
        "tls.challenge",
        "tls.domains",
        "tls.email",
        "tls.key_file",
        "tls.key_pem",
        *(f"local_servers.ports.{kind}" for kind in DEFAULT_PORTS),
    )
)
"""By their paths in the file: whoever uses them reads them each time, or is told of the new ones."""

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
