"""Requests that say themselves where they want to go."""

from typing import Any

import pytest

from tests.gateway.markets import Market
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.domain.errors import GatewayError, ModelNotAllowed, ModelNotFound, QuotaExceeded
from tokenrouter.domain.limits import Limit, Window

LISTING = ["dear/llama", "cheap/llama", "middle/meta-llama"]


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({"sort": "price"}, ["cheap/llama", "middle/meta-llama", "dear/llama"]),
        ({"order": ["middle", "dear"]}, ["middle/meta-llama", "dear/llama", "cheap/llama"]),
        ({"order": ["MIDDLE"], "sort": "price"}, ["middle/meta-llama", "cheap/llama", "dear/llama"]),
        ({"order": ["middle", "dear"], "allow_fallbacks": False}, ["middle/meta-llama", "dear/llama"]),
        ({"only": ["dear", "cheap"]}, ["dear/llama", "cheap/llama"]),
        ({"ignore": ["dear"]}, ["cheap/llama", "middle/meta-llama"]),
        ({"allow_fallbacks": False, "sort": "price"}, ["cheap/llama"]),
        ({"max_price": {"prompt": 0.006}}, ["cheap/llama", "middle/meta-llama"]),
        ({"max_price": {"completion": 0.001}}, ["cheap/llama"]),
        ({"order": ["openai-compatible"]}, LISTING),
        ({"order": ["nobody"]}, LISTING),
    ],
)
async def test_wishes_choose_among_all_that_list_a_model(wishes: dict[str, Any], expected: list[str]) -> None:
    assert await Market().places(model="llama", provider=wishes) == expected


async def test_without_wishes_a_name_leads_to_one_place_as_always() -> None:
    market = Market()

    assert await market.places(model="llama") == ["dear/llama"]
    assert await market.places(model="llama", provider={}) == ["dear/llama"]
    assert await market.places(model="cheap/llama", provider={"sort": "price"}) == ["cheap/llama"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"models": ["only-dear", "cheap/llama"]}, ["dear/only-dear", "cheap/llama"]),
        ({"model": "cheap/llama", "models": ["only-dear", "cheap/llama"]}, ["cheap/llama", "dear/only-dear"]),
        ({"models": ["best", "mistral"]}, ["dear/llama", "cheap/llama", "dear/mistral"]),
        ({"models": ["off/x", "mistral"]}, ["dear/mistral"]),
        ({"models": ["mistral", "llama:floor"]}, ["dear/mistral", "cheap/llama", "middle/meta-llama", "dear/llama"]),
        (
            {"models": ["mistral", "llama"], "provider": {"sort": {"by": "price", "partition": "none"}}},
            ["cheap/llama", "dear/mistral", "middle/meta-llama", "middle/mistral", "dear/llama"],
        ),
        (
            {"models": ["mistral", "llama"], "provider": {"sort": {"by": "price", "partition": "model"}}},
            ["dear/mistral", "middle/mistral", "cheap/llama", "middle/meta-llama", "dear/llama"],
        ),
    ],
)
async def test_models_are_asked_in_their_order(body: dict[str, Any], expected: list[str]) -> None:
    assert await Market().places(**body) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("llama:floor", ["cheap/llama", "middle/meta-llama", "dear/llama"]),
        ("best:floor", ["cheap/llama", "dear/llama"]),
        ("any-llama:floor", ["cheap/llama", "middle/meta-llama"]),
        ("dear/llama:floor", ["dear/llama"]),
        ("named:floor", ["cheap/named:floor"]),
        ("cheap/named:floor", ["cheap/named:floor"]),
        ("alias:nitro", ["dear/llama"]),
        ("router/org/large:nitro", ["router/org/large:nitro"]),
        ("llama:7b", ["dear/llama:7b"]),
    ],
)
async def test_a_suffix_wishes_only_where_nothing_has_that_name(model: str, expected: list[str]) -> None:
    market = Market(default_provider="cheap" if model == "named:floor" else "")

    assert await market.places(model=model) == expected


async def test_a_request_is_sent_to_eight_places_at_most() -> None:
    models = [f"dear/m{number}" for number in range(8)]

    assert len(await Market().places(models=models)) == 8
    with pytest.raises(GatewayError, match="At most 8 models"):
        await Market().ask(model="cheap/x", models=models)


async def test_a_key_gets_no_more_by_wishing() -> None:
    market = Market(allowed=("cheap/*", "middle/*"))

    assert await market.places(model="llama", provider={"sort": "price"}) == ["cheap/llama", "middle/meta-llama"]
    assert await market.places(models=["dear/llama", "cheap/llama"]) == ["cheap/llama"]
    with pytest.raises(ModelNotAllowed):
        await market.ask(models=["dear/llama", "dear/mistral"])


async def test_what_leaves_nothing_is_told_with_its_reasons() -> None:
    with pytest.raises(ModelNotFound, match=r"dear/llama \(not_in_only\)") as caught:
        await Market().ask(model="llama", provider={"only": ["router"]})

    assert caught.value.param == "provider"


async def test_the_record_tells_who_was_left_out_and_why() -> None:
    market = Market(failing={"cheap"})

    client = await market.ask(model="llama", provider={"sort": "price", "ignore": ["middle"]})

    assert b"x-tokenrouter-decision: req_1\r\n" in client.headers
    assert market.decision == {
        "by": "request",
        "models": ["llama"],
        "wishes": {"ignore": ["middle"], "sort": "price"},
        "left_out": {"off/llama": "disabled", "strict/llama": "not_offered", "middle/meta-llama": "ignored"},
        "order": ["cheap/llama", "dear/llama"],
        "attempts": [
            {"target": "cheap/llama", "outcome": "provider_refused", "status": 503},
            {"target": "dear/llama", "outcome": "completed", "status": 200},
        ],
    }


async def test_an_alias_leaves_a_record_too_and_a_plain_name_a_word() -> None:
    market = Market()

    client = await market.ask(model="best")
    told = market.decision
    plain = await market.ask(model="cheap/llama")

    assert (told["by"], told["selection"], told["profile"]) == ("alias", "ordered", "default")
    assert told["left_out"] == {"off/llama": "disabled", "gone/llama": "gone"}
    assert told["order"] == ["dear/llama", "cheap/llama"]
    assert b"x-tokenrouter-decision" in client.headers
    assert market.decision == {"by": "prefix"}
    assert b"x-tokenrouter-decision" not in plain.headers


async def test_the_record_tells_that_a_conversation_is_kept_together() -> None:
    market, turns = Market(), [{"role": "user", "content": "hi"}, {"role": "user", "content": "go on"}]

    await market.ask(model="kept", messages=turns[:1])
    first = market.decision
    await market.ask(model="kept", messages=turns)

    assert first["sticky"] is True
    assert market.decision == first


async def test_an_alias_with_one_place_left_leaves_a_record_all_the_same() -> None:
    market = Market()

    client = await market.ask(model="alone")

    assert market.decision["left_out"] == {"off/mistral": "disabled"}
    assert market.decision["order"] == ["dear/mistral"]
    assert b"x-tokenrouter-decision: req_1\r\n" in client.headers


async def test_the_fastest_come_first_by_what_requests_have_shown_and_who_is_unknown_before_them() -> None:
    market = Market()
    loads = market.gateway.books.loads
    for target, first_s, token_s in (("dear/llama", 0.1, 0.9), ("cheap/llama", 0.9, 0.1)):
        loads.of(target).first_s.learn(first_s, 0.0)
        loads.of(target).token_s.learn(token_s, 0.0)

    by = {sort: await first_places(market, sort) for sort in ("latency", "throughput")}

    assert by == {
        "latency": ["middle/meta-llama", "dear/llama", "cheap/llama"],
        "throughput": ["middle/meta-llama", "cheap/llama", "dear/llama"],
    }


async def first_places(market: Market, sort: str) -> list[str]:
    """Return the places in the order in which one request would be sent there."""
    await market.ask(model="llama", provider={"sort": sort, "ignore": ["router"]}, stream=False)
    order: list[str] = market.decision["order"]
    return order


async def test_each_of_several_models_is_reserved_when_it_is_asked() -> None:
    limit = Limit("limit", "model:cheap/llama", "requests", Window("lifetime"), 0)
    market = Market((limit,))

    await market.ask(models=["cheap/llama", "mistral"])

    assert [name for name, _ in market.asked] == ["dear"]
    with pytest.raises(QuotaExceeded):
        await market.ask(models=["cheap/llama"])


async def test_messages_can_wish_too_and_are_translated_where_they_go() -> None:
    market = Market()

    client = await market.ask(MESSAGES, models=["mistral"], provider={"sort": "price"})

    assert client.status == 200
    assert [name for name, _ in market.asked] == ["dear"]
    assert b"provider" not in client.headers.partition(b"x-tokenrouter-dropped")[2]
