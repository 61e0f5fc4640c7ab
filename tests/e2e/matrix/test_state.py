"""Responses that are stored, counted and made shorter, in front of providers of every dialect; and whose they are."""

from typing import Any

import openai
import pytest

from tests.e2e.matrix.conftest import PROVIDERS
from tokenrouter.testing.processes import GatewayProcess

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("matrix")]
each_provider = pytest.mark.parametrize("provider", PROVIDERS)


@pytest.fixture
def client(crossroads: GatewayProcess) -> openai.OpenAI:
    return openai.OpenAI(base_url=crossroads.base_url, api_key=crossroads.key, max_retries=0)


@each_provider
def test_a_conversation_goes_on_by_the_id_of_its_last_answer(client: openai.OpenAI, provider: str) -> None:
    first = client.responses.create(model=f"{provider}/echo", input="one", store=True)
    with client.responses.stream(
        model=f"{provider}/echo", input="two", previous_response_id=first.id, store=True
    ) as events:
        second = events.get_final_response()
    third = client.responses.create(model=f"{provider}/echo", input="three", previous_response_id=second.id)

    assert (first.output_text, second.output_text, third.output_text) == ("one", "two", "three")
    assert first.usage is not None
    assert third.usage is not None
    assert third.usage.input_tokens > first.usage.input_tokens
    assert client.responses.retrieve(second.id).output_text == "two"
    items = client.responses.input_items.list(second.id, order="asc").data
    assert [item.role for item in items if item.type == "message"] == ["user", "assistant", "user"]


@each_provider
def test_a_stored_response_can_be_deleted(client: openai.OpenAI, provider: str) -> None:
    stored = client.responses.create(model=f"{provider}/echo", input="one", store=True)
    client.responses.delete(stored.id)

    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(stored.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=f"{provider}/echo", input="two", previous_response_id=stored.id)
    assert caught.value.code == "previous_response_not_found"


@each_provider
def test_reasoning_goes_on_with_the_stored_conversation(client: openai.OpenAI, provider: str) -> None:
    tools: Any = [{"type": "function", "name": "get_time", "parameters": {"type": "object", "properties": {}}}]
    asked = client.responses.create(
        model=f"{provider}/thinker-open",
        input="use tool get_time",
        tools=tools,
        reasoning={"effort": "low"},
        store=True,
    )
    (call,) = [item for item in asked.output if item.type == "function_call"]
    answered = client.responses.create(
        model=f"{provider}/thinker-open",
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "noon"}],
        tools=tools,
        reasoning={"effort": "low"},
        previous_response_id=asked.id,
    )

    assert "noon" in answered.output_text


@each_provider
def test_tokens_are_counted_and_a_conversation_is_made_shorter(client: openai.OpenAI, provider: str) -> None:
    given: Any = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    counted = client.responses.input_tokens.count(model=f"{provider}/echo", input=given)
    compacted = client.responses.compact(model=f"{provider}/lorem", input=given)
    kept: Any = [item.model_dump(exclude_none=True) for item in compacted.output]
    answer = client.responses.create(
        model=f"{provider}/echo",
        input=[*kept, {"role": "user", "content": "three"}],
    )

    assert counted.input_tokens > 2
    assert compacted.output[-1].type == "compaction"
    assert answer.output_text.endswith("three")


def test_a_websocket_is_told_to_ask_otherwise(crossroads: GatewayProcess) -> None:
    answer = crossroads.call("GET", "/v1/responses", headers={"upgrade": "websocket", "connection": "Upgrade"})

    assert answer.status == 426
