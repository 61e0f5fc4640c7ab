"""Asking a vendor's administrators' API what it billed, page after page.

It goes through the client that requests go through, so it obeys the same policy of addresses and proxies. The key is
another one than that of requests (`report_key`): it may read bills and should not lie in the process that serves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Final

from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.domain.errors import GatewayError
from tokenrouter.providers.base import request_head
from tokenrouter.providers.compatible import USER_AGENT
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.providers.presets import preset
from tokenrouter.providers.reports import Question, ReportInvalid, ReportLine, ReportReader
from tokenrouter.providers.urls import split_base_url
from tokenrouter.upstream.client import UpstreamClient
from tokenrouter.upstream.response import UpstreamResponse

MAX_PAGE_BYTES: Final = 32 * 2**20
MAX_PAGES: Final = 1000
"""Of one question: thirty years of pages of 31 days; more means that the cursor does not move."""
MAX_ATTEMPTS: Final = 5
"""For one page that is refused for now (429) or fails (5xx)."""
FIRST_PAUSE_S: Final = 1.0
MAX_PAUSE_S: Final = 60.0
"""Most that a vendor's `Retry-After` is waited for."""
_TIMEOUTS: Final = Timeouts(connect_s=10.0, first_byte_s=60.0, between_bytes_s=30.0, total_s=120.0)

Sleep = Callable[[float], Awaitable[None]]


class ReportUnavailable(Exception):
    """The vendor did not give its report; the message says why, and never shows the key."""


async def fetch_report(
    upstream: UpstreamClient,
    provider: Provider,
    key: str,
    reader: ReportReader,
    since: date,
    until: date,
    *,
    sleep: Sleep = asyncio.sleep,
) -> list[ReportLine]:
    """Return what the vendor billed from `since` to `until`, both included.

    Raises:
        ReportUnavailable: it refuses the key, answers with errors, or cannot be reached.
        ReportInvalid: it answers something else than it documents.
    """
    asking = _Asking(upstream, provider, key, reader, sleep)
    lines: list[ReportLine] = []
    for question in reader.questions(since, until):
        lines += await asking.pages(question)
    return lines


class _Asking:
    """One provider's API, and how it is asked."""

    def __init__(
        self, upstream: UpstreamClient, provider: Provider, key: str, reader: ReportReader, sleep: Sleep
    ) -> None:
        row = preset(provider.kind)
        try:
            self._base = split_base_url(provider.base_url, default_path=row.default_path if row is not None else "")
        except ValueError as error:
            raise ReportUnavailable(f"provider {provider.name!r}: {error}") from None
        self._to = Destination(self._base.origin, _TIMEOUTS, provider.name, allow_private=provider.allow_private)
        self._upstream, self._name, self._key, self._reader, self._sleep = upstream, provider.name, key, reader, sleep

    async def pages(self, question: Question) -> list[ReportLine]:
        """Return the lines of every page that follows from `question`."""
        lines: list[ReportLine] = []
        following: Question | None = question
        for _ in range(MAX_PAGES):
            if following is None:
                return lines
            asked = following
            more, following = self._reader.read_page(asked, await self._page(asked))
            lines += more
        raise ReportInvalid(f"{question.subject}: more than {MAX_PAGES} pages")

    async def _page(self, question: Question) -> bytes:
        pause_s = FIRST_PAUSE_S
        for attempt in range(1, MAX_ATTEMPTS + 1):
            response = await self._send(question)
            try:
                status, retry_after_s = response.status, _retry_after_s(response)
                body = response.take() if response.complete else None
            finally:
                response.close()
            if status == 200:
                if body is None:
                    raise ReportInvalid(f"{question.subject}: a page is larger than {MAX_PAGE_BYTES} bytes")
                return body
            if status != 429 and status < 500:
                raise self._refused(question, status)
            if attempt < MAX_ATTEMPTS:
                await self._sleep(min(MAX_PAUSE_S, pause_s if retry_after_s is None else retry_after_s))
                pause_s *= 2
        raise ReportUnavailable(
            f"provider {self._name!r}: {question.subject} was answered with {status}, {MAX_ATTEMPTS} times; try later"
        )

    async def _send(self, question: Question) -> UpstreamResponse:
        headers = {
            "host": self._base.origin.authority,
            "user-agent": USER_AGENT,
            "accept": "application/json",
            "accept-encoding": "identity",
            **self._reader.headers(self._key),
        }
        try:
            head = request_head("GET", self._base.target(question.path), headers)
        except ValueError as error:
            raise ReportUnavailable(f"provider {self._name!r}: report_key cannot be sent: {error}") from None
        try:
            return await self._upstream.send(UpstreamRequest(self._to, [head + b"\r\n"], MAX_PAGE_BYTES))
        except GatewayError as error:
            raise ReportUnavailable(f"provider {self._name!r}: {error}") from None

    def _refused(self, question: Question, status: int) -> ReportUnavailable:
        if status in (401, 403):
            why = "refuses report_key; it must be a key that may read the organisation's bills, not one for requests"
        elif status == 404:
            why = f"has no {question.subject} at {self._base.origin}; is base_url that of the vendor?"
        else:
            why = f"does not answer {question.subject} for this period"
        return ReportUnavailable(f"provider {self._name!r} {why} ({status})")


def _retry_after_s(response: UpstreamResponse) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110, 10.2.3); a date there is not understood, and pauses as usual."""
    text = response.headers.get(b"retry-after", b"").decode("latin-1").strip()
    return float(text) if text.isdecimal() and len(text) < 10 else None
