"""Keeps access tokens fresh: one for each source, renewed before it ends, fetched once however many wait for it.

The road asks `current`, which is a look at a dictionary; only the first request to a provider, or one after a long
outage, has to wait (`token`). Tokens are renewed in the background while they are in use, so that a vendor's token
service may be away for as long as a token still lasts. A source that nobody asked for since its last renewal is
forgotten; so a changed catalogue needs no word to this module.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, Self

import structlog

from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import ProviderError, ProviderProtocolError
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.providers.access_tokens import AccessToken, TokenRequest, TokenSource
from tokenrouter.providers.base import Origin
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.upstream.client import UpstreamClient

log = structlog.get_logger(__name__)

RENEW_BEFORE_S: Final = 600.0
"""How long before its end a token is renewed, at most a quarter of its life: time for several tries."""
SAFETY_S: Final = 15.0
"""How long before its end a token is no longer sent, at most a tenth of its life: requests take time, clocks differ."""
FIRST_RETRY_S: Final = 1.0
LAST_RETRY_S: Final = 60.0
"""After a failure: the first wait, which doubles, and the longest."""
LEAST_WAIT_S: Final = 0.2
"""Between two renewals, however short-lived the tokens are."""
MAX_ANSWER_BYTES: Final = 64 * 2**10
TIMEOUTS: Final = Timeouts(connect_s=10.0, first_byte_s=20.0, between_bytes_s=10.0, total_s=30.0)

Fetch = Callable[[TokenSource, TokenRequest], Awaitable[tuple[int, bytes]]]
"""Sends a request for a token; returns status and whole body, or raises a `ProviderError`."""


class _Kept:
    """What is known of one source. Times are in seconds since the epoch."""

    __slots__ = ("asked", "error", "failures", "retry_at_s", "task", "timer", "token", "usable_until_s")

    def __init__(self) -> None:
        self.token: AccessToken | None = None
        self.usable_until_s = 0.0
        self.asked = False
        self.error: ProviderError | None = None
        self.failures = 0
        self.retry_at_s = 0.0
        self.task: asyncio.Task[AccessToken | ProviderError] | None = None
        self.timer: asyncio.TimerHandle | None = None


class TokenKeeper:
    """Holds the tokens of all sources. Use it as an async context manager."""

    def __init__(
        self,
        fetch: Fetch,
        *,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        first_retry_s: float = FIRST_RETRY_S,
    ) -> None:
        """`clock` tells seconds since the epoch; `chance` 0 to 1, so that many nodes do not renew at one moment."""
        self._fetch = fetch
        self._clock = clock
        self._chance = chance
        self._first_retry_s = first_retry_s
        self._kept: dict[TokenSource, _Kept] = {}
        self._tasks = BackgroundTasks()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for kept in self._kept.values():
            if kept.timer is not None:
                kept.timer.cancel()
        self._kept.clear()
        await self._tasks.close()

    def current(self, source: TokenSource) -> str | None:
        """Return the token of `source` if there is one that still lasts. Never waits."""
        kept = self._kept.get(source)
        if kept is None:
            return None
        kept.asked = True
        if kept.token is None or self._clock() >= kept.usable_until_s:
            return None
        return kept.token.value

    async def token(self, source: TokenSource) -> str:
        """Return the token of `source`, fetched now if need be; those who wait share one fetch.

        Raises:
            ProviderCredentialsRejected, ProviderUnreachable, ProviderTimeout, ProviderProtocolError, ProviderCut: there
                is none. For a while after a failure the same is told again without another try.
        """
        value = self.current(source)
        if value is not None:
            return value
        kept = self._kept.setdefault(source, _Kept())
        kept.asked = True
        if kept.task is None and kept.error is not None and self._clock() < kept.retry_at_s:
            raise kept.error.with_traceback(None)
        renewed = await asyncio.shield(self._renewal(source, kept))
        if isinstance(renewed, ProviderError):
            raise renewed.with_traceback(None)
        return renewed.value

    def _renewal(self, source: TokenSource, kept: _Kept) -> "asyncio.Task[AccessToken | ProviderError]":
        if kept.task is None:
            if kept.timer is not None:
                kept.timer.cancel()
            kept.task = self._tasks.start(self._renew(source, kept), f"access token of {source.provider}")
        return kept.task

    async def _renew(self, source: TokenSource, kept: _Kept) -> AccessToken | ProviderError:
        try:
            renewed = await self._fetched(source)
        finally:
            kept.task = None
        if isinstance(renewed, ProviderError):
            self._failed(source, kept, renewed)
        else:
            self._succeeded(kept, renewed)
        kept.asked = False
        delay_s = max(kept.retry_at_s - self._clock(), 0.0)
        kept.timer = asyncio.get_running_loop().call_later(delay_s, self._is_due, source, kept)
        return renewed

    async def _fetched(self, source: TokenSource) -> AccessToken | ProviderError:
        """A failure is returned, not raised: often nobody waits for it, and those who do raise it themselves."""
        now_s = self._clock()
        try:
            status, body = await self._fetch(source, source.request(now_s))
            return source.read(status, body, now_s)
        except ProviderError as error:
            return error

    def _is_due(self, source: TokenSource, kept: _Kept) -> None:
        """Renew what is in use, and forget the rest."""
        if kept.asked:
            self._renewal(source, kept)
        elif self._kept.get(source) is kept:
            del self._kept[source]

    def _succeeded(self, kept: _Kept, token: AccessToken) -> None:
        life_s = token.expires_at_s - self._clock()
        early_s = min(RENEW_BEFORE_S, life_s / 4) * (1 + self._chance() / 4)
        kept.token = token
        kept.usable_until_s = token.expires_at_s - min(SAFETY_S, life_s / 10)
        kept.retry_at_s = max(token.expires_at_s - early_s, self._clock() + LEAST_WAIT_S)
        kept.error, kept.failures = None, 0

    def _failed(self, source: TokenSource, kept: _Kept, error: ProviderError) -> None:
        wait_s = min(self._first_retry_s * 2**kept.failures, LAST_RETRY_S) * (1 - self._chance() / 4)
        kept.error = error
        kept.failures = min(kept.failures + 1, 16)
        kept.retry_at_s = self._clock() + wait_s
        log.warning(
            "no access token",
            provider=source.provider,
            reason=error.message,
            retry_in_s=round(wait_s, 1),
            still_valid=kept.usable_until_s > self._clock(),
        )


def fetch_by(client: UpstreamClient) -> Fetch:
    """Return a fetch that sends its requests by `client`."""
    destinations: dict[tuple[Origin, str, bool], Destination] = {}

    async def fetch(source: TokenSource, request: TokenRequest) -> tuple[int, bytes]:
        key = (request.origin, source.provider, source.allow_private)
        to = destinations.get(key)
        if to is None:
            to = destinations[key] = Destination(request.origin, TIMEOUTS, source.provider, source.allow_private)
        response = await client.send(UpstreamRequest(to, (request.head, request.body), whole_limit=MAX_ANSWER_BYTES))
        try:
            body = response.take()
            if not response.complete or len(body) > MAX_ANSWER_BYTES:
                told = f"The token service of provider {source.provider!r} answered more than {MAX_ANSWER_BYTES} bytes."
                raise ProviderProtocolError(told, provider=source.provider)
            return response.status, body
        finally:
            response.close()

    return fetch
