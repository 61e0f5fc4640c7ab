"""Telling hooks what a request was charged."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from decimal import Decimal

import pytest
import structlog

from tests.gateway.fakes import Scripted, catalog
from tests.gateway.hooked import Noting, Seen, run
from tests.gateway.test_engine import ANSWER, JSON, call
from tokenrouter.domain.errors import ModelNotFound
from tokenrouter.domain.ledger import Ended, Subject, Usage
from tokenrouter.domain.prices import flat_price
from tokenrouter.gateway import after_hooks
from tokenrouter.gateway.after_hooks import AfterHooks
from tokenrouter.gateway.hook_rules import Following, HookRule
from tokenrouter.hooks import Charged, Follower
from tokenrouter.observe.figures import Figures

SUBJECT = Subject("chat", provider="acme", model="small")


def ended(request_id: str, requests: int = 1) -> Ended:
    return Ended(request_id, 0, Usage(), 200, "completed", requests=requests)


def following(follower: Follower, timeout_s: float = 1.0) -> list[Following]:
    return [Following(HookRule("mine", ("global",), Seen(), timeout_s=timeout_s), follower)]


async def turns() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_follower_is_told_what_the_ledger_says() -> None:
    noting = Noting()
    state = catalog()
    state.prices["acme/small"] = flat_price(1_000_000, 2_000_000)
    hook = Seen(lambda request: noting)
    made = await run(call(), [HookRule("mine", ("global",), hook)], Scripted(200, JSON, [ANSWER]), state)
    assert noting.charged == [], "the answer did not wait"
    await turns()

    (charged,) = noting.charged
    (row,) = made.notes.ended
    assert (charged.id, charged.status, charged.end_reason) == (row.id, 200, "completed")
    assert (charged.input_tokens, charged.output_tokens) == (9, 3)
    assert charged.cost_usd == Decimal(row.cost_nano_usd or 0) / 10**9


async def test_what_the_road_refuses_is_told_too() -> None:
    noting = Noting()
    hook = Seen(lambda request: noting)
    nobody = replace(catalog(), providers=())
    with pytest.raises(ModelNotFound):
        await run(call(), [HookRule("mine", ("global",), hook)], Scripted(200, JSON, [ANSWER]), nobody)
    await turns()
    assert [(one.status, one.end_reason) for one in noting.charged] == [(404, "client_error")]


async def test_every_attempt_is_told_until_the_one_that_counts() -> None:
    after, noting = AfterHooks(Figures()), Noting()
    assert after.follow("req_1", following(noting))
    after.record(SUBJECT, ended("req_1", requests=0))
    after.record(SUBJECT, ended("req_2"))
    after.record(SUBJECT, ended("req_1.2"))
    after.record(SUBJECT, ended("req_1.3"))
    await turns()
    assert [one.id for one in noting.charged] == ["req_1", "req_1.2"]


async def test_who_does_not_want_to_know_is_not_followed() -> None:
    assert not AfterHooks(Figures()).follow("req_1", following(Follower()))


async def test_what_is_forgotten_is_told_to_nobody() -> None:
    after, noting = AfterHooks(Figures()), Noting()
    after.follow("req_1", following(noting))
    after.forget("req_1")
    after.record(SUBJECT, ended("req_1"))
    await turns()
    assert noting.charged == []


class Raising(Follower):
    def after_exchange(self, charged: Charged) -> Awaitable[None] | None:
        raise ValueError("secret")


class Waiting(Follower):
    async def after_exchange(self, charged: Charged) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize(("follower", "kind"), [(Raising(), "ValueError"), (Waiting(), "TimeoutError")])
async def test_a_hook_that_fails_afterwards_is_named(follower: Follower, kind: str) -> None:
    after = AfterHooks(Figures())
    after.follow("req_1", following(follower, timeout_s=0.01))
    with structlog.testing.capture_logs() as logged:
        after.record(SUBJECT, ended("req_1"))
        while not logged:
            await asyncio.sleep(0.005)

    assert [(line["hook"], line["error"]) for line in logged] == [("mine", kind)]
    assert "secret" not in str(logged)


async def test_there_are_bounds_on_who_is_followed_and_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after_hooks, "MAX_OPEN", 1)
    monkeypatch.setattr(after_hooks, "MAX_RUNNING", 0)
    after, noting = AfterHooks(Figures()), Noting()
    with structlog.testing.capture_logs() as logged:
        after.follow("req_1", following(noting))
        after.follow("req_2", following(Waiting()))
        after.record(SUBJECT, ended("req_1"))
        after.record(SUBJECT, ended("req_2"))
        await turns()
    assert noting.charged == []
    assert len(logged) == 2
