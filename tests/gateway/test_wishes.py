import pytest

from tests.gateway.markets import Market, call_of
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.gateway.wishes import heeded


async def test_no_provider_sees_what_was_meant_for_the_gateway() -> None:
    market = Market()

    await market.ask(models=["cheap/llama"], provider={"order": ["cheap"]}, route="fallback", kept=[1, 2])

    ((name, sent),) = market.asked
    assert name == "cheap"
    assert sent == {"messages": [{"role": "user", "content": "hi"}], "kept": [1, 2], "model": "llama"}


async def test_what_a_provider_chooses_by_itself_reaches_it_and_its_models_are_asked_one_by_one() -> None:
    market = Market(failing={"router"})

    assert await market.places(
        model="router/org/large", models=["org/small", "router/org/tiny"], provider={"only": ["azure"]}
    ) == ["router/org/large", "router/org/small", "router/org/tiny"]

    market.failing.clear()
    await market.ask(model="router/org/large", models=["org/small"], provider={"only": ["azure"]})
    assert market.asked[-1][1]["provider"] == {"only": ["azure"]}
    assert "models" not in market.asked[-1][1]


async def test_models_of_such_a_provider_are_no_way_around_what_a_key_may_use() -> None:
    market = Market(allowed=("router/org/large",))

    assert await market.places(model="router/org/large", models=["org/dear"]) == ["router/org/large"]


async def test_wishes_that_cannot_be_kept_are_named_in_the_answer() -> None:
    client = await Market().ask(model="cheap/llama", provider={"quantizations": ["fp8"], "only": ["cheap"]})

    assert b"x-tokenrouter-dropped: provider.quantizations\r\n" in client.headers


async def test_a_request_that_asks_for_a_promise_is_refused_and_leaves_a_row() -> None:
    market = Market()

    with pytest.raises(InvalidRequest) as caught:
        await market.ask(model="cheap/llama", provider={"data_collection": "deny"})

    assert caught.value.param == "provider.data_collection"
    assert [(row.requested_model, row.status) for row in market.notes.ended] == [("cheap/llama", 400)]


def test_the_model_itself_comes_before_the_others_and_every_name_once() -> None:
    call = call_of(model="a", models=["b", "a", "c"])

    after, head, wishes = heeded(Market().directory, call, CHAT.peek(call.body))

    assert wishes.models == ("a", "b", "c")
    assert head.model == "a"
    assert b"models" not in after.body
