"""Four dialects in, four dialects out: every pair holds the same conversations."""

import itertools
import json
from collections.abc import Callable

import pytest

from tests.e2e.matrix.conftest import PROVIDERS
from tests.e2e.matrix.talks import TALKS, Failure, Pdf, Picture, Talk, Tool, Wishes
from tokenrouter.testing.processes import GatewayProcess

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("matrix")]

PAIRS = list(itertools.product(TALKS, PROVIDERS))
each_pair = pytest.mark.parametrize(("client", "provider"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
each_way = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])

WEATHER = Tool(
    "get_weather",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
CLOCK = Tool("get_time")
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}

StartTalk = Callable[..., Talk]


@pytest.fixture
def talk(crossroads: GatewayProcess) -> StartTalk:
    """A function that begins a conversation."""

    def begin(client: str, provider: str, model: str = "echo", **more: object) -> Talk:
        return TALKS[client](crossroads.origin, crossroads.key, f"{provider}/{model}", **more)  # type: ignore[arg-type]

    return begin


@each_way
@each_pair
def test_words_come_back_with_their_usage(talk: StartTalk, client: str, provider: str, stream: bool) -> None:
    said = talk(client, provider, system="Be brief.").say("Grüße aus Köln 🚂", stream=stream)

    assert said.text == "Grüße aus Köln 🚂"
    assert said.stop == "end"
    assert said.input_tokens > 5
    assert said.output_tokens > 2


@each_pair
def test_the_second_turn_knows_the_first(talk: StartTalk, client: str, provider: str) -> None:
    conversation = talk(client, provider)
    first = conversation.say("one")
    second = conversation.say("two", stream=True)

    assert second.text == "two"
    assert second.input_tokens > first.input_tokens


@each_way
@each_pair
def test_a_tool_is_called_and_answered(talk: StartTalk, client: str, provider: str, stream: bool) -> None:
    conversation = talk(client, provider, tools=(WEATHER,))
    asked = conversation.say("use tool get_weather", stream=stream)
    answered = conversation.answer_calls("sunny in Köln", stream=stream)

    (called,) = asked.calls
    assert asked.stop == "tool"
    assert called.name == "get_weather"
    assert isinstance(called.arguments["city"], str)
    assert "sunny in Köln" in answered.text
    assert answered.stop == "end"


@each_way
@each_pair
def test_tools_are_called_in_parallel_even_without_arguments(
    talk: StartTalk, client: str, provider: str, stream: bool
) -> None:
    conversation = talk(client, provider, tools=(WEATHER, CLOCK))
    asked = conversation.say("use tools get_weather get_time", stream=stream)
    answered = conversation.answer_calls("sunny", "noon", stream=stream)

    assert [called.name for called in asked.calls] == ["get_weather", "get_time"]
    assert asked.calls[1].arguments == {}
    assert len({called.id for called in asked.calls} - {""}) in (0, 2)
    assert "sunny" in answered.text
    assert "noon" in answered.text


@each_pair
def test_a_tool_may_fail(talk: StartTalk, client: str, provider: str) -> None:
    conversation = talk(client, provider, tools=(WEATHER,))
    conversation.say("use tool get_weather")
    answered = conversation.answer_calls(Failure("no such city"))

    assert "no such city" in answered.text


@each_pair
def test_a_tool_may_be_demanded_and_forbidden(talk: StartTalk, client: str, provider: str) -> None:
    demanded = talk(client, provider, tools=(WEATHER, CLOCK)).say("hi", wishes=Wishes(choice="get_time"))
    any_of_them = talk(client, provider, tools=(WEATHER,)).say("hi", wishes=Wishes(choice="required"))
    forbidden = talk(client, provider, tools=(WEATHER,)).say("use tool", wishes=Wishes(choice="none"))

    assert [called.name for called in demanded.calls] == ["get_time"]
    assert [called.name for called in any_of_them.calls] == ["get_weather"]
    assert forbidden.calls == ()


@each_pair
def test_calls_come_one_by_one_when_asked(talk: StartTalk, client: str, provider: str) -> None:
    if client == "gemini":
        pytest.skip("the dialect has no word for it")
    if provider == "gemini":
        pytest.skip("no provider of this dialect can be asked for it")
    said = talk(client, provider, tools=(WEATHER, CLOCK)).say("use tools", wishes=Wishes(parallel=False))

    assert len(said.calls) == 1


@each_pair
def test_a_picture_may_be_a_tools_result(talk: StartTalk, client: str, provider: str) -> None:
    if client == "chat":
        pytest.skip("the dialect has no pictures in results")
    conversation = talk(client, provider, tools=(WEATHER,))
    conversation.say("use tool get_weather")
    answered = conversation.answer_calls(Picture())

    assert answered.stop == "end"
    assert answered.input_tokens > 50


@each_way
@each_pair
def test_pictures_and_documents_reach_the_model(talk: StartTalk, client: str, provider: str, stream: bool) -> None:
    plain = talk(client, provider).say("what is this?", stream=stream)
    seen = talk(client, provider).say("what is this?", Picture(), stream=stream)
    read = talk(client, provider).say("what is this?", Pdf(), stream=stream)

    assert seen.text == "what is this?"
    assert read.text.startswith("what is this?"), "to a dialect without file names the name is told in words"
    assert seen.input_tokens > plain.input_tokens
    assert read.input_tokens > plain.input_tokens


@each_way
@each_pair
def test_an_answer_fits_its_schema(talk: StartTalk, client: str, provider: str, stream: bool) -> None:
    said = talk(client, provider).say("who are you?", stream=stream, wishes=Wishes(schema=SCHEMA))
    thing = json.loads(said.text)

    assert set(thing) == {"name", "age"}
    assert isinstance(thing["age"], int)
    assert said.stop == "end"


@each_way
@each_pair
def test_an_answer_may_end_at_its_bound(talk: StartTalk, client: str, provider: str, stream: bool) -> None:
    said = talk(client, provider, "lorem").say("talk", stream=stream, wishes=Wishes(max_tokens=20))

    assert said.stop == "length"
    assert 0 < said.output_tokens <= 20


@each_way
@each_pair
def test_an_answer_may_end_at_a_stop_sequence(talk: StartTalk, client: str, provider: str, stream: bool) -> None:
    if client == "responses":
        pytest.skip("the dialect has no stop sequences")
    said = talk(client, provider).say("one STOP two", stream=stream, wishes=Wishes(stop="STOP"))

    assert said.text.strip() == "one"
    assert said.stop in ("end", "stop")


@each_way
@each_pair
def test_a_refusal_is_told_as_one(talk: StartTalk, client: str, provider: str, stream: bool) -> None:
    said = talk(client, provider, "refuser").say("do it", stream=stream)

    assert said.stop == "filter"


@each_way
@each_pair
def test_reasoning_survives_a_call(talk: StartTalk, client: str, provider: str, stream: bool) -> None:
    """The sandbox refuses a turn whose signatures or encrypted reasoning are lost or changed."""
    thinking = Wishes(effort="low", max_tokens=4000)
    conversation = talk(client, provider, "thinker-open", tools=(WEATHER,))
    asked = conversation.say("use tool get_weather", stream=stream, wishes=thinking)
    answered = conversation.answer_calls("sunny", stream=stream, wishes=thinking)
    again = conversation.say("use tool get_weather", stream=stream, wishes=thinking)

    assert asked.reasoning_tokens > 0 or asked.thoughts
    assert "sunny" in answered.text
    assert [called.name for called in again.calls] == ["get_weather"]


CLOUD_MODELS = {
    "azure": "azure/thinker-open",
    "bedrock": "bedrock/thinker-open",
    "gemini on vertex": "vertex/google/thinker-open",
    "claude on vertex": "vertex/anthropic/thinker-open",
}


@each_way
@pytest.mark.parametrize("model", CLOUD_MODELS.values(), ids=CLOUD_MODELS.keys())
@pytest.mark.parametrize("client", TALKS)
def test_clouds_are_asked_with_their_own_authentication(talk: StartTalk, client: str, model: str, stream: bool) -> None:
    provider, _, name = model.partition("/")
    thinking = Wishes(effort="low", max_tokens=4000)
    conversation = talk(client, provider, name, system="Be brief.", tools=(WEATHER, CLOCK))
    asked = conversation.say("use tools get_weather get_time", stream=stream, wishes=thinking)
    answered = conversation.answer_calls("sunny", Failure("no clock"), stream=stream, wishes=thinking)

    assert [called.name for called in asked.calls] == ["get_weather", "get_time"]
    assert asked.stop == "tool"
    assert "sunny" in answered.text
    assert "no clock" in answered.text
    assert answered.output_tokens > 0
