"""Asking vendors what is left, where they can be asked: in the background, never waited for by a request.

A question that was answered is asked again after 15 minutes, any other one after 30 seconds, as in TokenRouter-Go. A
provider whose only word are its answers' headers needs no question while it has traffic; the operator may have it
probed when it has none.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from tokenrouter.domain.catalog import Provider, Timeouts, provider_of
from tokenrouter.domain.errors import GatewayError, ProviderProtocolError
from tokenrouter.jobs.quota_book import QuotaBook
from tokenrouter.providers import CompatibleAdapter, adapter, preset
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.providers.quota_headers import USUAL, read_quota_headers
from tokenrouter.providers.quota_probes import probe_request
from tokenrouter.providers.quota_questions import QuotaQuestion, quota_question
from tokenrouter.upstream.client import UpstreamClient
from tokenrouter.upstream.response import UpstreamResponse

FRESH_S: Final = 15 * 60.0
RETRY_S: Final = 30.0
MAX_ANSWER_BYTES: Final = 2**20
AT_ONCE: Final = 4
LOOK_S: Final = 1.0
_NOT_THERE: Final = (404, 405, 501)
"""A server that speaks like a vendor, but is none, has no such question; that is no fault of it."""
_TIMEOUTS: Final = Timeouts(connect_s=5.0, first_byte_s=15.0, between_bytes_s=15.0, total_s=30.0)

log = structlog.get_logger(__name__)


class QuotaInspection:
    """Asks whoever is due, and writes it into the book."""

    def __init__(self, book: QuotaBook, upstream: UpstreamClient, *, clock: Callable[[], float] = time.time) -> None:
        self._book = book
        self._upstream = upstream
        self._clock = clock
        self._next: dict[str, tuple[str | None, float]] = {}
        """By provider: the key that was asked with, and when it is due again."""
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def run(self, providers: Callable[[], Sequence[Provider]], probes: Callable[[], Mapping[str, str]]) -> None:
        """Ask for ever. `probes` are the models to probe by provider, "" for the usual one."""
        while True:
            now_s = self._clock()
            due = [one for one in providers() if one.enabled and self.due_s(one) <= now_s]
            await self.ask(due, probes())
            await asyncio.sleep(LOOK_S)

    def due_s(self, provider: Provider) -> float:
        """When `provider` is to be asked: with another key at once, for that is another account.

        What an earlier process was answered is good for as long as any answer.
        """
        if (known := self._next.get(provider.name)) is not None:
            secret, next_s = known
            return next_s if secret == provider.secret else 0.0
        record = self._book.record(provider)
        return record.checked_at_s + FRESH_S if record.asked and not record.problem else 0.0

    async def ask(self, providers: Sequence[Provider], probes: Mapping[str, str]) -> None:
        """Ask `providers`, each with its one key, now, whether they are due or not; others are left alone."""
        wished = [probes.get(provider_of(provider.name)) for provider in providers]
        await asyncio.gather(*map(self._refresh, providers, wished))

    async def _refresh(self, provider: Provider, probe: str | None) -> None:
        question = quota_question(provider.kind)
        if question is None and probe is None:
            self._next[provider.name] = provider.secret, self._clock() + RETRY_S
            return
        async with self._gate:
            try:
                await self._ask(provider, adapter(provider), question, probe)
                pause_s = FRESH_S
            except (GatewayError, ValueError) as error:
                self._book.failed(provider, str(error))
                log.info("no quota", provider=provider.name, reason=str(error))
                pause_s = RETRY_S
        self._next[provider.name] = provider.secret, self._clock() + pause_s

    async def _ask(
        self, provider: Provider, spoken: CompatibleAdapter, question: QuotaQuestion | None, probe: str | None
    ) -> None:
        if spoken.lacks_key:
            return
        if question is not None and await self._answers(provider, spoken, question):
            return
        if probe is None:
            self._book.found_no_question(provider)
        elif self._clock() - self._book.record(provider).checked_at_s >= FRESH_S:
            await self._probe(provider, spoken, probe)

    async def _answers(self, provider: Provider, spoken: CompatibleAdapter, question: QuotaQuestion) -> bool:
        """Ask, and write down the answer; False where there is no such question."""
        response = await self._send(provider, spoken, question.request(spoken))
        try:
            body = _whole(provider, response)
            if response.status in _NOT_THERE:
                return False
            if (error := spoken.read_error(response.status, response.headers, body)) is not None:
                raise error
        finally:
            response.close()
        now_s = self._clock()
        self._book.answered(provider, question.answer(provider.name, body, now_s), now_s)
        return True

    async def _probe(self, provider: Provider, spoken: CompatibleAdapter, model: str) -> None:
        """Send the smallest request, for the headers of its answer."""
        row = preset(provider.kind)
        habits = USUAL if row is None else row.quota
        model = model or habits.probe_model or next(iter(provider.models), "")
        request = probe_request(spoken, model) if model else None
        if request is None:
            raise ValueError("there is nothing to probe it with; name a model by quota_probe_model")
        response = await self._send(provider, spoken, request)
        try:
            metrics = read_quota_headers(response.headers, habits, self._clock())
            error = spoken.read_error(response.status, response.headers, _whole(provider, response))
        finally:
            response.close()
        if metrics:
            self._book.see(provider, metrics, self._clock())
        if error is not None:
            raise error
        self._book.found_no_question(provider)

    async def _send(self, provider: Provider, spoken: CompatibleAdapter, request: bytes) -> UpstreamResponse:
        to = Destination(spoken.origin, _TIMEOUTS, provider.name, allow_private=provider.allow_private)
        return await self._upstream.send(UpstreamRequest(to, [request], MAX_ANSWER_BYTES))


def _whole(provider: Provider, response: UpstreamResponse) -> bytes:
    if not response.complete:
        raise ProviderProtocolError("its answer about its quota has no end", provider=provider.name)
    return response.take()
