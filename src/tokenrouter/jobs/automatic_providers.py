"""Providers that join by themselves and leave when they are gone.

They are never in the file, cannot be changed, and are only asked for by name: a model without a prefix never goes to
one. One that does not answer is missed a few times before it leaves, so that a restart of a local server is no change;
requests in flight go on when it leaves.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from tokenrouter.domain.catalog import Provider

MISSES: Final = 3
"""So many looks in a row without it, and a provider leaves."""

log = structlog.get_logger(__name__)


class Finder(Protocol):
    """Somebody who looks for providers."""

    async def look(self) -> dict[str, Provider] | None:
        """Return who is there, by name; None when nobody is to be looked for: all of them leave at once."""


@dataclass(slots=True)
class _Source:
    finder: Finder
    pause_s: Callable[[], float]
    longest_pause_s: float
    present: dict[str, Provider]
    misses: dict[str, int] = field(default_factory=dict)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)


class AutomaticProviders:
    """Everybody who has joined, whoever found them."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """`on_change` is called when somebody joined or left."""
        self._on_change = on_change
        self._sources: list[_Source] = []

    def add(
        self,
        finder: Finder,
        pause_s: Callable[[], float],
        *,
        longest_pause_s: float = 0.0,
        remembered: Iterable[Provider] = (),
    ) -> None:
        """Look by `finder` every `pause_s`; while it finds nobody, less and less often, down to `longest_pause_s`.

        Those `remembered` from an earlier process are there until they are missed.
        """
        present = {provider.name: provider for provider in remembered}
        self._sources.append(_Source(finder, pause_s, longest_pause_s, present))

    def providers(self) -> tuple[Provider, ...]:
        """Return those who are there; names are unique."""
        return tuple({name: one for source in self._sources for name, one in source.present.items()}.values())

    async def run(self) -> None:
        """Look for ever."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources:
                group.create_task(self._run(source))

    async def _run(self, source: _Source) -> None:
        pause_s = source.pause_s()
        while True:
            await self.look(source.finder)
            usual_s = source.pause_s()
            pause_s = usual_s if source.present else min(pause_s * 2, max(usual_s, source.longest_pause_s))
            source.wanted.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await source.wanted.wait()

    def look_now(self) -> None:
        """Have everybody look at once: what is to be looked for may have changed."""
        for source in self._sources:
            source.wanted.set()

    async def look(self, finder: Finder) -> None:
        """Look once by `finder`, and take in who is there."""
        found = await finder.look()
        for source in self._sources:
            if source.finder is finder and _take(source, found):
                self._on_change()


def _take(source: _Source, found: dict[str, Provider] | None) -> bool:
    """Note who is there; return whether that is a change."""
    before = dict(source.present)
    for name in [name for name in source.present if found is None or name not in found]:
        source.misses[name] = source.misses.get(name, 0) + 1
        if found is None or source.misses[name] >= MISSES:
            del source.present[name], source.misses[name]
            log.info("provider left", provider=name)
    for name, provider in (found or {}).items():
        source.misses.pop(name, None)
        if name not in source.present:
            log.info("provider joined", provider=name, base_url=provider.base_url)
        source.present[name] = provider
    return source.present != before
