import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.little_servers import Told, little_server
from tests.jobs.local_programs import (
    LLAMA_CPP,
    LLAMA_CPP_LOADING,
    LLAMA_CPP_PYTHON,
    LMSTUDIO,
    OLLAMA,
    VLLM,
)
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.jobs import local_servers
from tokenrouter.jobs.local_servers import LocalServers, Looking, is_anybody_there, looking_of
from tokenrouter.testing.processes import free_port
from tokenrouter.upstream.client import UpstreamClient

PROGRAMS: tuple[dict[str, Told], ...] = (
    OLLAMA,
    LMSTUDIO,
    VLLM,
    LLAMA_CPP,
    LLAMA_CPP_LOADING,
    {"/": "a page"},
    {"/v1/models": (401, {})},
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers late is there, but where that is what is tried."""
    monkeypatch.setattr(local_servers, "_TIMEOUTS", Timeouts(60.0, 60.0, 60.0, 60.0))


@asynccontextmanager
async def looking(
    ports: Mapping[str, tuple[int, ...]], *, taken: tuple[tuple[str, int], ...] = (), commands: tuple[str, ...] = ()
) -> AsyncIterator[LocalServers]:
    async with UpstreamClient() as client:
        words = [command.split(" ") for command in commands]
        yield LocalServers(client, lambda: Looking(ports, taken), commands=lambda: words)


async def test_each_is_told_from_its_false_friends_wherever_it_listens() -> None:
    with ExitStack() as running:
        servers = [running.enter_context(little_server(program)) for program in PROGRAMS]
        everywhere = tuple(server.port for server in servers)
        kinds = ("ollama", "lmstudio", "vllm", "llama-cpp")
        async with looking(dict.fromkeys(kinds, (free_port(), *everywhere))) as local:
            found = await local.look()

    assert found is not None
    expected = dict(zip(kinds, everywhere, strict=False))
    assert {name: provider.kind for name, provider in found.items()} == {
        f"{kind}-local-{port}": kind for kind, port in expected.items()
    }


async def test_only_gets_of_known_paths_are_sent() -> None:
    known = {f"GET {path}" for path in ("/api/tags", "/api/v0/models", "/props", "/v1/models")}
    with ExitStack() as running:
        servers = [running.enter_context(little_server(program)) for program in PROGRAMS]
        ports = tuple(server.port for server in servers)
        async with looking(dict.fromkeys(("ollama", "lmstudio", "vllm", "llama-cpp"), ports)) as local:
            await local.look()
            await local.look()

    assert {asked for server in servers for asked in server.asked} <= known


async def test_at_its_usual_port_a_server_has_the_kinds_own_name() -> None:
    with little_server(OLLAMA) as ollama, little_server(VLLM) as vllm, little_server(LLAMA_CPP) as llama:
        ports = {"ollama": (ollama.port,), "vllm": (vllm.port,), "llama-cpp": (llama.port,)}
        async with looking(ports) as local:
            found = await local.look()

    assert found is not None
    assert set(found) == {"ollama", "vllm", f"llama-cpp-local-{llama.port}"}
    assert found["ollama"] == Provider(
        "ollama", "ollama", f"http://127.0.0.1:{ollama.port}/v1", origin="automatic", allow_private=True
    )


async def test_one_that_is_known_is_asked_for_its_own_path_alone() -> None:
    with little_server(LMSTUDIO) as server:
        async with looking({"lmstudio": (server.port,)}) as local:
            for _ in range(3):
                await local.look()

    assert server.asked == ["GET /api/v0/models", "GET /api/tags", *["GET /api/v0/models"] * 2]


async def test_a_model_that_was_pulled_is_told_once() -> None:
    told: list[str] = []
    with little_server(OLLAMA) as server:
        ports = {"ollama": (server.port,)}
        async with UpstreamClient() as client:
            local = LocalServers(client, lambda: Looking(ports), commands=tuple, on_models=told.append)
            await local.look()
            await local.look()
            assert told == []
            server.says["/api/tags"] = {"models": [{"name": "llama3:8b"}, {"name": "qwen3:4b"}]}
            await local.look()
            await local.look()

    assert told == ["ollama"]


async def test_another_program_at_a_known_port_is_recognised_anew() -> None:
    with little_server(OLLAMA) as server:
        async with looking({"ollama": (server.port,), "lmstudio": (server.port,)}) as local:
            before = await local.look()
            server.says = LMSTUDIO
            after = await local.look()

    assert list(before or ()) == ["ollama"]
    assert list(after or ()) == ["lmstudio"]


async def test_one_that_has_stopped_is_not_found() -> None:
    async with looking({"ollama": (free_port(),)}) as local:
        assert await local.look() == {}


async def test_our_own_address_and_those_of_declared_providers_are_left_alone() -> None:
    with little_server(LLAMA_CPP) as server:
        at = ("127.0.0.1", server.port)
        async with looking(
            {"llama-cpp": (server.port,)}, taken=(at,), commands=(f"llama-server --port {server.port}",)
        ) as local:
            assert await local.look() == {}

    assert server.asked == []


async def test_a_process_is_found_at_the_port_of_its_command_line() -> None:
    with little_server(LLAMA_CPP) as server, little_server(LLAMA_CPP_PYTHON) as python:
        commands = (f"llama-server --port {server.port}", f"python -m llama_cpp.server --port {python.port}")
        async with looking({}, commands=commands) as local:
            found = await local.look()

    assert set(found or ()) == {f"llama-cpp-local-{server.port}", f"llama-cpp-local-{python.port}"}


async def test_a_server_that_is_silent_holds_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_servers, "_TIMEOUTS", Timeouts(60.0, 2.0, 2.0, 60.0))
    silent = await asyncio.start_server(lambda _reader, _writer: asyncio.sleep(3600), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with little_server(OLLAMA) as server:
        async with looking({"ollama": (server.port, port)}) as local, asyncio.timeout(60):
            assert list(await local.look() or ()) == ["ollama"]
    silent.close()


async def test_nobody_is_looked_for_when_that_is_switched_off() -> None:
    async with UpstreamClient() as client:
        assert await LocalServers(client, lambda: None).look() is None


def settings(folder: Path, **more: object) -> Settings:
    return replace(Settings(paths=Paths(None, folder / "torod.toml", folder, folder)), **more)  # type: ignore[arg-type]


def test_what_is_taken_is_read_from_the_settings(tmp_path: Path) -> None:
    mine = Provider("mine", "ollama", "http://localhost:11434/v1")
    broken = Provider("broken", "openai-compatible", "nonsense")
    told = looking_of(settings(tmp_path, listen_addr="0.0.0.0:8080", providers=(mine, broken)))

    assert told is not None
    assert set(told.taken) == {("127.0.0.1", 11434), ("127.0.0.1", 8080)}
    assert looking_of(settings(tmp_path, auto_detect_local_servers=False)) is None


def test_whether_anybody_listens_is_known_at_once() -> None:
    closed = free_port()
    with little_server({}) as server:
        assert is_anybody_there(Looking({"ollama": (closed, server.port)}))
        assert not is_anybody_there(Looking({"ollama": (server.port,)}, {("127.0.0.1", server.port)}))
    assert not is_anybody_there(Looking({"ollama": (closed,)}))
