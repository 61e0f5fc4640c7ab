"""Where each setting's value comes from: a flag, a variable, a line of the file, or nowhere, which is the default."""

from collections.abc import Mapping
from typing import Any, Final

from tokenrouter.config.table import Table

PREFIX: Final = "settings."
"""Of origins of settings, among those of subjects."""
_FLAGS: Final = {"listen_addr": "--listen-addr", "workers": "--workers", "sandbox": "--sandbox"}
_VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "admin_password": ("ADMIN_PASSWORD",),
    "auto_detect_local_servers": ("TOKENROUTER_AUTO_DETECT_LOCAL_SERVERS",),
    "auto_enable_public_free_models": ("TOKENROUTER_AUTO_ENABLE_PUBLIC_FREE_MODELS",),
    "database_url": ("TOKENROUTER_DATABASE_URL", "DATABASE_URL"),
    "default_provider": ("TOKENROUTER_DEFAULT_PROVIDER",),
    "encryption_key": ("ENCRYPTION_KEY",),
    "encryption_key_first": ("ENCRYPTION_KEY_FIRST",),
    "encryption_key_old": ("ENCRYPTION_KEY_OLD",),
    "listen_addr": ("TOKENROUTER_LISTEN_ADDR",),
    "max_concurrent_requests": ("MAX_CONCURRENT_REQUESTS",),
    "metrics_token": ("TOKENROUTER_METRICS_TOKEN",),
    "public_url": ("PUBLIC_API_URL",),
    "registration.access_codes": ("REGISTRATION_ACCESS_CODES",),
    "registration.email_domains": ("ALLOWED_EMAIL_DOMAINS",),
    "registration.enabled": ("REGISTRATION_ENABLED",),
    "registration.quota_tokens": ("DEFAULT_REGISTRATION_QUOTA",),
    "redis_url": ("TOKENROUTER_REDIS_URL", "REDIS_URL"),
    "timeouts.first_byte_s": ("REQUEST_TIMEOUT", "PROVIDER_TIMEOUT"),
}
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {"tls.domains": ("tls.domain",)}
"""Other paths of the file that say the same."""
_FILE_FIRST: Final = frozenset(("metrics_token", "timeouts.first_byte_s"))
"""Settings whose variable is a default for the file."""


def setting_origins(
    top: Table, environ: Mapping[str, str], flags: Mapping[str, Any], paths: tuple[str, ...]
) -> dict[str, str]:
    """Return, of those settings of `paths` that somebody has set, by whom."""
    found = {f"{PREFIX}{path}": _origin(path, top, environ, flags) for path in paths}
    return {name: origin for name, origin in found.items() if origin}


def _origin(path: str, top: Table, environ: Mapping[str, str], flags: Mapping[str, Any]) -> str:
    if path in _FLAGS and flags.get(path):
        return _FLAGS[path]
    in_file = next((top.where(one) for one in (path, *_ALSO.get(path, ())) if top.stands(one)), "")
    if path in _FILE_FIRST and in_file:
        return in_file
    named = next((f"${name}" for name in _VARIABLES.get(path, ()) if environ.get(name)), "")
    if path == "listen_addr" and not named and environ.get("HOST") and environ.get("PORT"):
        named = "$PORT"
    return named or in_file
