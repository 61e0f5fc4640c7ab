"""The providers: whether each can be reached, and accepts its key. They are asked for their models, for nothing."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.cli.doctor.finding import Finding, Level, Patient
from tokenrouter.config.keyfile import key_file
from tokenrouter.config.keyring import ring_of
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.model_question import TEST_TIMEOUTS, Look, ask_for_models
from tokenrouter.jobs.stored_configuration import join_configuration, read_stored
from tokenrouter.store.engine import open_store
from tokenrouter.store.errors import StoreError
from tokenrouter.store.prepare import find_revision
from tokenrouter.store.schema import REVISIONS
from tokenrouter.upstream.client import UpstreamClient

AT_ONCE: Final = 8
"""Most providers that are asked at the same time."""
_SAID: Final[dict[str, tuple[Level, str]]] = {
    "auth problem": ("problem", "give it a key that is good: torod providers change, or api_key in the file"),
    "offline": ("problem", "look at its base_url, the name server, the firewall and http_proxy; is it up?"),
    "blocked": ("warning", "ask from another network, or by a proxy (https_proxy)"),
    "unknown": ("note", ""),
}


def check_providers(patient: Patient) -> Iterator[Finding]:
    """Ask every provider that is switched on, those of the database too."""
    if patient.settings is None:
        return
    settings, unusable = _with_stored(patient.settings)
    for name, reason in unusable.items():
        yield Finding("problem", f"provider {name}", f"cannot be used: {reason}", "torod providers change")
    providers = [one for one in settings.providers if one.enabled and one.name not in unusable]
    if patient.offline:
        if providers:
            yield Finding("note", "providers", f"{len(providers)} were not asked (--offline)")
        return
    for provider, look in zip(providers, asyncio.run(_ask(providers, settings)), strict=True):
        yield _told(provider, look)


def _told(provider: Provider, look: Look) -> Finding:
    subject = f"provider {provider.name}"
    if look.models is not None and look.status == "online":
        return Finding("ok", subject, f"answers at {provider.base_url} with {len(look.models)} models")
    level, do = _SAID.get(look.status, ("note", ""))
    return Finding(level, subject, look.problem or f"{provider.base_url}: it cannot be told how it is", do)


async def _ask(providers: Sequence[Provider], settings: Settings) -> list[Look]:
    turns = asyncio.Semaphore(AT_ONCE)
    async with UpstreamClient(settings.proxies) as upstream:

        async def ask(provider: Provider) -> Look:
            async with turns:
                return await ask_for_models(upstream, provider, TEST_TIMEOUTS)

        return list(await asyncio.gather(*map(ask, providers)))


def _with_stored(declared: Settings) -> tuple[Settings, dict[str, str]]:
    """Return the settings that count, and why providers of the database cannot be used; nothing is made for it."""
    if not declared.encryption_key and not key_file(declared).exists():
        return declared, {}
    try:
        if find_revision(declared.database_url) != REVISIONS[-1]:
            return declared, {}
        store = open_store(declared.database_url)
        try:
            joined = join_configuration(declared, read_stored(store, ring_of(declared)))
        finally:
            store.close()
    except (StoreError, SQLAlchemyError, OSError, ValueError):
        return declared, {}  # told by the checks of the database and of the files
    return joined.settings, dict(joined.unusable)
