"""Faults of a provider of which a client is to notice nothing: whole and streamed, equal and translated."""

import csv
import io

import openai
import pytest

from tests.conftest import StartGateway
from tests.e2e.matrix.conftest import PROVIDERS
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e

RULES = """
[[aliases]]
name = "same-*"
targets = ["chat/fault/*"]
fallback = "chat/lorem-20"

[[aliases]]
name = "translated-*"
targets = ["chat/fault/*"]
fallback = "messages/lorem-20"

[[aliases]]
name = "from-messages-*"
targets = ["messages/fault/*"]
fallback = "chat/lorem-20"

[[limits]]
scope = "global"
metric = "requests"
window = "lifetime"
amount = 100000
"""
TIMEOUTS = "timeouts = { first_byte_s = 1.0, between_bytes_s = 1.0 }\n"
BEFORE = ["refuse", "401", "429", "500", "503", "silent", "wrong-type"]
"""Faults before anything of an answer is there."""
MIDWAY = ["cut", "clean-cut", "malformed-chunk", "error-midstream", "stall"]
"""Faults after some of a stream is with the client."""
ALIASES = ["same", "translated", "from-messages"]


@pytest.fixture
def running(gateway: StartGateway, sandbox: SandboxProcess) -> GatewayProcess:
    root = sandbox.base_url.removesuffix("/v1")
    providers = "".join(
        f'[[providers]]\nname = "{name}"\napi_key = "{name}"\n{TIMEOUTS}{text.format(root=root)}\n'
        for name, text in PROVIDERS.items()
    )
    started = gateway(providers + RULES)
    wait_until("the counters", lambda: "0" in used(started), 20)
    return started


def used(running: GatewayProcess) -> str:
    limits = running.call("GET", "/v1/usage").json().get("limits", ())
    return next((str(one["used"]) for one in limits if one["scope"] == "global"), "")


def whole(client: openai.OpenAI, model: str) -> str:
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hello"}])
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    return answer.choices[0].message.content or ""


def streamed(client: openai.OpenAI, model: str) -> str:
    text, ending = "", ""
    for chunk in client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "hello"}], stream=True
    ):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            ending = choice.finish_reason or ending
    assert ending == "stop"
    return text


def rows(running: GatewayProcess) -> list[dict[str, str]]:
    text = running.call("GET", "/api/v1/ledger/export?columns=id,alias,provider,model,status,count").body.decode()
    return [row for row in csv.DictReader(io.StringIO(text, newline=""), strict=True) if row["alias"]]


@pytest.mark.parametrize("alias", ALIASES)
def test_what_fails_before_the_first_content_is_answered_from_elsewhere(running: GatewayProcess, alias: str) -> None:
    with openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0, timeout=20) as client:
        expected = whole(client, "chat/lorem-20")
        for fault in BEFORE:
            assert whole(client, f"{alias}-{fault}") == expected, fault
            assert streamed(client, f"{alias}-{fault}") == expected, fault
        for fault in ("not-json", "cut"):
            assert whole(client, f"{alias}-{fault}") == expected, fault
        assert streamed(client, f"{alias}-error-event") == expected

    made = 2 * len(BEFORE) + 3
    wait_until("a row for each request", lambda: len([row for row in rows(running) if row["count"] == "1"]) == made, 20)
    told = rows(running)
    assert all(row["status"] == "200" for row in told if row["count"] == "1")
    assert all(row["count"] == "0" for row in told if "fault" in row["model"]), "what failed counts nowhere"
    assert {row["id"].partition(".")[2] for row in told} == {"", "2"}
    faults = {row["model"].removeprefix("fault/") for row in told}
    assert faults >= {*BEFORE, "not-json", "cut", "error-event"}, "each was asked before another one was"
    assert used(running) == str(made + 1)


@pytest.mark.parametrize("alias", ALIASES)
def test_a_stream_that_breaks_in_the_middle_is_an_error_or_whole_from_elsewhere(
    running: GatewayProcess, alias: str
) -> None:
    with openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0, timeout=20) as client:
        expected = whole(client, "chat/lorem-20")
        for fault in MIDWAY:
            try:
                text = streamed(client, f"{alias}-{fault}")
            except (openai.OpenAIError, ValueError):
                continue  # the last: in the client's own dialect a line that is no JSON passes as it is
            assert text == expected, f"{fault}: nothing of it had gone out, so another one has answered"


@pytest.mark.parametrize("alias", ALIASES)
def test_what_the_client_has_to_mend_is_told_and_tried_nowhere_else(running: GatewayProcess, alias: str) -> None:
    with (
        openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0) as client,
        pytest.raises(openai.BadRequestError),
    ):
        whole(client, f"{alias}-400")


def test_where_every_target_fails_the_last_error_is_told(gateway: StartGateway, sandbox: SandboxProcess) -> None:
    provider = f'[[providers]]\nname = "p"\napi_key = "k"\nbase_url = "{sandbox.base_url}"\n'
    running = gateway(provider + '[[aliases]]\nname = "a"\ntargets = ["p/fault/500", "p/fault/429"]\n')
    with (
        openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0) as client,
        pytest.raises(openai.RateLimitError) as told,
    ):
        whole(client, "a")

    assert told.value.response.headers["retry-after"] == "1"
    assert int(told.value.response.headers["x-tokenrouter-attempts"]) == 4, "two waits of a second, as it asks"
