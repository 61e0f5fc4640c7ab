"""What a provider of the API or the command line may not be, beyond what is wrong in itself.

Whoever may make providers must not reach into the operator's network with them, nor have this gateway ask itself.
"""

import ipaddress
from collections.abc import Iterable

from tokenrouter.config.load import is_own_listener
from tokenrouter.config.problems import InvalidValues
from tokenrouter.config.providers import ReadProvider, why_unusable
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Key, Provider
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limit_text import Mistake
from tokenrouter.providers.urls import split_base_url
from tokenrouter.upstream.addresses import may_connect


def check_provider(read: ReadProvider, settings: Settings, keys: Iterable[Key], pepper: bytes) -> None:
    """Let a provider pass that may be kept, and asked; `keys` are all of this gateway's own.

    Raises:
        InvalidValues: with what is wrong.
    """
    provider = read.provider
    mistakes = []
    if message := why_unusable(provider):
        mistakes.append(Mistake("base_url" if "base_url" in message else "api_key", message))
    if is_own_listener(provider, settings.listen_addr):
        mistakes.append(Mistake("base_url", "is this gateway's own address"))
    elif message := _why_out_of_bounds(provider):
        mistakes.append(Mistake("base_url", message))
    digests = {key.digest for key in keys}
    if any(key_digest(secret, pepper) in digests for secret in _secrets(read)):
        mistakes.append(Mistake("api_key", "is a key of this gateway, not one of the provider's"))
    if mistakes:
        raise InvalidValues(mistakes)


def _secrets(read: ReadProvider) -> list[str]:
    provider = read.provider
    values = (provider.secret, *provider.other_secrets, read.report_key, *provider.headers.values())
    return [part for value in values if value for part in (value, value.removeprefix("Bearer "))]


def _why_out_of_bounds(provider: Provider) -> str:
    """Return why the address may not be asked. A name is looked up when it is asked, and then judged the same way."""
    try:
        host = split_base_url(provider.base_url).origin.host.strip("[]")
    except ValueError:
        return ""
    try:
        address = ipaddress.ip_address("127.0.0.1" if _is_local_name(host) else host)
    except ValueError:
        return ""
    if may_connect(address, allow_private=provider.allow_private):
        return ""
    if may_connect(address, allow_private=True):
        return "is a private address; declare the provider in torod.toml, or set allow_private_providers there"
    return "is an address that is never asked: link-local, or a metadata service"


def _is_local_name(host: str) -> bool:
    return host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")
