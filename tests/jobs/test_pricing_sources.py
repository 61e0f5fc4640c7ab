import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import flat_price
from tokenrouter.jobs.discovery import Discovery
from tokenrouter.jobs.pricing_sources import BundledPrices, ListedPrices, LocalServers, PricePages, price_sources
from tokenrouter.upstream.client import UpstreamClient

LIST = {"data": [{"id": "a/m", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}, {"id": "a/n"}]}


@asynccontextmanager
async def serving(status: str, body: bytes) -> AsyncIterator[str]:
    """A server that answers everything with one thing; yields its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (status.encode(), len(body), body)
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_server_of_ones_own_costs_nothing() -> None:
    local = Provider("mine", "ollama", "http://127.0.0.1:11434/v1")

    told = await LocalServers().gather([local, Provider("acme", "openai", "")], again=False)

    assert told == {"mine": {"*": flat_price(0, 0, "local")}}


async def test_what_a_list_of_models_says_of_prices_is_told(tmp_path: Path) -> None:
    async with serving("200 OK", json.dumps(LIST).encode()) as url, UpstreamClient() as client:
        provider = Provider("router", "openrouter", f"{url}/api/v1", secret="x", allow_private=True)
        source = ListedPrices(Discovery(tmp_path / "models.json", client, lambda: None))

        assert await source.gather([provider], again=False) == {"router": {}}
        told = await source.gather([provider, Provider("acme", "openai", "")], again=True)

    prices = told["router"]
    assert not isinstance(prices, str)
    assert prices.keys() == {"a/m"}
    assert prices["a/m"].rates[:2] == (10**9, 2 * 10**9)


async def test_a_list_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    async with serving("503 No", b"{}") as url, UpstreamClient() as client:
        provider = Provider("router", "openrouter", f"{url}/api/v1", secret="x", allow_private=True)
        told = await ListedPrices(Discovery(tmp_path / "m.json", client, lambda: None)).gather([provider], again=True)

    assert isinstance(told["router"], str)
    assert "503" in told["router"]


async def test_a_page_is_asked_for_by_those_only_who_have_its_provider() -> None:
    async with UpstreamClient() as client:
        told = await PricePages(client).gather([Provider("acme", "openai", "")], again=True)

        assert told == {}
        assert client.figures.failures == 0


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        ("404 Gone", b"", "answered with status 404"),
        ("200 OK", b"<p>moved</p>", "has no table of prices any more"),
    ],
)
async def test_a_page_that_does_not_come_or_has_changed_is_told(status: str, body: bytes, problem: str) -> None:
    async with serving(status, body) as url, UpstreamClient() as client:
        told = await PricePages(client, allow_private=True).read(f"{url}/docs/zen")

    assert isinstance(told, str)
    assert problem in told


async def test_a_page_is_read() -> None:
    ids = "| Model | Model ID |\n|--|--|\n| Big | big-1 |\n"
    prices = "| Model | Input | Output |\n|--|--|--|\n| Big | $1.50 | $2 |\n"
    async with serving("200 OK", f"{ids}\n{prices}".encode()) as url, UpstreamClient() as client:
        told = await PricePages(client, allow_private=True).read(f"{url}/docs/zen")

    assert not isinstance(told, str)
    assert told["big-1"].rates[:2] == (15 * 10**8, 2 * 10**9)
    assert told["big-1"].source == "zen"


async def test_a_page_may_move_once_and_on_its_own_host_only() -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).partition(b" ")[2].partition(b" ")[0])
        to = (
            b"/docs/zen/"
            if asked[-1] == b"/docs/zen"
            else b"http://elsewhere.test/"
            if b"out" in asked[-1]
            else b"/more"
        )
        writer.write(b"HTTP/1.1 308 Moved\r\nlocation: %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % to)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, UpstreamClient() as client:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        pages = PricePages(client, allow_private=True)
        assert "status 308" in str(await pages.read(f"{url}/docs/zen"))
        assert "status 308" in str(await pages.read(f"{url}/out"))

    assert asked == [b"/docs/zen", b"/docs/zen/", b"/out"]


async def test_the_bundled_data_are_read_for_vendors_at_their_own_address() -> None:
    claude = Provider("claude", "anthropic", "https://api.anthropic.com/v1", models=("claude-opus-4-6-20260205",))
    elsewhere = Provider("proxy", "anthropic", "http://127.0.0.1:9/v1", models=("claude-opus-4-6",))

    facts: list[Mapping[str, ModelFacts]] = []
    told = await BundledPrices(facts.append).gather([claude, elsewhere], again=False)

    prices = told["claude"]
    assert told.keys() == {"claude"}
    assert not isinstance(prices, str)
    assert prices["claude-opus-4-6-20260205"].rates.input == 5 * 10**9
    assert facts[0]["claude/claude-opus-4-6-20260205"].context_tokens >= 200_000
    assert prices["claude-opus-4-6*"] == prices["claude-opus-4-6-20260205"]


async def test_data_that_cannot_be_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")

    told = await BundledPrices().gather([Provider("claude", "anthropic", "https://api.anthropic.com/v1")], again=False)

    assert isinstance(told["claude"], str)
    assert os.strerror(2) in told["claude"]


def test_sources_have_the_names_of_the_setting() -> None:
    client = UpstreamClient()
    names = ("provider", "genai-prices", "zen", "local")
    sources = price_sources(names, Discovery(Path("/nowhere"), client, lambda: None), client)

    assert tuple(source.name for source in sources) == names
