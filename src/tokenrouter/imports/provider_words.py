"""A provider that was found, in the words of `[[providers]]`, as the database keeps providers."""

from ipaddress import ip_address
from typing import Any

from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.providers.urls import split_base_url

_USUAL = Timeouts()


def provider_words(provider: Provider) -> dict[str, Any]:
    """Return what `config/providers.py` reads back as `provider`, whether it is enabled apart."""
    words: dict[str, Any] = {
        "name": provider.name,
        "provider_type": provider.kind,
        "base_url": provider.base_url,
        "api_key": provider.secret,
        "api_keys": list(provider.other_secrets),
        "allowed_models": list(provider.allowed_models),
        "models": list(provider.models),
        "model_mapping": dict(provider.model_mapping),
        "headers": dict(provider.headers),
    }
    if provider.timeouts != _USUAL:
        names = ("connect_s", "first_byte_s", "between_bytes_s", "total_s")
        words["timeouts"] = {name: getattr(provider.timeouts, name) for name in names}
    return {name: value for name, value in words.items() if value}


def is_private(provider: Provider) -> bool:
    """Whether it is asked at an address of this machine or of a private network, as far as its URL says."""
    try:
        host = split_base_url(provider.base_url).origin.host
    except ValueError:
        return False
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host:
        return True
    try:
        return not ip_address(host.strip("[]")).is_global
    except ValueError:
        return False
