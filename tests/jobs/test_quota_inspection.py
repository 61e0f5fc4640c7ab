"""Asking the sandbox's vendors what is left."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.quotas import QuotaSnapshot
from tokenrouter.jobs.quota_book import QuotaBook
from tokenrouter.jobs.quota_inspection import FRESH_S, RETRY_S, QuotaInspection
from tokenrouter.testing.processes import SandboxProcess
from tokenrouter.upstream.client import UpstreamClient


class Clock:
    """Stands still."""

    def __init__(self) -> None:
        self._now_s = time.time()

    def __call__(self) -> float:
        return self._now_s


def provider(sandbox: SandboxProcess, kind: str, key: str = "sk-x@25", **more: object) -> Provider:
    return Provider("mine", kind, sandbox.base_url, secret=key, allow_private=True, **more)  # type: ignore[arg-type]


async def asked(
    folder: Path, provider: Provider, probes: Mapping[str, str] | None = None, book: QuotaBook | None = None
) -> QuotaSnapshot:
    clock, book = Clock(), book or QuotaBook(folder / "quotas.json")
    async with UpstreamClient() as upstream:
        await QuotaInspection(book, upstream, clock=clock).ask([provider], probes or {})
    (snapshot,) = book.snapshots([provider], clock())
    return snapshot


@pytest.mark.parametrize(
    ("kind", "key", "remaining", "left"),
    [
        ("openrouter", "credits", 25, 25),
        ("deepseek", "balance_usd", 25, None),
        ("moonshotai", "balance_credit", 25, None),
        ("vercel-ai-gateway", "credits", 25, 25),
        ("poe", "balance_points", 25, None),
    ],
)
async def test_each_vendor_is_asked_at_its_own_address(
    tmp_path: Path, sandbox: SandboxProcess, kind: str, key: str, remaining: float, left: float | None
) -> None:
    snapshot = await asked(tmp_path, provider(sandbox, kind))

    (metric,) = snapshot.metrics
    assert (snapshot.status, metric.key, metric.remaining_value, metric.left_percent) == ("ok", key, remaining, left)


async def test_venices_two_currencies_are_both_told(tmp_path: Path, sandbox: SandboxProcess) -> None:
    snapshot = await asked(tmp_path, provider(sandbox, "venice"))

    assert {one.unit: one.remaining_value for one in snapshot.metrics} == {"USD": 25, "DIEM": 0}


async def test_a_server_without_the_question_is_no_failure(tmp_path: Path, sandbox: SandboxProcess) -> None:
    elsewhere = Provider("mine", "openrouter", f"{sandbox.base_url}/models", secret="k", allow_private=True)

    snapshot = await asked(tmp_path, elsewhere)

    assert (snapshot.status, snapshot.reader, snapshot.error) == ("loading", "headers", "")


async def test_who_cannot_be_reached_is_an_error_without_the_key(tmp_path: Path) -> None:
    away = Provider("mine", "openrouter", "http://127.0.0.1:9/v1", secret="sk-very-secret", allow_private=True)

    snapshot = await asked(tmp_path, away)

    assert snapshot.status == "error"
    assert snapshot.error
    assert "secret" not in snapshot.error


async def test_providers_that_nobody_can_ask_are_left_alone(tmp_path: Path, sandbox: SandboxProcess) -> None:
    assert (await asked(tmp_path, provider(sandbox, "groq"))).status == "loading"


async def test_a_vendor_whose_key_is_missing_is_not_asked(tmp_path: Path) -> None:
    keyless = Provider("mine", "openrouter", "https://openrouter.ai/api/v1")

    assert (await asked(tmp_path, keyless, {"mine": "tiny"})).status == "loading"


async def test_a_probe_reads_the_headers_of_the_smallest_answer(tmp_path: Path, sandbox: SandboxProcess) -> None:
    groq = provider(sandbox, "groq", "sk-groq@30")

    snapshot = await asked(tmp_path, groq, {"mine": "echo"})

    assert {one.key: one.left_percent for one in snapshot.metrics} == {"requests_1d": 30, "tokens_1m": 30}
    assert snapshot.reader == "headers"


async def test_anthropic_is_probed_in_its_own_dialect(tmp_path: Path, sandbox: SandboxProcess) -> None:
    snapshot = await asked(tmp_path, provider(sandbox, "anthropic"), {"mine": "echo"})

    assert snapshot.metrics[0].left_percent == 25


async def test_a_probe_takes_the_models_that_are_known_and_says_when_there_is_none(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    known = provider(sandbox, "openai-compatible", models=("echo",))

    assert (await asked(tmp_path / "a", known, {"mine": ""})).status == "ok"
    assert "quota_probe_model" in (await asked(tmp_path / "b", provider(sandbox, "openai"), {"mine": ""})).error


async def test_a_probe_that_is_refused_is_an_error(tmp_path: Path, sandbox: SandboxProcess) -> None:
    snapshot = await asked(tmp_path, provider(sandbox, "openai"), {"mine": "nobody"})

    assert snapshot.status == "error"
    assert "nobody" in snapshot.error


async def test_answers_are_good_for_a_while_and_failures_for_less(tmp_path: Path, sandbox: SandboxProcess) -> None:
    clock, book = Clock(), QuotaBook(tmp_path / "quotas.json")
    well = provider(sandbox, "openrouter")
    broken = Provider("broken", "openrouter", "http://127.0.0.1:9/v1", secret="k", allow_private=True)
    async with UpstreamClient() as upstream:
        inspection = QuotaInspection(book, upstream, clock=clock)
        await inspection.ask([well, broken], {})
        assert (inspection.due_s(well), inspection.due_s(broken)) == (clock() + FRESH_S, clock() + RETRY_S)

        after_restart = QuotaInspection(book, upstream, clock=clock)
        assert (after_restart.due_s(well), after_restart.due_s(broken)) == (clock() + FRESH_S, 0.0)


async def test_it_goes_on_asking_by_itself(tmp_path: Path, sandbox: SandboxProcess) -> None:
    book, one = QuotaBook(tmp_path / "quotas.json"), provider(sandbox, "openrouter")
    async with UpstreamClient() as upstream:
        running = asyncio.create_task(QuotaInspection(book, upstream).run(lambda: [one], dict))
        async with asyncio.timeout(60):
            while not book.record(one).asked:
                await asyncio.sleep(0.01)
        running.cancel()


async def test_another_key_is_asked_at_once(tmp_path: Path, sandbox: SandboxProcess) -> None:
    clock, book = Clock(), QuotaBook(tmp_path / "quotas.json")
    async with UpstreamClient() as upstream:
        inspection = QuotaInspection(book, upstream, clock=clock)
        await inspection.ask([provider(sandbox, "openrouter", "sk-x@25")], {})

        assert inspection.due_s(provider(sandbox, "openrouter", "sk-x@25")) == clock() + FRESH_S
        assert inspection.due_s(provider(sandbox, "openrouter", "sk-x@50")) == 0.0
