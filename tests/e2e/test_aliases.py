"""Aliases as clients and operators meet them, over the real processes."""

import csv
import io
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai

from tests.conftest import StartGateway
from tests.e2e.matrix.conftest import PROVIDERS
from tokenrouter.testing.processes import Answer, GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e

TOROD = str(Path(sys.executable).with_name("torod"))
PROFILE = "/api/v1/settings/active_model_profile"
PUPIL = "tr_pupil-key-0123456789-0123456789"
RULES = f"""
[[aliases]]
name = "fast"
targets = [
  "chat/echo",
  {{ target = "messages/echo", profile = "home" }},
  {{ target = "gemini/echo", profile = "away" }},
]

[[aliases]]
name = "fast"
scope = "team:physics"
targets = ["responses/echo"]

[[aliases]]
name = "short"
targets = ["messages/echo"]
use_light_model = true
light_model = "chat/echo"
light_model_threshold = 10

[[aliases]]
name = "split"
targets = [{{ target = "chat/echo", weight = 1 }}, {{ target = "messages/echo", weight = 1 }}]

[[aliases]]
name = "gpt-*"
targets = ["keyless/unreachable", "chat/lorem-*"]

[[aliases]]
name = "capped-*"
targets = ["chat/lorem-*"]

[[limits]]
scope = "alias:capped-*"
metric = "requests"
amount = 2

[[incoming_tokens]]
name = "pupil"
key = "{PUPIL}"
team = "physics"
allowed_models = ["fast"]

[[providers]]
name = "keyless"
provider_type = "openai"
"""


@pytest.fixture
def running(gateway: StartGateway, sandbox: SandboxProcess) -> GatewayProcess:
    """A gateway of one test's own."""
    return _started(gateway, sandbox)


@pytest.fixture(scope="module")
def lasting(shared_gateway: StartGateway, sandbox: SandboxProcess) -> GatewayProcess:
    return _started(shared_gateway, sandbox)


@pytest.fixture
def shared(lasting: GatewayProcess) -> GatewayProcess:
    """A gateway that tests ask one after the other; each begins with the profile of the file."""
    use(lasting, "default")
    return lasting


def _started(gateway: StartGateway, sandbox: SandboxProcess) -> GatewayProcess:
    root = sandbox.base_url.removesuffix("/v1")
    providers = "".join(
        f'[[providers]]\nname = "{name}"\napi_key = "{name}"\n{text.format(root=root)}\n'
        for name, text in PROVIDERS.items()
    )
    started = gateway(providers + RULES)
    wait_until("the control process", lambda: started.call("GET", "/api/v1/version").status == 200)
    return started


def ask(running: GatewayProcess, model: str, text: str = "hello", *, key: str = "", stream: bool = False) -> Answer:
    body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}
    return running.call("POST", "/v1/chat/completions", json_body=body, key=key)


def asked_provider(running: GatewayProcess, model: str, text: str = "hello", *, key: str = "") -> str:
    answer = ask(running, model, text, key=key)
    assert answer.status == 200, answer.body
    return answer.headers["x-tokenrouter-provider"]


def use(running: GatewayProcess, profile: str) -> None:
    answer = running.call("PUT", PROFILE, json_body={"value": profile})
    assert answer.status == 200, answer.body


def torod(running: GatewayProcess, *args: str) -> None:
    argv = [TOROD, *args, "--config", str(running.config_file)]
    subprocess.run(argv, env=dict(running.home.env), check=True, capture_output=True)


@pytest.mark.parametrize("profile", ["default", "home", "away"])
def test_an_alias_is_a_model_to_the_clients_of_every_dialect(shared: GatewayProcess, profile: str) -> None:
    use(shared, profile)
    messages: Any = [{"role": "user", "content": "Grüße"}]
    with openai.OpenAI(base_url=shared.base_url, api_key=shared.key, max_retries=0) as chat:
        said = chat.chat.completions.create(model="fast", messages=messages).choices[0].message.content
        assert said == "Grüße"
        with chat.chat.completions.stream(model="fast", messages=messages) as stream:
            assert stream.get_final_completion().choices[0].message.content == "Grüße"
        shown: Any = chat.models.retrieve("fast")
        assert (shown.alias, shown.profile, shown.resolved_model) == (True, profile, "echo")
    with anthropic.Anthropic(base_url=shared.origin, api_key=shared.key, max_retries=0) as claude:
        told: Any = claude.messages.create(model="fast", max_tokens=99, messages=messages).content[0]
        assert told.text == "Grüße"
        with claude.messages.stream(model="fast", max_tokens=99, messages=messages) as events:
            assert events.get_final_text() == "Grüße"
        assert "fast" in [model.id for model in claude.models.list()]
    gemini = genai.Client(api_key=shared.key, http_options={"base_url": shared.origin})
    assert gemini.models.generate_content(model="fast", contents="Grüße").text == "Grüße"
    parts = gemini.models.generate_content_stream(model="fast", contents="Grüße")
    assert "".join(part.text or "" for part in parts) == "Grüße"
    assert "models/fast" in [model.name for model in gemini.models.list()]


def test_the_books_have_the_alias_and_what_it_led_to(running: GatewayProcess) -> None:
    assert asked_provider(running, "gpt-20") == "chat"

    columns = "alias,requested_model,provider,model,status"

    def rows() -> list[dict[str, str]]:
        text = running.call("GET", f"/api/v1/ledger/export?columns={columns}").body.decode()
        return [row for row in csv.DictReader(io.StringIO(text, newline=""), strict=True) if row["alias"]]

    wait_until("the row", lambda: bool(rows()))
    assert [tuple(row.values()) for row in rows()] == [("gpt-*", "gpt-20", "chat", "lorem-20", "200")]


def test_limits_of_an_alias_count_what_was_asked_for_under_its_name(running: GatewayProcess) -> None:
    wait_until("the counters", lambda: ask(running, "capped-20").status == 200)

    statuses = [ask(running, model).status for model in ("capped-20", "capped-40", "chat/lorem-20")]

    assert statuses == [200, 429, 200]


def test_a_teams_alias_comes_first_and_allows_what_it_leads_to(shared: GatewayProcess) -> None:
    assert asked_provider(shared, "fast") == "chat"
    assert asked_provider(shared, "fast", key=PUPIL) == "responses"
    assert [ask(shared, model, key=PUPIL).status for model in ("responses/echo", "short")] == [403, 403]
    listed = shared.call("GET", "/v1/models", key=PUPIL).json()["data"]
    assert [(card["id"], card["resolved_provider"]) for card in listed] == [("fast", "responses")]


def test_short_requests_go_to_the_light_model(shared: GatewayProcess) -> None:
    assert asked_provider(shared, "short", "x" * 39) == "chat"
    assert asked_provider(shared, "short", "x" * 40) == "messages"


def test_weights_share_conversations_out_and_each_stays_where_it_is(shared: GatewayProcess) -> None:
    homes = {text: asked_provider(shared, "split", text) for text in map(str, range(30))}

    assert set(homes.values()) == {"chat", "messages"}
    assert homes == {text: asked_provider(shared, "split", text) for text in homes}


def test_an_alias_made_by_the_api_is_there_at_once_and_gone_at_once(shared: GatewayProcess) -> None:
    made = shared.call("POST", "/api/v1/aliases", json_body={"name": "new", "targets": ["gemini/echo"]})
    assert (made.status, made.json()["leads_to"]) == (201, ["gemini/echo"])
    assert asked_provider(shared, "new") == "gemini"

    change = {"targets": ["messages/echo"]}
    assert shared.call("PATCH", "/api/v1/aliases/new", json_body=change).status == 200
    assert asked_provider(shared, "new") == "messages"

    assert shared.call("DELETE", "/api/v1/aliases/new").status == 200
    assert "new" not in [card["id"] for card in shared.call("GET", "/v1/models").json()["data"]]


def test_what_is_done_by_command_line_is_followed_and_outlives_a_restart(running: GatewayProcess) -> None:
    torod(running, "aliases", "set", "mine", "chat/echo", "away=gemini/echo")
    wait_until("the alias", lambda: ask(running, "mine").status == 200)
    assert asked_provider(running, "mine") == "chat"
    torod(running, "profile", "use", "away")
    wait_until("the profile", lambda: asked_provider(running, "mine") == "gemini")

    running.stop()
    running.start()

    assert (asked_provider(running, "mine"), asked_provider(running, "fast")) == ("gemini", "gemini")
    torod(running, "profile", "reset")
    wait_until("the profile of the file", lambda: asked_provider(running, "fast") == "chat")


def test_switching_the_profile_under_load_fails_no_request_and_counts_from_the_next_one(
    running: GatewayProcess,
) -> None:
    answers: Counter[tuple[int, str]] = Counter()
    done = threading.Event()

    def keep_asking(number: int) -> None:
        while not done.is_set():
            answer = ask(running, "fast", "word " * 9, stream=bool(number % 2))
            answers[answer.status, answer.headers.get("x-tokenrouter-provider", "")] += 1

    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(keep_asking, number) for number in range(6)]
        try:
            for profile, provider in [("home", "messages"), ("away", "gemini"), ("default", "chat")] * 5:
                use(running, profile)
                assert asked_provider(running, "fast") == provider
        finally:
            done.set()
        for one in asking:
            one.result()

    assert {status for status, _ in answers} == {200}
    assert {provider for _, provider in answers} == {"chat", "messages", "gemini"}
