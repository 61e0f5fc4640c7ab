import asyncio
from contextlib import suppress
from pathlib import Path

from tests.upstream.serving import serving
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.jobs.discovery import Discovery
from tokenrouter.testing.processes import SandboxProcess
from tokenrouter.upstream.client import UpstreamClient


async def discover(cache: Path, provider: Provider, seconds: float = 10.0) -> Discovery:
    """Run until something changed, or for a while."""
    changed = asyncio.Event()
    async with UpstreamClient() as client:
        discovery = Discovery(cache, client, changed.set)
        running = asyncio.create_task(discovery.run(lambda: [provider]))
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), seconds)
        running.cancel()
    return discovery


async def test_a_providers_models_are_found_and_remembered(tmp_path: Path, sandbox: SandboxProcess) -> None:
    cache = tmp_path / "cache" / "models.json"
    provider = Provider("sb", "openai-compatible", sandbox.base_url, secret="x", allow_private=True)

    found = (await discover(cache, provider)).models()["sb"]

    assert "echo" in found
    assert Discovery(cache, UpstreamClient(), lambda: None).models()["sb"] == found


async def test_a_provider_that_is_away_is_told_with_the_reason(tmp_path: Path) -> None:
    provider = Provider("away", "openai-compatible", "http://127.0.0.1:9/v1", allow_private=True)

    discovery = await discover(tmp_path / "models.json", provider, 0.5)

    assert discovery.models() == {"away": ()}
    assert "cannot be reached" in str(discovery.status()["away"]["problem"])


async def test_what_a_list_says_of_windows_is_remembered(tmp_path: Path) -> None:
    body = b'{"data":[{"id":"m","max_model_len":4096},{"id":"n"}]}'
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    cache = tmp_path / "models.json"

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with serving(script) as port:
        provider = Provider("lab", "openai-compatible", f"http://127.0.0.1:{port}/v1", allow_private=True)
        discovery = await discover(cache, provider)

    assert discovery.facts() == {"lab/m": ModelFacts(4096)}
    assert Discovery(cache, UpstreamClient(), lambda: None).facts() == discovery.facts()


def test_a_damaged_cache_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text("{broken")

    assert Discovery(tmp_path / "models.json", UpstreamClient(), lambda: None).models() == {}
