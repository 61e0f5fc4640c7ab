"""Streams that break in the middle and go on elsewhere, as the vendors' own clients see them."""

import csv
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import cycle

import anthropic
import openai
import pytest
from google import genai
from google.genai.types import GenerateContentConfig, HttpOptions
from openai.types.chat import ChatCompletionToolParam

from tests.e2e.matrix.conftest import PRICES, PROVIDERS
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

SOURCES = {
    **PROVIDERS,
    "prefixed": 'provider_type = "sandbox"\noperations = ["chat"]\nbase_url = "{root}/v1"',
    "adaptive": 'provider_type = "sandbox"\noperations = ["messages"]\nbase_url = "{root}/v1"',
    "second": 'provider_type = "anthropic"\nbase_url = "{root}"',
}
PROVIDER = """
[[providers]]
name = "{name}"
api_key = "{name}"
timeouts = {{ between_bytes_s = 3.0 }}
"""
ALIAS = '[[aliases]]\nname = "{name}"\ntargets = {targets}\ncontinue_streams = {wanted}\n'
GOING_ON = {
    "chat-messages-*": ["chat/fault/*", "messages/lorem"],
    "chat-prefixed-*": ["chat/fault/*", "prefixed/lorem"],
    "messages-prefixed-*": ["messages/fault/*", "prefixed/lorem"],
    "messages-second-*": ["messages/fault/*", "second/lorem"],
    "gemini-second-*": ["gemini/fault/*", "second/lorem"],
    "past-others-*": ["chat/fault/*", "chat/lorem", "responses/lorem", "gemini/lorem", "messages/lorem"],
    "thrice-*": ["chat/fault/*", "messages/fault/*", "prefixed/fault/*", "second/lorem"],
}
REFUSED_ONCE = {"refused-once-*": ["chat/fault/*", "messages/fault/400", "prefixed/lorem"]}
ENDING = {
    "none-goes-on-*": ["chat/fault/*", "chat/lorem", "gemini/lorem"],
    "all-fail-*": ["chat/fault/*", "messages/fault/*"],
    "always-thinking-*": ["chat/fault/*", "adaptive/thinker-adaptive"],
}
LIMIT = '[[limits]]\nscope = "global"\nmetric = "requests"\nwindow = "lifetime"\namount = 100000\n'
FAULTS = ("cut@7", "clean-cut@8", "error-midstream@9", "stall@6")
QUESTION = "hello"
ERRORS = (openai.APIError, anthropic.APIError, genai.errors.APIError, RuntimeError)
"""OpenAI's helper for Responses raises the last where there is no `response.completed`."""


def configuration(sandbox: SandboxProcess) -> str:
    root = sandbox.base_url.removesuffix("/v1")
    parts = [
        PROVIDER.format(name=name) + text.format(root=root) + PRICES.format(name=name) for name, text in SOURCES.items()
    ]
    parts += [
        ALIAS.format(name=name, targets=targets, wanted="true")
        for name, targets in (GOING_ON | REFUSED_ONCE | ENDING).items()
    ]
    parts += [ALIAS.format(name="as-before-*", targets=["chat/fault/*", "messages/lorem"], wanted="false"), LIMIT]
    return "\n".join(parts)


@pytest.fixture(scope="module")
def running(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    home = make_home(tmp_path_factory.mktemp("continued"))
    with GatewayProcess(home, configuration(sandbox)) as gateway:
        wait_until("the counters", lambda: is_answered(gateway))
        yield gateway


def is_answered(running: GatewayProcess) -> bool:
    question = {"model": "chat/lorem-20", "messages": [{"role": "user", "content": "hello"}]}
    return running.call("POST", "/v1/chat/completions", json_body=question).status == 200


def used(running: GatewayProcess) -> int | None:
    limits = running.call("GET", "/v1/usage").json().get("limits", ())
    return next((int(one["used"]) for one in limits if one["scope"] == "global"), None)


Told = tuple[str, str, int, int]
"""The text of an answer, why it ended, and the tokens of its input and output."""


def chat(running: GatewayProcess, model: str) -> Told:
    client = openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0, timeout=60)
    asked = client.chat.completions.stream(
        model=model, messages=[{"role": "user", "content": QUESTION}], stream_options={"include_usage": True}
    )
    with asked as stream:
        chunks = [event.chunk for event in stream if event.type == "chunk"]
        whole = stream.get_final_completion()
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    roles = [choice.delta.role for chunk in chunks for choice in chunk.choices if choice.delta.role]
    ends = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert (roles, len(ends), sum(chunk.usage is not None for chunk in chunks)) == (["assistant"], 1, 1)
    assert whole.usage is not None
    return (
        whole.choices[0].message.content or "",
        ends[0],
        whole.usage.prompt_tokens,
        whole.usage.completion_tokens,
    )


def messages(running: GatewayProcess, model: str) -> Told:
    client = anthropic.Anthropic(base_url=running.origin, api_key=running.key, max_retries=0, timeout=60)
    asked = client.messages.stream(model=model, max_tokens=1000, messages=[{"role": "user", "content": QUESTION}])
    with asked as stream:
        kinds = [event.type for event in stream]
        whole = stream.get_final_message()
    starts, stops = kinds.count("content_block_start"), kinds.count("content_block_stop")
    assert (kinds[0], kinds.count("message_start"), starts, stops) == ("message_start", 1, 1, 1)
    assert (kinds[-1], kinds.count("message_stop"), kinds.count("message_delta")) == ("message_stop", 1, 1)
    (block,) = whole.content
    assert block.type == "text"
    return block.text, str(whole.stop_reason), whole.usage.input_tokens, whole.usage.output_tokens


def gemini(running: GatewayProcess, model: str) -> Told:
    client = genai.Client(api_key=running.key, http_options=HttpOptions(base_url=running.origin, timeout=60_000))
    chunks = list(
        client.models.generate_content_stream(
            model=model, contents=QUESTION, config=GenerateContentConfig(max_output_tokens=1000)
        )
    )
    assert len({chunk.response_id for chunk in chunks}) == 1
    found = [candidate for chunk in chunks for candidate in chunk.candidates or ()]
    ends = [one.finish_reason.value for one in found if one.finish_reason]
    usage = chunks[-1].usage_metadata
    assert len(ends) == 1
    assert usage is not None
    text = "".join(chunk.text or "" for chunk in chunks)
    return text, ends[0], usage.prompt_token_count or 0, usage.candidates_token_count or 0


def responses(running: GatewayProcess, model: str) -> Told:
    client = openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0, timeout=60)
    with client.responses.stream(model=model, input=QUESTION) as stream:
        events = list(stream)
        whole = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events].count("response.completed") == 1
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert whole.output_text == said
    assert whole.usage is not None
    return said, str(whole.status), whole.usage.input_tokens, whole.usage.output_tokens


Client = Callable[[GatewayProcess, str], Told]
CLIENTS: dict[str, Client] = {"chat": chat, "messages": messages, "gemini": gemini, "responses": responses}
PLACES = cycle(range(3, 60))
"""Where streams are cut, mostly elsewhere: a target that fails three times in a row is asked last."""


def rows(running: GatewayProcess, model: str, least: int) -> list[dict[str, str]]:
    """Return the rows of what asked for `model`, in the order of its attempts, once there are so many."""
    columns = "id,requested_model,model,end_reason,count,input_tokens,output_tokens,cost_usd,changed,status"

    def read() -> list[dict[str, str]]:
        text = running.call("GET", f"/api/v1/ledger/export?columns={columns}").body.decode()
        found = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        return sorted((row for row in found if row["requested_model"] == model), key=lambda row: row["id"])

    wait_until("the rows", lambda: len(read()) >= least)
    return read()


@pytest.mark.parametrize("alias", [name.removesuffix("-*") for name in GOING_ON])
@pytest.mark.parametrize("dialect", CLIENTS)
def test_a_stream_that_broke_is_told_as_if_it_had_not(running: GatewayProcess, dialect: str, alias: str) -> None:
    ask = CLIENTS[dialect]
    text, end, _, _ = ask(running, "messages/lorem")
    before = used(running)
    model = f"{alias}-cut@{next(PLACES)}"

    told, why, input_tokens, output_tokens = ask(running, model)

    assert (told, why) == (text, end)
    attempts = rows(running, model, 4 if alias == "thrice" else 2)
    assert [row["count"] for row in attempts] == ["0"] * (len(attempts) - 1) + ["1"]
    assert [row["end_reason"] for row in attempts][-1] == "completed"
    assert attempts[-1]["changed"] == f"continued {attempts[-2]['id']}"
    assert sum(int(row["input_tokens"]) for row in attempts) == input_tokens
    assert sum(int(row["output_tokens"]) for row in attempts) == output_tokens
    assert all(Decimal(row["cost_usd"]) > 0 for row in attempts)
    wait_until("the limits", lambda: used(running) == (before or 0) + 1)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("dialect", ["chat", "messages", "gemini"])
def test_however_it_broke(running: GatewayProcess, dialect: str, fault: str) -> None:
    ask = CLIENTS[dialect]
    alias = "messages-prefixed" if dialect == "messages" else "chat-messages"

    assert ask(running, f"{alias}-{fault}")[:2] == ask(running, "messages/lorem")[:2]


@pytest.mark.parametrize("frames", range(1, 20, 3))
def test_wherever_it_broke(running: GatewayProcess, frames: int) -> None:
    expected = chat(running, "messages/lorem")[:2]

    assert chat(running, f"chat-messages-cut@{frames}")[:2] == expected
    assert chat(running, f"chat-prefixed-cut@{frames}")[:2] == expected


@pytest.mark.parametrize("alias", [*(name.removesuffix("-*") for name in ENDING), "as-before"])
@pytest.mark.parametrize("dialect", CLIENTS)
def test_what_nobody_goes_on_with_ends_with_an_error(running: GatewayProcess, dialect: str, alias: str) -> None:
    model = f"{alias}-cut@{next(PLACES)}"
    with pytest.raises(ERRORS):
        CLIENTS[dialect](running, model)

    attempts = rows(running, model, 2 if alias == "all-fail" else 1)
    assert len(attempts) == (2 if alias == "all-fail" else 1)
    assert attempts[-1]["count"] == "1"
    assert attempts[-1]["end_reason"] == "provider_cut"


def test_a_place_that_refuses_to_go_on_is_passed_over(running: GatewayProcess) -> None:
    model = f"refused-once-cut@{next(PLACES)}"

    assert chat(running, model)[:2] == chat(running, "messages/lorem")[:2]

    assert [row["end_reason"] for row in rows(running, model, 3)] == ["provider_cut", "client_error", "completed"]


def test_a_stream_that_broke_before_its_first_word_is_asked_for_anew(running: GatewayProcess) -> None:
    for ask, name in (
        (chat, "none-goes-on-cut@0"),
        (messages, "messages-second-cut@1"),
        (gemini, "gemini-second-cut@0"),
    ):
        assert ask(running, name)[0] == ask(running, "messages/lorem")[0]


def test_an_answer_that_has_begun_a_call_ends_with_an_error(running: GatewayProcess) -> None:
    client = openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0, timeout=60)
    schema: dict[str, object] = {"type": "object", "properties": {"city": {"enum": ["Ulm"]}}, "required": ["city"]}
    tool: ChatCompletionToolParam = {"type": "function", "function": {"name": "get_weather", "parameters": schema}}
    said: list[str] = []

    def ask() -> None:
        for chunk in client.chat.completions.create(
            model="chat-messages-cut@2", messages=[{"role": "user", "content": "use tool"}], tools=[tool], stream=True
        ):
            said.extend(choice.delta.model_dump_json() for choice in chunk.choices)

    with pytest.raises(openai.APIError):
        ask()

    assert "get_weather" in "".join(said)
    assert [row["count"] for row in rows(running, "chat-messages-cut@2", 1)] == ["1"]
