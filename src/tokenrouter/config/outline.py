"""A configuration as plain data that may be kept and compared: what there is, by kind and name, without secrets.

In place of a secret stands a seal, from which it does not follow but by which a change of it is noticed. What is a
secret is said once, where it is declared: a field that no `repr` shows is one.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from tokenrouter.config.settings import Settings, WebhookSetting
from tokenrouter.config.shown import SECRET, SHOWN, setting_part, without_password
from tokenrouter.domain.aliases import GLOBAL

SEAL: Final = "sealed"
"""The key under which the seal of a secret stands; nothing else in an outline is a table with it."""
SETTINGS: Final = "setting"
"""The kind of what is no subject; all settings are fields of one entry without a name."""
_PLACES: Final = frozenset(("origin", "dated"))
"""Fields that say where something is declared: a line that moves is no change."""
_MAY_BE_SECRET: Final = frozenset(("options",))
"""Fields of which nobody knows what is in them: tables for hooks of other packages."""
_WORDS: Final = {"kind": "provider_type", "secret": "api_key", "other_secrets": "api_keys"}

Outline = dict[str, dict[str, dict[str, Any]]]
"""Fields by kind and name: `outline["provider"]["openai"]["base_url"]`."""


def outline_of(settings: Settings, key: bytes) -> Outline:
    """Return the outline of what is declared; `key` seals secrets, and the same one gives the same seals."""
    kinds: dict[str, Iterable[tuple[str, Any]]] = {
        "provider": ((one.name, one) for one in settings.providers if one.origin != "sandbox"),
        "key": ((one.name, one) for one in settings.keys),
        "team": ((name, {}) for name in settings.teams),
        "user": ((name, {}) for name in settings.users),
        "alias": ((one.name if one.scope == GLOBAL else f"{one.name} of {one.scope}", one) for one in settings.aliases),
        "limit": ((one.id, one) for one in settings.limits),
        "price": settings.prices.items(),
        "model": settings.facts.items(),
        "guardrail": ((one.name, one) for one in settings.guardrails),
        "hook": ((one.name, one) for one in settings.hooks),
        "identity provider": ((one.name, one) for one in settings.oidc),
        "webhook": _named_webhooks(settings.alerts.webhooks),
        "e-mail": [("alerts", settings.alerts.email)] if settings.alerts.email else (),
    }
    found = {kind: {name: _plain(value, key) for name, value in subjects} for kind, subjects in kinds.items()}
    found["provider"] = {name: _in_the_files_words(fields) for name, fields in found["provider"].items()}
    for name, secret in settings.report_keys.items():
        found["provider"].setdefault(name, {})["report_key"] = sealed(secret, key)
    for name, model in settings.quota_probes.items():
        found["provider"].setdefault(name, {})["quota_probe"] = model or True
    return {SETTINGS: {"": dict(_settings(settings, key))}, **{kind: of for kind, of in found.items() if of}}


def _in_the_files_words(provider: Mapping[str, Any]) -> dict[str, Any]:
    return {_WORDS.get(name, name): value for name, value in provider.items()}


def sealed(value: Any, key: bytes) -> Any:
    """Return what stands for the secret `value`; "" for none."""
    if not value:
        return ""
    text = json.dumps(value, sort_keys=True, default=str)
    return {SEAL: hmac.digest(key, text.encode(), "sha256").hex()[:32]}


def _settings(settings: Settings, key: bytes) -> Iterator[tuple[str, Any]]:
    for name in sorted(SHOWN):
        value = _plain(setting_part(settings, name), key)
        yield name, sealed(value, key) if name in SECRET else value
    yield "active_model_profile", settings.active_model_profile
    yield "public_base_urls", _plain(settings.public_base_urls, key)


def _named_webhooks(webhooks: Iterable[WebhookSetting]) -> Iterator[tuple[str, WebhookSetting]]:
    """Name each by its host: the rest of its address is often its secret."""
    seen: dict[str, int] = {}
    for one in webhooks:
        host = urlsplit(one.url).hostname or ""
        seen[host] = seen.get(host, 0) + 1
        yield host if seen[host] == 1 else f"{host} ({seen[host]})", one


def _plain(value: Any, key: bytes) -> Any:
    """Return `value` as JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        hidden = {one.name for one in fields(value) if not one.repr} | _MAY_BE_SECRET
        return _plain_fields({one.name: getattr(value, one.name) for one in fields(value)}, hidden, key)
    if hasattr(value, "_asdict"):
        return _plain_fields(value._asdict(), _MAY_BE_SECRET, key)
    if isinstance(value, Mapping):
        return {str(name): _plain(inner, key) for name, inner in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        items = sorted(value, key=str) if isinstance(value, frozenset | set) else value
        return [_plain(inner, key) for inner in items]
    if isinstance(value, str):
        return _without_secret(value, key)
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _plain_fields(values: Mapping[str, Any], hidden: Iterable[str], key: bytes) -> dict[str, Any]:
    return {
        name: sealed(value, key) if name in hidden else _plain(value, key)
        for name, value in values.items()
        if name not in _PLACES
    }


def _without_secret(text: str, key: bytes) -> Any:
    """Return `text`, or its seal beside what may be shown of it where it is an address with a password."""
    if "://" not in text or "@" not in text:
        return text
    try:
        shown = without_password(text)
    except ValueError:
        return sealed(text, key)
    return text if shown == text else {**sealed(text, key), "shown": shown}
