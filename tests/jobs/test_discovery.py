import time
from pathlib import Path

from tests.jobs.little_servers import little_server
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.jobs.discovery import FRESH_S, RETRY_S, Discovery, Listing
from tokenrouter.testing.processes import SandboxProcess
from tokenrouter.upstream.client import UpstreamClient


async def ask(cache: Path, provider: Provider, times: int = 1) -> tuple[Listing, int]:
    """Ask, and return what is known then and how often something changed."""
    changes: list[None] = []
    async with UpstreamClient() as client:
        discovery = Discovery(cache, client, lambda: changes.append(None))
        for _ in range(times):
            await discovery.ask([provider])
    return discovery.listing(provider), len(changes)


def at(base_url: str, kind: str = "openai-compatible") -> Provider:
    return Provider("p", kind, base_url, secret="x", allow_private=True)


async def test_a_providers_models_are_found_and_remembered(tmp_path: Path, sandbox: SandboxProcess) -> None:
    cache = tmp_path / "cache" / "models.json"

    found, changes = await ask(cache, at(sandbox.base_url), times=2)

    assert "echo" in found.models
    assert changes == 1
    assert (found.status, found.problem) == ("online", "")
    assert found.response_ms > 0
    assert abs(found.next_s - time.time() - FRESH_S) < 60
    assert Discovery(cache, UpstreamClient(), lambda: None).models()["p"] == found.models


async def test_a_provider_that_is_away_is_told_with_the_reason(tmp_path: Path) -> None:
    found, changes = await ask(tmp_path / "models.json", at("http://127.0.0.1:9/v1"))

    assert (found.status, found.models, changes) == ("offline", (), 0)
    assert "cannot be reached" in found.problem
    assert abs(found.next_s - time.time() - RETRY_S) < 20


async def test_one_that_went_away_keeps_its_last_list_with_its_age(tmp_path: Path) -> None:
    cache = tmp_path / "models.json"
    with little_server({"/v1/models": {"data": [{"id": "m"}]}}) as server:
        before, _ = await ask(cache, at(server.base_url))

    after, changes = await ask(cache, at(server.base_url))

    assert (after.status, after.models, changes) == ("offline", ("m",), 0)
    assert after.listed_at_s == before.listed_at_s
    assert after.checked_at_s > before.checked_at_s


async def test_what_a_list_says_of_the_provider(tmp_path: Path) -> None:
    refused = {"error": {"message": "no"}}
    answers = {
        "auth problem": (401, refused),
        "blocked": (403, "<html><title>Just a moment...</title></html>"),
        "offline": (503, refused),
        "unknown": (404, refused),
        "online": {"data": [{"id": "m"}]},
    }
    for status, said in answers.items():
        with little_server({"/v1/models": said}) as server:
            found, _ = await ask(tmp_path / "models.json", at(server.base_url))
        assert found.status == status
    with little_server({"/v1/models": "a page of somebody else"}) as server:
        found, _ = await ask(tmp_path / "models.json", at(server.base_url))
    assert found.status == "unknown"
    assert "not JSON" in found.problem


async def test_a_vendor_without_a_list_is_unknown_and_that_is_no_problem(tmp_path: Path) -> None:
    found, _ = await ask(tmp_path / "models.json", at("http://127.0.0.1:9/v1", "azure-deployments"))

    assert (found.status, found.problem, found.models) == ("unknown", "", ())


async def test_after_a_restart_nobody_has_been_checked_yet(tmp_path: Path, sandbox: SandboxProcess) -> None:
    cache = tmp_path / "models.json"
    before, _ = await ask(cache, at(sandbox.base_url))

    after = Discovery(cache, UpstreamClient(), lambda: None).listing(at(sandbox.base_url))

    assert (after.status, after.checked_at_s, after.next_s) == ("unknown", 0.0, 0.0)
    assert (after.models, after.listed_at_s) == (before.models, before.listed_at_s)


async def test_what_a_list_says_of_windows_is_remembered(tmp_path: Path) -> None:
    cache = tmp_path / "models.json"
    with little_server({"/v1/models": {"data": [{"id": "m", "max_model_len": 4096}, {"id": "n"}]}}) as server:
        found, _ = await ask(cache, at(server.base_url))

    assert found.facts == {"m": ModelFacts(4096)}
    assert Discovery(cache, UpstreamClient(), lambda: None).facts() == {"p/m": ModelFacts(4096)}


def test_a_damaged_cache_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text("{broken")

    assert Discovery(tmp_path / "models.json", UpstreamClient(), lambda: None).models() == {}
