import asyncio
from collections.abc import AsyncIterator

import pytest

from tokenrouter.jobs.benchmark import Benchmark, BenchmarkRunning, ChatFailed, ModelProgress, Plan, Run, Said, nobody


class Models:
    """Answers every chat with 10 and 5 tokens, but for the model `broken`; waits while `gate` is closed."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def chat(self, key: str, model: str, words: str) -> Said:
        self.asked.append((key, model, words))
        await self.gate.wait()
        if model == "broken":
            raise ChatFailed("status 502: it is away")
        return Said(10, 5, 0.5, 1.5)


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
async def benchmark(models: Models) -> AsyncIterator[Benchmark]:
    benchmark = Benchmark(models.chat, clock=lambda: 1_000.0)
    yield benchmark
    await benchmark.close()


async def over(run: Run) -> None:
    async with asyncio.timeout(60):
        while not run.is_over:
            await asyncio.sleep(0.001)


async def test_every_model_is_asked_one_after_the_other(benchmark: Benchmark, models: Models) -> None:
    run = benchmark.start(Plan(("a", "b"), chats_per_model=2, messages_per_chat=3), "tr_key")
    await over(run)

    assert [model for _, model, _ in models.asked] == ["a"] * 6 + ["b"] * 6
    assert {key for key, _, _ in models.asked} == {"tr_key"}
    assert "chat 2, message 3" in models.asked[5][2]
    assert (run.status, run.total_tokens, run.started_at_s) == ("completed", 12 * 15, 1_000.0)
    assert run.ended_at_s == 1_000.0
    assert [(one.status, one.chats_done, one.messages_done) for one in run.models] == [("done", 2, 6)] * 2


async def test_a_model_that_fails_says_why_and_the_others_are_asked(benchmark: Benchmark) -> None:
    run = benchmark.start(Plan(("broken", "a")), "k")
    await over(run)

    assert [(one.status, one.last_error) for one in run.models] == [("error", "status 502: it is away"), ("done", "")]
    assert (run.models[0].messages_done, run.models[0].failed) == (1, 1)
    assert (run.models[0].first_token_s, run.models[0].answer_s, run.models[0].tokens_per_s) == (None, None, None)


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


async def test_who_began_a_run_hears_of_its_end_however_it_ends(benchmark: Benchmark, models: Models) -> None:
    heard: list[str] = []

    async def ended(name: str) -> None:
        heard.append(name)

    async def has_heard(name: str) -> None:
        async with asyncio.timeout(60):
            while name not in heard:
                await asyncio.sleep(0.001)

    benchmark.start(Plan(("a",)), "k", lambda: ended("first"))
    await has_heard("first")
    models.gate.clear()
    run = benchmark.start(Plan(("a",)), "k", lambda: ended("second"))
    benchmark.cancel()
    await has_heard("second")

    assert (run.status, heard) == ("cancelled", ["first", "second"])


def test_speeds_are_of_the_answers_that_tell_any() -> None:
    progress = ModelProgress("a", messages_done=4, failed=1)

    for said in (Said(10, 30, 0.5, 1.5), Said(10, 50, 0.3, 1.3), Said(10, 7, None, 0.2)):
        progress.add(said)

    assert progress.first_token_s == pytest.approx(0.4)
    assert progress.answer_s == pytest.approx(1.0)
    assert progress.tokens_per_s == pytest.approx(40.0)


def test_a_run_shows_no_key() -> None:
    assert "tr_secret" not in repr(Benchmark(nobody))


async def test_nobody_does_not_answer() -> None:
    with pytest.raises(ChatFailed):
        await nobody("k", "m", "w")
