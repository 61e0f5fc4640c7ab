"""Requests through an alias whose places are known from an earlier one."""

import asyncio
import json
from typing import Any

import pytest

from tests.gateway.fakes import Client, Fed
from tests.gateway.test_attempts import BAD, DOWN, FULL, House, Outcome
from tests.gateway.test_engine import CHUNK, DONE, LAST, call
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.errors import GatewayError, ProviderCredentialsRejected, ProviderCut, ProviderUnreachable
from tokenrouter.domain.limits import Limit, Window


async def warmed(*limits: Limit, acme: list[Outcome], other: list[Outcome], **more: Any) -> House:
    """A house through which one request has gone; what it left in the books is forgotten."""
    house = House(*limits, acme=["whole", *acme], other=other, **more)
    await house.ask()
    house.providers.asked.clear()
    house.notes.ended.clear()
    return house


async def test_one_that_succeeds_is_noted_like_any_other() -> None:
    house = await warmed(acme=["whole"], other=["whole"])

    client = await house.ask()

    assert (client.status, house.providers.asked, house.rows) == (200, ["acme"], [("req_1", "acme", 200, 1)])
    assert house.events("attempts") == {("acme", "answered"): 2}
    assert house.gateway.books.loads.of("acme/small").in_flight == 0


@pytest.mark.parametrize("failure", [DOWN, FULL, "cut"], ids=str)
async def test_one_that_fails_is_followed_by_the_others(failure: Outcome) -> None:
    house = await warmed(acme=[failure], other=["stream"])

    client = await house.ask(stream=True)

    assert client.body == CHUNK + DONE
    assert b"x-tokenrouter-attempts: 2\r\n" in client.headers
    assert [(row[0], row[1], row[3]) for row in house.rows] == [("req_1", "acme", 0), ("req_1.2", "other", 1)]
    health = house.gateway.wisdom.health.of("acme/small")
    assert health is not None
    assert health.failures == 1


async def test_the_record_tells_of_all_that_were_asked() -> None:
    house = await warmed(acme=[DOWN], other=["whole"])

    client = await house.ask()

    assert b"x-tokenrouter-decision: req_1\r\n" in client.headers
    first, second = (json.loads(row.decision) for row in house.notes.ended)
    assert first["order"] == second["order"] == ["acme/small", "other/large"]
    assert [one["target"] for one in first["attempts"]] == ["acme/small"]
    assert [one["target"] for one in second["attempts"]] == ["acme/small", "other/large"]
    assert [one["status"] for one in second["attempts"]] == [502, 200]


async def test_what_is_known_against_a_place_is_heeded() -> None:
    house = await warmed(acme=["whole"], other=["whole"])
    house.gateway.wisdom.health.failed("acme/small", ProviderCredentialsRejected("no", provider="acme"))

    await house.ask()

    assert house.providers.asked == ["other"]
    assert "cooling" in json.loads(house.notes.ended[0].decision)


async def test_the_only_place_is_asked_again() -> None:
    only = Alias("best", (Target("acme/small"),))
    house = await warmed(acme=[DOWN, "whole"], other=[], alias=only)

    client = await house.ask()

    assert (client.status, len(house.slept), house.providers.asked) == (200, 1, ["acme", "acme"])


async def test_a_stream_that_breaks_after_content_ends_with_its_error_and_counts_against_its_place() -> None:
    house = await warmed(acme=["broken"], other=["stream"])

    with pytest.raises(ProviderCut):
        await house.ask(stream=True)

    assert house.providers.asked == ["acme"]
    assert house.gateway.wisdom.health.of("acme/small") is not None


async def test_what_the_client_has_to_mend_is_told() -> None:
    house = await warmed(acme=[BAD], other=["whole"])

    assert (await house.ask()).status == 400
    assert house.providers.asked == ["acme"]


async def test_a_place_whose_limit_is_full_is_passed_over() -> None:
    house = await warmed(
        Limit("l", "provider:acme", "requests", Window("lifetime"), 1), acme=["whole"], other=["whole"]
    )

    assert (await house.ask()).status == 200
    assert house.providers.asked == ["other"]


async def test_a_full_limit_of_the_key_is_told_once() -> None:
    house = await warmed(Limit("l", "key:alice", "requests", Window("lifetime"), 1), acme=["whole"], other=["whole"])

    with pytest.raises(GatewayError):
        await house.ask()

    assert not house.providers.asked
    assert [row[2:] for row in house.rows] == [(429, 1)]


async def test_when_all_fail_the_last_error_is_told() -> None:
    house = await warmed(acme=[DOWN], other=[DOWN])

    with pytest.raises(ProviderUnreachable):
        await house.ask()

    assert house.providers.asked == ["acme", "other", "other", "other"]
    assert [row[3] for row in house.rows] == [0, 0, 0, 1]


async def test_a_client_that_leaves_ends_it() -> None:
    slow = Fed()
    house = await warmed(acme=[slow], other=["stream"])
    asking = asyncio.create_task(house.gateway.serve(call(model="best", stream=True), Client()))
    await slow.pumped.wait()
    slow.push(CHUNK, LAST)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert house.providers.asked == ["acme"]
    assert [row[3] for row in house.rows] == [1]
    assert house.gateway.books.loads.of("acme/small").in_flight == 0
    assert not house.gateway.in_flight
