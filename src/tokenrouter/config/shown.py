"""Every setting as it may be shown: its path in the file, its value, who says so, and nothing that is secret."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlsplit

from tokenrouter.config.changeable import CHANGEABLE
from tokenrouter.config.origins import PREFIX
from tokenrouter.config.settings import (
    ConversationSettings,
    LogSettings,
    RegistrationSettings,
    Settings,
    SignUpSettings,
    TlsSettings,
)
from tokenrouter.domain.catalog import CacheRules, Policy, Timeouts
from tokenrouter.providers.local_servers import DEFAULT_PORTS

SECRET: Final = frozenset(
    (
        "admin_password",
        "encryption_key",
        "encryption_key_first",
        "encryption_key_old",
        "metrics_token",
        "otel.headers",
        "proxies",
        "registration.access_codes",
        "tls.acme_eab_hmac_key",
        "tls.cert_pem",
        "tls.key_pem",
    )
)
"""Settings of which it is shown that they are set."""
_URLS: Final = frozenset(("database_url", "redis_url"))
"""Settings that may hold a password."""
_ELSEWHERE: Final = frozenset(
    (
        "aliases",
        "active_model_profile",
        "cache",
        "carried_use",
        "conversations",
        "facts",
        "guardrails",
        "hooks",
        "idempotency",
        "keys",
        "alerts",
        "registration",
        "limits",
        "moved",
        "local_ports",
        "logs",
        "notices",
        "oidc",
        "otel",
        "origins",
        "paths",
        "policy",
        "prices",
        "providers",
        "public_base_urls",
        "quota_probes",
        "registration",
        "report_keys",
        "sign_up",
        "teams",
        "timeouts",
        "tls",
        "users",
    )
)
"""Fields that are no settings but subjects, each with a resource of its own, or that stand here by their parts."""
_UNDER_ANOTHER_NAME: Final = {"local_check_s": "local_servers.check_s"}
SHOWN: Final[Mapping[str, str]] = {
    **{_UNDER_ANOTHER_NAME.get(f.name, f.name): f.name for f in fields(Settings) if f.name not in _ELSEWHERE},
    **{f.name: f"policy.{f.name}" for f in fields(Policy) if f.name != "cache"},
    **{f"cache.{f.name}": f"policy.cache.{f.name}" for f in fields(CacheRules)},
    **{f"cache.{name}": f"cache.{name}" for name in ("backend", "max_bytes", "max_entry_bytes")},
    **{f"idempotency.{name}": f"idempotency.{name}" for name in ("enabled", "keep_s")},
    **{f"idempotency.{name}": f"idempotency.room.{name}" for name in ("max_bytes", "max_entry_bytes")},
    **{f"conversations.{f.name}": f"conversations.{f.name}" for f in fields(ConversationSettings)},
    **{f"logs.{f.name}": f"logs.{f.name}" for f in fields(LogSettings)},
    **{
        f"otel.{name}": f"otel.{name}"
        for name in ("enabled", "endpoint", "headers", "service_name", "traces", "metrics")
    },
    "otel.interval_s": "otel.interval_s",
    "alerts.journal_lag_s": "alerts.journal_lag_s",
    **{f"registration.{f.name}": f"registration.{f.name}" for f in fields(RegistrationSettings)},
    **{f"sign_up.{f.name}": f"sign_up.{f.name}" for f in fields(SignUpSettings)},
    **{f"tls.{f.name}": f"tls.{f.name}" for f in fields(TlsSettings)},
    **{f"timeouts.{f.name}": f"timeouts.{f.name}" for f in fields(Timeouts)},
    **{f"local_servers.ports.{kind}": f"local_ports.{kind}" for kind in DEFAULT_PORTS},
    "alerts.quota_thresholds": "alerts.quota_thresholds",
    "alerts.shortest_window_s": "alerts.shortest_window_s",
}
"""Where in `Settings` what stands at a path of the file is."""


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting.

    Attributes:
        name: its path in the file.
        declared: what it would be if nobody had changed it at run time.
        origin: `default`, a place in the file, a `$VARIABLE`, a `--flag`, or `database`.
        declared_at: where the value is set that does not count while `origin` is `database`.
        is_changeable: whether it may be changed at run time.
    """

    name: str
    value: Any
    origin: str
    declared: Any
    declared_at: str
    is_changeable: bool


def shown_settings(settings: Settings, declared: Settings, changed: Mapping[str, Any]) -> list[ShownSetting]:
    """Return every setting by name; `settings` are those that count, `changed` what was changed at run time."""
    return [_shown(name, settings, declared, changed) for name in sorted(SHOWN)]


def _shown(name: str, settings: Settings, declared: Settings, changed: Mapping[str, Any]) -> ShownSetting:
    origin = declared.origins.get(f"{PREFIX}{name}", "default")
    is_moved = name in settings.moved
    return ShownSetting(
        name,
        _value(name, settings),
        "database" if name in changed or is_moved else origin,
        settings.moved[name] if is_moved else _value(name, declared),
        "" if origin == "default" else origin,
        name in CHANGEABLE,
    )


def _value(name: str, settings: Settings) -> Any:
    value = setting_part(settings, name)
    if name in SECRET:
        return "set" if value else ""
    if name in _URLS:
        return without_password(value)
    return list(value) if isinstance(value, tuple) else value


def setting_part(settings: Settings, name: str) -> Any:
    """Return the value of a setting as it is: what is secret, too."""
    path = SHOWN[name]
    if path.startswith("local_ports."):
        return settings.local_ports.get(path.removeprefix("local_ports."), ())
    return attrgetter(path)(settings)


def without_password(url: str) -> str:
    """Return an address without what may be secret in it.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}{at}{place}", query="").geturl() if at else url
