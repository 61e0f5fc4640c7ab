import asyncio

import pytest

from tests.jobs.little_servers import LittleServer, Told, little_server
from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.domain.conditions import Status
from tokenrouter.jobs import public_providers
from tokenrouter.jobs.public_providers import PublicProviders
from tokenrouter.upstream.client import UpstreamClient

LIST = {"data": [{"id": "free"}]}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers late is there, but where that is what is tried."""
    monkeypatch.setattr(public_providers, "PATIENCE_S", 60.0)
    monkeypatch.setattr(public_providers, "_TIMEOUTS", Timeouts(60.0, 60.0, 60.0, 60.0))


def at(server: LittleServer) -> Provider:
    return Provider("pub", "opencode-zen", server.base_url, origin="automatic", allow_private=True)


async def test_one_that_lists_its_models_is_there_and_is_not_asked_again_while_it_is_well() -> None:
    status: Status = "online"
    with little_server({"/v1/models": LIST}) as server:
        provider = at(server)
        async with UpstreamClient() as client:
            public = PublicProviders(client, lambda: [provider], lambda _: status)
            for _ in range(3):
                assert await public.look() == {"pub": provider}
            assert server.asked == ["GET /v1/models"]

            status = "offline"
            server.says = {}
            assert await public.look() == {}
            assert server.asked == ["GET /v1/models"] * 2


async def test_one_that_refuses_or_has_nothing_is_not_there() -> None:
    answers: list[Told] = [(401, {}), {"data": []}, "a page"]
    with little_server({}) as server:
        async with UpstreamClient() as client:
            public = PublicProviders(client, lambda: [at(server)], lambda _: "unknown")
            for said in answers:
                server.says = {"/v1/models": said}
                assert await public.look() == {}


async def test_one_that_is_slow_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_providers, "PATIENCE_S", 0.5)
    silent = await asyncio.start_server(lambda _reader, _writer: asyncio.sleep(3600), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    slow = Provider("pub", "opencode-zen", f"http://127.0.0.1:{port}/v1", allow_private=True)
    async with UpstreamClient() as client, asyncio.timeout(60):
        assert await PublicProviders(client, lambda: [slow], lambda _: "unknown").look() == {}
    silent.close()


async def test_nobody_is_asked_while_they_are_switched_off() -> None:
    with little_server({"/v1/models": LIST}) as server:
        candidates: list[Provider] | None = [at(server)]
        async with UpstreamClient() as client:
            public = PublicProviders(client, lambda: candidates, lambda _: "online")
            await public.look()
            candidates = None
            assert await public.look() is None

    assert server.asked == ["GET /v1/models"]
