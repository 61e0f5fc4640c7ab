"""How providers are: found out by listing their models, and by what requests show.

The question is the one that discovery asks anyway and costs nothing; nothing is ever asked that could be billed. A
provider that answers is asked again after 15 minutes, any other after 30 s (TokenRouter-Go's rhythm, read 2026-11). One
whose requests are answered is online whatever its list says; one whose requests fail, or that says it has no such
model, is asked soon. Nobody waits for an answer: not a start, and not the checks of others.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.conditions import Status
from tokenrouter.jobs.condition_book import ConditionBook
from tokenrouter.jobs.discovery import FRESH_S, RETRY_S, Discovery
from tokenrouter.jobs.traffic import Shown, Snapshots, Traffic
from tokenrouter.observe.tasks import BackgroundTasks

LOOK_S: Final = 1.0
"""How often it is looked who is due and what requests have shown; figures come in as often."""
HASTEN_S: Final = 30.0
"""How often requests can make one provider be asked out of turn, for failures and for missing models each."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """One provider as it is shown. Times are seconds since the epoch, 0 for never.

    Attributes:
        checked_at_s: the last question, or the last request that counts in its place.
        next_check_s: when it is asked again; 0 when it never is.
        response_ms: how long its list of models took, or 0.
        model_count: models of its last list, which was answered at `listed_at_s`.
        problem: why the last question was not answered, or "".
    """

    name: str
    status: Status
    checked_at_s: float
    next_check_s: float
    response_ms: float
    model_count: int
    listed_at_s: float
    problem: str


@dataclass(frozen=True, slots=True)
class _Word:
    """What requests said of a provider, and until when that is believed."""

    status: Status
    said_s: float
    until_s: float


class HealthChecks:
    """Keeps the statuses of all providers. One per control process."""

    def __init__(
        self,
        discovery: Discovery,
        book: ConditionBook,
        *,
        asks: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`asks` says whether providers may be asked at all; else only requests tell how they are."""
        self._discovery = discovery
        self._book = book
        self._asks = asks
        self._clock = clock
        self._traffic = Traffic()
        self._words: dict[str, _Word] = {}
        self._hastened: dict[tuple[str, str], float] = {}
        self._asking: set[str] = set()
        self._wanted: set[str] = set()
        self._tasks = BackgroundTasks()
        self._shown: dict[str, ProviderHealth] = {}

    def shown(self) -> dict[str, ProviderHealth]:
        """Return what is known of every provider, as of the last look."""
        return self._shown

    async def run(self, providers: Callable[[], Sequence[Provider]], figures: Callable[[], Snapshots]) -> None:
        """Look, and ask whoever is due, for ever."""
        try:
            while True:
                self.heed(providers(), figures())
                self.ask_who_is_due(providers())
                self.look(providers())
                await asyncio.sleep(LOOK_S)
        finally:
            await self.close()

    async def close(self) -> None:
        """Ask nobody any more."""
        await self._tasks.close()

    @property
    def is_asking(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._asking)

    def heed(self, providers: Sequence[Provider], figures: Snapshots) -> None:
        """Take in what requests have shown since the last call."""
        news = self._traffic.news(figures)
        for provider in providers:
            if provider.enabled and (shown := news.get(provider.name)) is not None:
                self._heed(provider, shown)

    def _heed(self, provider: Provider, shown: Shown) -> None:
        now_s = self._clock()
        can_be_asked = self._discovery.listing(provider).status != "unknown"
        has_failed = shown.failed or shown.denied
        if shown.answered:
            self._words[provider.name] = _Word("online", now_s, now_s + FRESH_S)
        elif has_failed and not can_be_asked:  # this is all there is to go by
            status: Status = "auth problem" if shown.denied else "offline"
            self._words[provider.name] = _Word(status, now_s, now_s + RETRY_S)
        if has_failed and can_be_asked:
            self._hasten(provider, "failures")
        if shown.missing:
            self._hasten(provider, "no such model")

    def ask_soon(self, provider: str) -> None:
        """Have a provider asked at the next look: its list of models is known to be out of date."""
        self._wanted.add(provider)

    def _hasten(self, provider: Provider, why: str) -> None:
        now_s = self._clock()
        if now_s - self._hastened.get((provider.name, why), 0.0) >= HASTEN_S:
            self._hastened[provider.name, why] = now_s
            self._discovery.listing(provider).next_s = 0.0

    def ask_who_is_due(self, providers: Sequence[Provider]) -> None:
        """Begin to ask whoever is due and is not being asked already."""
        if not self._asks():
            return
        now_s = self._clock()
        due = [
            provider
            for provider in providers
            if provider.enabled
            and provider.name not in self._asking
            and (provider.name in self._wanted or self._discovery.listing(provider).next_s <= now_s)
        ]
        for provider in due:
            self._wanted.discard(provider.name)
            self._asking.add(provider.name)
            self._tasks.start(self._ask(provider), "provider check")

    async def ask_now(self, providers: Sequence[Provider]) -> None:
        """Ask every enabled one of `providers` at once, and return when all have answered or failed to."""
        await self._discovery.ask([provider for provider in providers if provider.enabled])
        self.look(providers)

    async def _ask(self, provider: Provider) -> None:
        try:
            await self._discovery.ask([provider])
        finally:
            self._asking.discard(provider.name)

    def look(self, providers: Sequence[Provider]) -> None:
        """Work out how every provider is, write it into the book, and log who has changed."""
        names = {provider.name for provider in providers}
        self._words = {name: word for name, word in self._words.items() if name in names}
        self._hastened = {key: at_s for key, at_s in self._hastened.items() if key[0] in names}
        self._wanted &= names
        self._shown = {provider.name: self._health(provider) for provider in providers}
        for health in self._shown.values():
            before = self._book.of(health.name).status
            self._book.note_status(health.name, health.status, health.checked_at_s)
            if before != health.status:
                log.info(
                    "provider status",
                    provider=health.name,
                    status=health.status,
                    before=before,
                    **({"reason": health.problem} if health.problem else {}),
                )

    def _health(self, provider: Provider) -> ProviderHealth:
        listing = self._discovery.listing(provider)
        status, checked_at_s = listing.status, listing.checked_at_s
        word = self._words.get(provider.name)
        if word is not None and self._clock() < word.until_s:
            if word.said_s > checked_at_s or status == "unknown":
                status = word.status
            checked_at_s = max(checked_at_s, word.said_s)
        return ProviderHealth(
            provider.name,
            status if provider.enabled else "disabled",
            checked_at_s,
            listing.next_s if self._asks() and provider.enabled else 0.0,
            listing.response_ms,
            len(listing.models),
            listing.listed_at_s,
            listing.problem,
        )
