"""From answers to a commented torod.toml, and from a torod.toml to what would be answered today."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tokenrouter.cli.wizard.answers import provider_name
from tokenrouter.cli.wizard.edits import REMOVED, Edit, edited
from tokenrouter.cli.wizard.questions import LOCAL, SANDBOX, Said
from tokenrouter.providers import preset

HEADER: Final = """\
# TokenRouter's configuration, written by `torod config`. docs/configuration.md explains every key.
# Change it here, with `torod config` again, or with `torod config set KEY VALUE`: your comments stay.
# `torod config check` says whether it is right. Secrets may stand elsewhere: "env:NAME", "file:PATH".

"""
DEFAULT_ADDRESS: Final = "127.0.0.1:8080"
KEY_FOLDER: Final = "keys"
"""Beside the configuration: the provider keys that were typed, one file of mode 0600 each."""
_ABOUT: Final = {
    "listen_addr": "Where it listens: 127.0.0.1 is this machine only, 0.0.0.0 all its addresses.",
    "trusted_proxies": "Reverse proxies in front: only these are believed about whom they pass on.",
    "public_url": "What clients are pointed at.",
    "database_url": "Keys, people and the ledger are here. A PostgreSQL may be shared by several machines.",
    "redis_url": "Counters of limits that several processes or machines share.",
    "http_mode": "What plain HTTP is for: enabled, or redirect, which leads to HTTPS.",
    "sandbox": "The offline provider, as sandbox/…: models that need no account. For trying out.",
    "auto_detect_local_servers": "Ollama, LM Studio, vLLM and llama.cpp on this machine join by themselves.",
}
_TLS_ABOUT: Final = {
    "pem": "HTTPS with certificate files of your own.",
    "self_signed": "HTTPS with a certificate that torod makes itself; clients must be told to believe it.",
    "letsencrypt": "HTTPS with a certificate of Let's Encrypt, renewed by itself.",
}


def written(text: str, said: Said, key_file: str = "") -> str:
    """Return `text`, a file's or "" for a new one, as the answers have it; `key_file`: where a typed key will lie.

    Raises:
        EditFailed: the text cannot be changed so.
    """
    before = values_of(text)
    edits = [*_plain_edits(said, before), *_tls_edits(said, before), *_provider_edits(said, before, key_file)]
    return edited(text or HEADER, edits)


def values_of(text: str) -> dict[str, Any]:
    """Return what a file says; a broken one, whose mistakes are told elsewhere, says nothing."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _plain_edits(said: Said, before: Mapping[str, Any]) -> list[Edit]:
    edits = []
    for name in ("listen_addr", "trusted_proxies", "public_url", "database_url", "redis_url"):
        if name not in said:
            continue
        value = list(said[name]) if isinstance(said[name], tuple) else said[name]
        if value:
            edits.append(Edit((name,), value, _ABOUT[name]))
        elif name in before:
            edits.append(Edit((name,), REMOVED))
    kind = said.get("provider_type")
    if kind == SANDBOX:
        edits.append(Edit(("sandbox",), True, _ABOUT["sandbox"]))
    if kind == LOCAL:
        edits.append(Edit(("auto_detect_local_servers",), True, _ABOUT["auto_detect_local_servers"]))
    return edits


def _tls_edits(said: Said, before: Mapping[str, Any]) -> list[Edit]:
    section = _table(before, "tls")
    mode = said.get("tls", "")
    values: dict[str, Any] = {}
    if mode in _TLS_ABOUT:
        values = {"enabled": True, "mode": mode}
    elif mode and section.get("enabled"):
        values = {"enabled": False}
    for name, key in _TLS_KEYS.items():
        if name in said and (said[name] or key in section):
            values[key] = said[name] or REMOVED
    if "tls_domain" in said:
        first, others = said["tls_domain"][:1], list(said["tls_domain"][1:])
        values |= {"domain": first[0]} if first else {}
        values |= {"domains": others or REMOVED} if others or "domains" in section else {}
    if said.get("tls_accept_terms"):
        values["acme_accept_terms"] = True
    if mode == "pem":
        values |= {key: REMOVED for key in ("cert_pem", "key_pem") if key in section}
    about = "" if section else _TLS_ABOUT.get(mode, "")
    edits = [Edit(("tls", key), value, about if key == "enabled" else "") for key, value in values.items()]
    if "tls_redirect" in said and (said["tls_redirect"] or "http_mode" in before):
        edits.append(Edit(("http_mode",), "redirect" if said["tls_redirect"] else "enabled", _ABOUT["http_mode"]))
    elif mode in ("off", "proxy") and "http_mode" in before:
        edits.append(Edit(("http_mode",), "enabled"))
    return edits


_TLS_KEYS: Final = {
    "tls_listen_addr": "listen_addr",
    "tls_redirect_addr": "redirect_addr",
    "tls_email": "email",
    "tls_cert_file": "cert_file",
    "tls_key_file": "key_file",
}


def _provider_edits(said: Said, before: Mapping[str, Any], key_file: str) -> list[Edit]:
    name = provider_name(said)
    if not name:
        return []
    entries = before.get("providers", [])
    known = [entry.get("name") for entry in entries]
    number = known.index(name) if name in known else len(known)
    entry: Mapping[str, Any] = entries[number] if number < len(entries) else {}
    row = preset(said["provider_type"])
    values: dict[str, Any] = {"name": name}
    if said["provider_type"] != name or "provider_type" in entry:
        values["provider_type"] = said["provider_type"]
    if said.get("provider_base_url"):
        values["base_url"] = said["provider_base_url"]
    pointer = key_pointer(said, key_file)
    if pointer and not (said.get("provider_key") and entry.get("api_key") == said["provider_key"]):
        values["api_key"] = pointer
        values |= {"auth_token": REMOVED} if "auth_token" in entry else {}
    if entry.get("enabled") is False:
        values["enabled"] = True
    about = f"{row.display_name}: its models are {name}/…" if row is not None else ""
    return [Edit(("providers", number, key), value, about if key == "name" else "") for key, value in values.items()]


def key_pointer(said: Said, key_file: str) -> str:
    """Return what stands in the file for the provider's key, "" for no key."""
    if said.get("provider_key_env"):
        return f"env:{said['provider_key_env']}"
    if said.get("provider_key_file"):
        return f"file:{Path(said['provider_key_file']).expanduser().absolute()}"
    return f"file:{key_file}" if said.get("provider_key") else ""


def standing(text: str) -> dict[str, Any]:
    """Return what a file says as answers: the defaults when the wizard runs again. Only no file at all says nothing."""
    values = values_of(text)
    if text.strip():
        values.setdefault("listen_addr", DEFAULT_ADDRESS)
    tls = _table(values, "tls")
    found = {name: values.get(name) for name in ("listen_addr", "public_url", "database_url", "redis_url")}
    found["trusted_proxies"] = _texts(values.get("trusted_proxies"))
    if tls:
        found["tls"] = tls.get("mode", "letsencrypt") if tls.get("enabled") else "off"
        found |= {name: tls.get(key) for name, key in _TLS_KEYS.items()}
        found["tls_domain"] = (*_texts(tls.get("domain")), *_texts(tls.get("domains")))
        found["tls_accept_terms"] = tls.get("acme_accept_terms")
        found["tls_redirect"] = values.get("http_mode") in ("redirect", "when_required")
    return {name: value for name, value in found.items() if value}


def provider_entries(text: str) -> list[dict[str, Any]]:
    """Return the providers that a file declares, as they stand there."""
    entries = values_of(text).get("providers", [])
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _table(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name, {})
    return found if isinstance(found, Mapping) else {}


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
