import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.jobs.little_servers import little_server
from tokenrouter.jobs.benchmark import (
    Benchmark,
    BenchmarkRunning,
    ChatFailed,
    FrontDoor,
    Plan,
    Run,
    Tokens,
    nobody,
    own_address,
)
from tokenrouter.upstream.client import UpstreamClient


class Models:
    """Answers every chat with 10 and 5 tokens, but for the model `broken`; waits while `gate` is closed."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def chat(self, key: str, model: str, words: str) -> Tokens:
        self.asked.append((key, model, words))
        await self.gate.wait()
        if model == "broken":
            raise ChatFailed("status 502: it is away")
        return 10, 5


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
async def benchmark(models: Models) -> AsyncIterator[Benchmark]:
    benchmark = Benchmark(models.chat, clock=lambda: 1_000.0)
    yield benchmark
    await benchmark.close()


async def over(run: Run) -> None:
    async with asyncio.timeout(20):
        while not run.is_over:
            await asyncio.sleep(0.001)


async def test_every_model_is_asked_one_after_the_other(benchmark: Benchmark, models: Models) -> None:
    run = benchmark.start(Plan(("a", "b"), chats_per_model=2, messages_per_chat=3), "tr_key")
    await over(run)

    assert [model for _, model, _ in models.asked] == ["a"] * 6 + ["b"] * 6
    assert {key for key, _, _ in models.asked} == {"tr_key"}
    assert "chat 2, message 3" in models.asked[5][2]
    assert (run.status, run.total_tokens, run.started_at_s) == ("completed", 12 * 15, 1_000.0)
    assert [(one.status, one.chats_done, one.messages_done) for one in run.models] == [("done", 2, 6)] * 2


async def test_a_model_that_fails_says_why_and_the_others_are_asked(benchmark: Benchmark) -> None:
    run = benchmark.start(Plan(("broken", "a")), "k")
    await over(run)

    assert [(one.status, one.last_error) for one in run.models] == [("error", "status 502: it is away"), ("done", "")]
    assert run.models[0].messages_done == 1


async def test_it_ends_when_as_many_tokens_are_used_as_were_allowed(benchmark: Benchmark, models: Models) -> None:
    run = benchmark.start(Plan(("a", "b"), 10, 10, stop_after_tokens=31), "k")
    await over(run)

    assert (run.status, len(models.asked)) == ("completed", 3)


async def test_there_is_one_run_at_a_time(benchmark: Benchmark, models: Models) -> None:
    models.gate.clear()
    first = benchmark.start(Plan(("a",)), "k")
    with pytest.raises(BenchmarkRunning):
        benchmark.start(Plan(("b",)), "k")

    models.gate.set()
    await over(first)
    await over(benchmark.start(Plan(("b",)), "k"))
    assert benchmark.run is not first


async def test_a_run_can_be_cancelled(benchmark: Benchmark, models: Models) -> None:
    assert not benchmark.cancel()
    models.gate.clear()
    run = benchmark.start(Plan(("a",)), "k")
    await asyncio.sleep(0)

    assert benchmark.cancel()
    await over(run)

    assert run.status == "cancelled"
    assert not benchmark.cancel()


def test_a_run_shows_no_key() -> None:
    assert "tr_secret" not in repr(Benchmark(nobody))


async def test_nobody_does_not_answer() -> None:
    with pytest.raises(ChatFailed):
        await nobody("k", "m", "w")


async def test_the_front_door_is_asked_as_clients_do() -> None:
    told = {"usage": {"prompt_tokens": 7, "completion_tokens": 3}, "choices": []}
    with little_server({"/v1/chat/completions": told}) as server:
        async with UpstreamClient() as upstream:
            door = FrontDoor(upstream, lambda: f"http://127.0.0.1:{server.port}")
            assert await door.chat("tr_key", "acme/small", "hello") == (7, 3)

    assert server.asked == ["POST /v1/chat/completions"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ((429, {"error": {"message": "quota exceeded"}}), "status 429: quota exceeded"),
        ((500, "oh no"), "status 500: no reason was given"),
        ("no json", "no JSON"),
    ],
)
async def test_what_is_no_good_answer_is_told_in_words(told: object, words: str) -> None:
    with little_server({"/v1/chat/completions": told}) as server:
        async with UpstreamClient() as upstream:
            door = FrontDoor(upstream, lambda: f"http://127.0.0.1:{server.port}")
            with pytest.raises(ChatFailed, match=words):
                await door.chat("k", "m", "w")


async def test_a_gateway_that_is_away_is_told_too() -> None:
    with little_server({}) as server:
        port = server.port
    async with UpstreamClient() as upstream:
        with pytest.raises(ChatFailed):
            await FrontDoor(upstream, lambda: f"http://127.0.0.1:{port}").chat("k", "m", "w")


@pytest.mark.parametrize(
    ("listens", "address"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:80", "http://[::1]:80"),
        (":80", "http://127.0.0.1:80"),
        ("192.0.2.7:80", "http://192.0.2.7:80"),
    ],
)
def test_the_gateway_is_reached_where_it_listens(listens: str, address: str) -> None:
    assert own_address(listens) == address
