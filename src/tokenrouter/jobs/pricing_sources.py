"""The sources of prices, one class each, the most trusted first.

A source is asked for the prices of several providers at once and answers for those it knows of: prices by model, or
in words what went wrong. A new source is a class like these, and its place in `price_sources`.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urljoin, urlsplit

import msgspec

from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.domain.errors import GatewayError, ProviderProtocolError
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import Price, flat_price
from tokenrouter.jobs.discovery import Discovery
from tokenrouter.jobs.price_question import Answer, Question, Wanted
from tokenrouter.providers.base import request_head
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.providers.page_prices import read_page_prices
from tokenrouter.providers.price_sources import costs_nothing, lists_prices, price_page, price_vendor
from tokenrouter.providers.urls import split_base_url
from tokenrouter.upstream.client import UpstreamClient

MAX_PAGE_BYTES: Final = 8 * 2**20
DATA_S: Final = 60.0
"""How long the program that reads the bundled data may take; it takes half a second."""
_MOVED: Final = frozenset((301, 302, 307, 308))
_TIMEOUTS: Final = Timeouts(connect_s=5.0, first_byte_s=15.0, between_bytes_s=15.0, total_s=30.0)

Prices = Mapping[str, Price]
"""By the provider's model id, where `*` stands for anything."""
Gathered = Mapping[str, Prices | str]
"""By provider: its prices, or why they could not be had."""


class PriceSource(Protocol):
    """Where prices come from."""

    @property
    def name(self) -> str:
        """What a price says of its source."""

    @property
    def asks_network(self) -> bool:
        """Whether it may take long, or fail for reasons of others."""

    async def gather(self, providers: Sequence[Provider], *, again: bool) -> Gathered:
        """Return what is known of those `providers` that this source knows of; `again`: do not answer from memory."""


class LocalServers:
    """Servers on the operator's own machine cost nothing."""

    name = "local"
    asks_network = False

    async def gather(self, providers: Sequence[Provider], *, again: bool) -> Gathered:
        return {each.name: {"*": flat_price(0, 0, self.name)} for each in providers if costs_nothing(each)}


class ListedPrices:
    """What providers say in their own lists of models, which discovery reads anyway."""

    name = "provider"
    asks_network = True

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery

    async def gather(self, providers: Sequence[Provider], *, again: bool) -> Gathered:
        asked = [each for each in providers if lists_prices(each)]
        if again:
            await self._discovery.ask(asked)
        return {each.name: self._discovery.problem(each.name) or self._discovery.prices(each.name) for each in asked}


class PricePages:
    """Pages made for people, of vendors that publish their prices nowhere else."""

    name = "zen"
    asks_network = True

    def __init__(self, upstream: UpstreamClient, *, allow_private: bool = False) -> None:
        self._upstream = upstream
        self._allow_private = allow_private

    async def gather(self, providers: Sequence[Provider], *, again: bool) -> Gathered:
        pages: dict[str, Prices | str] = {}
        for url in {price_page(each): None for each in providers if price_page(each)}:
            pages[url] = await self.read(url)
        return {each.name: pages[page] for each in providers if (page := price_page(each))}

    async def read(self, url: str) -> Prices | str:
        """Return the prices that a page tells, or why it tells none."""
        try:
            text = await self._page(url)
        except GatewayError as error:
            return error.message
        today = time.strftime("%Y-%m-%d", time.gmtime())
        return read_page_prices(text, source=self.name, dated=today) or f"{url} has no table of prices any more"

    async def _page(self, url: str, *, moved: bool = False) -> str:
        """Return the text at `url`; a page may have moved once, on its own host (mostly by a slash at the end)."""
        parts = urlsplit(url)
        origin = split_base_url(f"{parts.scheme}://{parts.netloc}").origin
        headers = {"host": origin.authority, "accept": "text/html", "accept-encoding": "identity"}
        head = request_head("GET", parts.path or "/", headers)
        to = Destination(origin, _TIMEOUTS, origin.authority, allow_private=self._allow_private)
        response = await self._upstream.send(UpstreamRequest(to, [head + b"\r\n"], MAX_PAGE_BYTES))
        try:
            body, status = response.take(), response.status
            target = urljoin(url, response.headers.get(b"location", b"").decode("latin-1"))
            if status == 200 and response.complete:
                return body.decode(errors="replace")
        finally:
            response.close()
        if status in _MOVED and not moved and urlsplit(target)[:2] == parts[:2]:
            return await self._page(target, moved=True)
        raise ProviderProtocolError(f"{url} answered with status {status} and {len(body)} bytes.")


class BundledPrices:
    """The data that come with TokenRouter, read by a program of its own (`jobs/price_data.py`).

    Of vendors whose list of models is known and has prices only what is listed is wanted: they have hundreds of models.
    """

    name = "genai-prices"
    asks_network = False

    def __init__(self, on_facts: Callable[[Mapping[str, ModelFacts]], None] = lambda _: None) -> None:
        """`on_facts` is told what the data know of models besides, by `provider/model`."""
        self._on_facts = on_facts

    async def gather(self, providers: Sequence[Provider], *, again: bool) -> Gathered:
        wanted = [
            Wanted(each.name, vendor, list(each.models), with_known=not (each.models and lists_prices(each)))
            for each in providers
            if (vendor := price_vendor(each))
        ]
        if not wanted:
            return {}
        try:
            told = await _read_data(Question(time.time(), wanted))
        except (OSError, TimeoutError, msgspec.DecodeError) as error:
            return {each.provider: f"the bundled prices cannot be read: {error}" for each in wanted}
        self._on_facts(told.facts)
        return {each.provider: _of(each.provider, told.prices) for each in wanted}


def price_sources(
    names: Sequence[str],
    discovery: Discovery,
    upstream: UpstreamClient,
    on_facts: Callable[[Mapping[str, ModelFacts]], None] = lambda _: None,
) -> list[PriceSource]:
    """Return the sources of these `names`, in their order; `on_facts` as of `BundledPrices`."""
    bundled = BundledPrices(on_facts)
    sources: tuple[PriceSource, ...] = (LocalServers(), ListedPrices(discovery), PricePages(upstream), bundled)
    by_name = {source.name: source for source in sources}
    return [by_name[name] for name in names]


def _of(provider: str, prices: Prices) -> dict[str, Price]:
    prefix = f"{provider}/"
    return {name.removeprefix(prefix): price for name, price in prices.items() if name.startswith(prefix)}


async def _read_data(question: Question) -> Answer:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tokenrouter.jobs.price_data",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DATA_S):
            told, problem = await process.communicate(msgspec.json.encode(question))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise OSError(problem.decode(errors="replace").strip().rpartition("\n")[2])
    return _decode_answer(told)


_decode_answer: Final = msgspec.json.Decoder(Answer).decode
