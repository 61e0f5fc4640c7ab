"""Answers on a server that processes share: encrypted, leased, and never in the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.redis.test_connection import until
from tokenrouter.keeping import redis
from tokenrouter.keeping.redis import RedisAnswers
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.testing.valkey import ValkeyServer

KEY = b"k" * 32
LEASE_S = 3600.0


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that answers late is no server that is away, here."""
    for name in ("DEADLINE_S", "PATIENT_S"):
        monkeypatch.setattr(redis, name, 60.0)


@asynccontextmanager
async def opened(url: str, key: bytes = KEY) -> AsyncIterator[RedisAnswers]:
    answers = RedisAnswers(parse_redis_url(url), key, 10_000, 1000)
    running = asyncio.create_task(answers.run())
    await until(lambda: answers.is_open)
    yield answers
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def url(valkey: ValkeyServer, patient: None) -> str:
    valkey.ask("FLUSHALL")
    return valkey.url


async def test_what_one_process_keeps_another_has(url: str) -> None:
    async with opened(url) as one, opened(url) as other:
        await one.put(b"a", b"an answer", 60)
        assert await other.get(b"a") == b"an answer"
        await other.drop(b"a")
        assert await one.get(b"a") is None


async def test_the_server_sees_nothing_of_it(url: str, valkey: ValkeyServer) -> None:
    async with opened(url) as answers, opened(url, b"z" * 32) as stranger:
        await answers.put(b"a", b"an answer", 60)
        assert valkey.ask("KEYS", "*") != []
        assert "an answer" not in repr(valkey.ask("GET", "{tr}:answer:61"))
        assert await stranger.get(b"a") is None


async def test_one_of_several_processes_claims_a_name_for_as_long_as_it_lives(
    url: str, valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "LEASE_S", LEASE_S)
    monkeypatch.setattr(redis, "RENEW_S", 0.05)
    async with opened(url) as other:
        async with opened(url) as one:
            assert await one.claim(b"a", b"one") is None
            (mark,) = valkey.ask("KEYS", "*")
            assert 0 < valkey.ask("PTTL", mark) <= LEASE_S * 1000
            valkey.ask("PEXPIRE", mark, "600000")  # most of the lease is over
            await until(lambda: valkey.ask("PTTL", mark) > 600_000)
            assert await other.claim(b"a", b"other") == b"one"

        valkey.ask("PEXPIRE", mark, "1")  # nearly all of it
        await until(lambda: not valkey.ask("EXISTS", mark))
        assert await other.claim(b"a", b"other") is None


async def test_a_process_that_has_just_started_waits_for_its_connection(url: str) -> None:
    async with opened(url) as other:
        await other.claim(b"a", b"other")
        answers = RedisAnswers(parse_redis_url(url), KEY, 10_000, 1000)
        running = asyncio.create_task(answers.run())
        assert await answers.claim(b"a", b"mine") == b"other"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_is_too_long_is_not_kept(url: str) -> None:
    async with opened(url) as answers:
        await answers.put(b"a", b"x" * 1001, 60)
        assert await answers.get(b"a") is None


async def test_a_process_takes_its_oldest_away_when_it_has_put_too_much(url: str, valkey: ValkeyServer) -> None:
    async with opened(url) as answers:
        for number in range(20):
            await answers.put(b"%d" % number, b"x" * 700, 60)
        assert answers.used_bytes == 10_000
        assert len(valkey.ask("KEYS", "*")) == 10
        assert await answers.get(b"9") is None
        assert await answers.get(b"10") is not None


async def test_nobody_waits_for_a_server_that_hangs_is_killed_or_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "AWAY_S", 3600.0)
    with ValkeyServer() as server:
        async with opened(server.url) as answers:
            with monkeypatch.context() as patch:
                patch.setattr(redis, "PATIENT_S", 60.0)
                patch.setattr(redis, "DEADLINE_S", 60.0)
                await answers.put(b"a", b"one", 60)
                server.ask("FLUSHALL")
                assert await answers.get(b"a") is None
                assert answers.failures == 0
            server.pause()
            assert await answers.get(b"a") is None
            assert await answers.claim(b"a", b"mark") is None
            for _ in range(100):
                assert await answers.get(b"a") is None
            assert answers.failures == 1, "it was asked once, and then left alone"
            server.go_on()
            server.kill()
            await until(lambda: not answers.is_open)
            answers._away_until_s = 0.0
            assert await answers.claim(b"a", b"mark") is None
