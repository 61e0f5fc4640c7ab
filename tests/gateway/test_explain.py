"""Explanations, and that requests then do what they say."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.fakes import KEY
from tests.gateway.markets import Market, call_of
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.errors import GatewayError, InvalidRequest, ModelNotAllowed, ProviderRefused, RoleNotAllowed
from tokenrouter.domain.limits import Limit, LimitState, Window
from tokenrouter.edge.paths import DIALECTS
from tokenrouter.gateway.explain import Explainer
from tokenrouter.gateway.question import read_question

ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "hi there"}]}


async def explain(market: Market, dialect: Dialect = CHAT, **body: Any) -> dict[str, Any]:
    call = call_of(dialect, **body)
    if "messages" not in body:
        bare = {name: value for name, value in json.loads(call.body).items() if name != "messages"}
        call.body = json.dumps(bare).encode()

    async def states(scopes: Any) -> list[LimitState]:
        return market.gateway._ports.limiter.states(scopes)

    explainer = Explainer(market.gateway.books, market.gateway.wisdom, states, market.gateway.with_history)
    asker = market.directory.authenticate((KEY,), time.time())
    return await explainer.explain(market.directory, asker, read_question(call, DIALECTS))


async def test_it_tells_where_a_request_would_go_and_why_not_elsewhere() -> None:
    market = Market()
    market.gateway.wisdom.health.failed(
        "dear/llama", ProviderRefused("full", provider="dear", status=429, retry_after_s=40.0)
    )

    told = await explain(market, model="best", **ASKED)

    assert [place["target"] for place in told["places"]] == ["cheap/llama", "dear/llama"]
    assert [place["health"]["state"] for place in told["places"]] == ["open", "cooling"]
    assert told["places"][1]["health"]["reason"] == "provider_refused"
    assert told["left_out"] == [
        {"target": "off/llama", "why": "disabled", "reason": "the provider is disabled"},
        {"target": "gone/llama", "why": "gone", "reason": "there is no such provider"},
    ]
    assert market.asked == []
    assert market.notes.ended == []


async def test_it_tells_what_a_request_costs_at_each_place_at_least_and_at_most() -> None:
    told = await explain(Market(), model="llama:floor", input_tokens=1000, output_tokens=100, max_tokens=500)

    costs = {place["target"]: place["estimate"]["cost_usd"] for place in told["places"]}
    assert costs == {
        "cheap/llama": {"low": "0.000001100", "high": "0.000001500"},
        "middle/meta-llama": {"low": "0.000005500", "high": "0.000007500"},
        "dear/llama": {"low": "0.000009900", "high": "0.000013500"},
    }


async def test_what_nobody_bounds_has_no_highest_cost_and_what_nobody_told_no_estimate() -> None:
    unbounded = await explain(Market(), model="cheap/llama", **ASKED)
    bare = await explain(Market(), model="cheap/llama")

    assert unbounded["places"][0]["estimate"]["cost_usd"]["high"] is None
    assert bare["places"][0]["estimate"] is None
    assert "dropped" not in bare["places"][0]


async def test_it_tells_the_limits_that_count_it_and_what_they_have_left() -> None:
    limits = (
        Limit("a", "key:alice", "tokens", Window("lifetime"), 1000),
        Limit("b", "model:cheap/llama", "cost_usd", Window("day"), 5 * 10**9),
        Limit("c", "model:dear/llama", "requests", Window("day"), 5),
    )

    told = await explain(Market(limits), model="cheap/llama")

    assert [(one["scope"], one["metric"], one["left"]) for one in told["limits"]] == [
        ("key:alice", "tokens", 1000),
        ("model:cheap/llama", "cost_usd", "5.000000000"),
    ]


@pytest.mark.parametrize("operation", ["messages", "generate_content", "responses"])
async def test_another_dialects_request_is_explained_with_what_it_would_lose(operation: str) -> None:
    contents: dict[str, dict[str, Any]] = {
        "messages": {"messages": ASKED["messages"], "max_tokens": 5, "top_k": 3},
        "generate_content": {"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"topK": 3}},
        "responses": {"input": "hi", "truncation": "auto"},
    }

    told = await explain(
        Market(), operation=operation, model="cheap/llama", request={"model": "cheap/llama", **contents[operation]}
    )

    (place,) = told["places"]
    assert place["translated"]
    assert place["dropped"] == (["truncation"] if operation == "responses" else ["sampling.top_k"])


async def test_a_place_that_would_refuse_the_request_says_so() -> None:
    body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5, "container": "c"}
    body["messages"] = []

    told = await explain(Market(), operation="messages", request={"model": "cheap/llama", **body})

    assert "empty" in told["places"][0]["refused"]


async def test_the_error_is_the_one_that_the_request_would_get() -> None:
    with pytest.raises(ModelNotAllowed):
        await explain(Market(allowed=("cheap/*",)), model="dear/llama")
    with pytest.raises(InvalidRequest, match="zdr"):
        await explain(Market(), model="llama", provider={"zdr": True})


async def test_only_an_admin_may_ask_for_another_key() -> None:
    with pytest.raises(RoleNotAllowed):
        await explain(Market(), model="llama", key="bob")


WISHES = st.fixed_dictionaries(
    {},
    optional={
        "order": st.lists(st.sampled_from(["dear", "cheap", "middle", "off"]), max_size=3),
        "only": st.lists(st.sampled_from(["dear", "cheap", "middle"]), max_size=3),
        "ignore": st.lists(st.sampled_from(["dear", "cheap", "middle"]), max_size=2),
        "sort": st.sampled_from(["price", {"by": "price", "partition": "none"}]),
        "allow_fallbacks": st.booleans(),
        "max_price": st.fixed_dictionaries({"prompt": st.sampled_from([0.001, 0.005, 1])}),
    },
)
NAMES = st.sampled_from(
    [
        "llama",
        "llama:floor",
        "mistral",
        "best",
        "best:floor",
        "any-llama",
        "cheap/llama",
        "off/llama",
        "named:floor",
        "kept",
        "thrifty",
        "alone",
        "x",
    ]
)
COOLING = st.sets(st.sampled_from(["dear/llama", "cheap/llama", "middle/meta-llama", "dear/mistral"]))


@settings(max_examples=150, deadline=None)
@given(
    NAMES,
    st.none() | st.lists(NAMES, max_size=3),
    st.none() | WISHES,
    COOLING,
    st.sets(st.sampled_from(["dear", "cheap", "middle"])),
    st.sampled_from([(), ("cheap/*", "mistral"), ("best", "llama")]),
)
def test_a_request_does_what_its_explanation_said(
    model: str,
    models: list[str] | None,
    wishes: dict[str, Any] | None,
    cooling: set[str],
    failing: set[str],
    allowed: tuple[str, ...],
) -> None:
    market = Market(allowed=allowed, failing=failing)
    for target in sorted(cooling):
        error = ProviderRefused("full", provider="x", status=429, retry_after_s=100.0)
        market.gateway.wisdom.health.failed(target, error)
    body: dict[str, Any] = {"model": model, "models": models, "provider": wishes, **ASKED}

    told, problem = run(explain(market, **body))
    refused = run(market.ask(**body))[1]

    asked = [f"{name}/{sent['model']}" for name, sent in market.asked]
    if told is None:
        assert problem is not None
        assert refused is not None
        assert (asked, refused.message) == ([], problem.message)
        return
    places = [place["target"] for place in told["places"]]
    assert list(dict.fromkeys(asked)) == places[: len(set(asked))]
    assert refused is None or set(asked) == set(places)
    assert {**market.decision, "attempts": 0} == {**told["decision"], "attempts": 0}


def run(coroutine: Any) -> tuple[Any, GatewayError | None]:
    """Return what a coroutine returns, or the error that it raises; it waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value, None
    except GatewayError as error:
        return None, error
    raise AssertionError("it waits")
