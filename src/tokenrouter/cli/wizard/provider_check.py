"""Trying the provider that was answered, before anything is written: the one question which models it has."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenrouter.cli.wizard.answers import provider_name
from tokenrouter.cli.wizard.questions import Said
from tokenrouter.config.pointers import Secrets
from tokenrouter.config.problems import Problem
from tokenrouter.config.providers import read_provider
from tokenrouter.config.proxies import read_proxies
from tokenrouter.config.settings import Settings
from tokenrouter.config.table import Table
from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.jobs.local_servers import LocalServers, looking_of
from tokenrouter.jobs.model_question import TEST_TIMEOUTS, Look, ask_for_models
from tokenrouter.upstream.client import UpstreamClient

SHOWN_MODELS = 5


@dataclass(frozen=True, slots=True)
class Tried:
    """What a try came to. `problem` says what is wrong, "" where it works; `models` is what it listed."""

    problem: str
    models: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.problem:
            return self.problem
        if not self.models:
            return "it answers, but lists no models"
        more = ", …" if len(self.models) > SHOWN_MODELS else ""
        return f"it works: {len(self.models)} models ({', '.join(self.models[:SHOWN_MODELS])}{more})"


def try_provider(said: Said, environ: Mapping[str, str]) -> Tried:
    """Ask the answered provider for its models; never raises for what it answers."""
    problems: list[Problem] = []
    provider = _provider(said, environ, problems)
    proxies = read_proxies(environ, problems)
    if problems:
        return Tried("; ".join(f"{one.key}: {one.message}" if one.key else one.message for one in problems))

    async def ask() -> Look:
        async with UpstreamClient(proxies) as upstream:
            return await ask_for_models(upstream, provider, TEST_TIMEOUTS)

    look = asyncio.run(ask())
    return Tried(f"{look.status}: {look.problem}") if look.models is None else Tried("", look.models)


def _provider(said: Said, environ: Mapping[str, str], problems: list[Problem]) -> Provider:
    values: dict[str, Any] = {"name": provider_name(said), "provider_type": said["provider_type"]}
    if said.get("provider_base_url"):
        values["base_url"] = said["provider_base_url"]
    if said.get("provider_key_env"):
        values["api_key"] = f"env:{said['provider_key_env']}"
    elif said.get("provider_key_file"):
        values["api_key"] = f"file:{Path(said['provider_key_file']).expanduser()}"
    elif said.get("provider_key"):
        values["api_key"] = said["provider_key"]
    return read_provider(Table(values, "", "", {}, problems), Secrets(environ), Timeouts()).provider


def find_local_servers(settings: Settings) -> tuple[str, ...]:
    """Return the model servers that answer on this machine now, as `ollama at http://127.0.0.1:11434/v1`."""

    async def look() -> dict[str, Provider]:
        async with UpstreamClient({}) as upstream:
            return await LocalServers(upstream, lambda: looking_of(settings)).look() or {}

    return tuple(f"{name} at {one.base_url}" for name, one in sorted(asyncio.run(look()).items()))
