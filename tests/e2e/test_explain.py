"""Requests that say where they want to go, explained before and read afterwards, over the real processes."""

import csv
import io
import json
import subprocess
import sys
from typing import Any

import anthropic
import openai
import pytest
from google import genai

from tests.conftest import StartGateway
from tests.e2e.matrix.conftest import PROVIDERS
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e

PUPIL = "tr_pupil-key-0123456789-0123456789"
CHAT = "/v1/chat/completions"
OTHER = "tr_other-key-0123456789-0123456789"
RULES = f"""
[[aliases]]
name = "steady"
targets = ["chat/fault/503", "messages/echo", "keyless/x"]

[[incoming_tokens]]
name = "pupil"
key = "{PUPIL}"
allowed_models = ["chat/*", "messages/*", "steady"]

[[incoming_tokens]]
name = "other"
key = "{OTHER}"

[[limits]]
scope = "key:pupil"
metric = "tokens"
amount = 100000

[[prices]]
provider = "chat"
model = "*"
input_per_1m = 5.0
output_per_1m = 5.0

[[prices]]
provider = "messages"
model = "*"
input_per_1m = 1.0
output_per_1m = 1.0

[[providers]]
name = "keyless"
provider_type = "openai"
"""
MESSAGES: Any = [{"role": "user", "content": "hello there"}]


@pytest.fixture
def running(gateway: StartGateway, sandbox: SandboxProcess) -> GatewayProcess:
    """A gateway of one test's own: nothing was used yet, and every provider is thought well of."""
    return _started(gateway, sandbox)


@pytest.fixture(scope="module")
def shared(shared_gateway: StartGateway, sandbox: SandboxProcess) -> GatewayProcess:
    """A gateway for those who do not mind what was asked before."""
    return _started(shared_gateway, sandbox)


def _started(gateway: StartGateway, sandbox: SandboxProcess) -> GatewayProcess:
    root = sandbox.base_url.removesuffix("/v1")
    lists = 'models = ["echo", "fault/503"]'
    providers = "".join(
        f'[[providers]]\nname = "{name}"\napi_key = "{name}"\n{lists}\n{text.format(root=root)}\n'
        for name, text in PROVIDERS.items()
    )
    started = gateway(providers + RULES)
    nothing = {"model": "chat/echo", "messages": []}  # is refused by the provider, and uses nothing up
    wait_until("the counters", lambda: started.call("POST", CHAT, json_body=nothing, key=PUPIL).status == 400)
    return started


def client(running: GatewayProcess) -> openai.OpenAI:
    return openai.OpenAI(base_url=running.base_url, api_key=PUPIL, max_retries=0)


def explained(running: GatewayProcess, asker: str = PUPIL, **body: Any) -> dict[str, Any]:
    answer = running.call("POST", "/v1/route/explain", json_body=body, key=asker)
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.json()
    return told


def decided(running: GatewayProcess, request_id: str, key: str = PUPIL) -> dict[str, Any]:
    answer = running.call("GET", f"/v1/route/decisions/{request_id}", key=key)
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.json()["decision"]
    return told


WISHES: list[dict[str, Any]] = [
    {"models": ["chat/fault/500", "messages/echo"]},
    {"models": ["nobody-has/this", "steady"], "provider": {"ignore": ["responses"]}},
    {"model": "echo", "provider": {"sort": "price", "only": ["chat", "messages"]}},
    {"model": "echo:floor", "models": ["chat/echo"]},
    {"model": "steady", "provider": {"order": ["messages"], "quantizations": ["fp8"]}},
    {"model": "steady"},
    {"model": "chat/echo"},
]


def test_a_request_of_openais_sdk_does_what_its_explanation_said(running: GatewayProcess) -> None:
    with client(running) as chat:
        for wishes in WISHES:
            told = explained(running, **wishes, messages=MESSAGES)
            extra = {name: value for name, value in wishes.items() if name != "model"}
            model = wishes.get("model", wishes.get("models", [""])[0])
            raw = chat.chat.completions.with_raw_response.create(model=model, messages=MESSAGES, extra_body=extra)
            request_id = raw.headers.get("x-tokenrouter-decision", "") or raw.headers["x-request-id"]
            record = decided(running, request_id)

            places = [place["target"] for place in told["places"]]
            asked = [attempt["target"] for attempt in record.pop("attempts", [{"target": "chat/echo"}])]
            assert record == told["decision"]
            assert asked == places[: len(asked)]
            assert asked[-1].partition("/")[0] == raw.headers["x-tokenrouter-provider"]
            assert raw.headers.get("x-tokenrouter-dropped", "") == ", ".join(told["unheard"])
            assert ("x-tokenrouter-decision" in raw.headers) == (wishes != {"model": "chat/echo"})


def test_the_admin_api_explains_the_same_for_every_key(shared: GatewayProcess) -> None:
    request = {"model": "steady", "messages": MESSAGES}
    there = explained(shared, **request)
    answer = shared.call("POST", "/api/v1/route/explain", json_body={"request": request, "key": "pupil"})
    refused = shared.call("POST", "/api/v1/route/explain", json_body={"request": {"model": 7}})

    told = answer.json()
    assert (answer.status, told["key"]) == (200, there["key"])
    assert [place["target"] for place in told["places"]] == [place["target"] for place in there["places"]]
    assert {name: part for name, part in told["decision"].items() if part} == there["decision"]
    assert [limit["scope"] for limit in told["limits"]] == [limit["scope"] for limit in there["limits"]]
    assert (refused.status, refused.json()["code"]) == (400, "invalid_request")


def test_other_sdks_can_wish_too(shared: GatewayProcess) -> None:
    claude = anthropic.Anthropic(base_url=shared.origin, api_key=PUPIL, max_retries=0)
    message = claude.messages.with_raw_response.create(
        model="chat/fault/503", max_tokens=20, messages=MESSAGES, extra_body={"models": ["messages/echo"]}
    )
    response = client(shared).responses.with_raw_response.create(
        model="echo", input="hello", extra_body={"provider": {"only": ["messages"]}}
    )
    gemini = genai.Client(api_key=PUPIL, http_options={"base_url": shared.origin})
    content = gemini.models.generate_content(model="echo:floor", contents="hello")

    assert message.headers["x-tokenrouter-provider"] == response.headers["x-tokenrouter-provider"] == "messages"
    assert content.sdk_http_response is not None
    assert (content.sdk_http_response.headers or {})["x-tokenrouter-provider"] == "messages"


def test_the_ledger_keeps_the_record_and_shows_it_to_whom_it_concerns(running: GatewayProcess) -> None:
    raw = client(running).chat.completions.with_raw_response.create(model="steady", messages=MESSAGES)
    request_id = raw.headers["x-tokenrouter-decision"]

    record = decided(running, request_id)
    row = running.call("GET", f"/api/v1/ledger/{request_id}").json()
    export = running.call("GET", "/api/v1/ledger/export?month=2026-11&columns=id,decision")
    exported = {line["id"]: line["decision"] for line in csv.DictReader(io.StringIO(export.body.decode()))}

    assert [attempt["outcome"] for attempt in record["attempts"]] == ["provider_refused", "completed"]
    assert record["left_out"] == {"keyless/x": "no_key"}
    assert {name: part for name, part in row["decision"].items() if part} == record
    assert [attempt["id"] for attempt in row["attempts"]] == [request_id, f"{request_id}.2"]
    if exported:
        assert json.loads(exported[f"{request_id}.2"]) == record
    assert running.call("GET", f"/v1/route/decisions/{request_id}", key=OTHER).status == 404
    assert running.call("GET", f"/api/v1/ledger/{request_id}", key=PUPIL).status == 200  # it asked
    assert running.call("GET", f"/api/v1/ledger/{request_id}", key=OTHER).status == 404


def test_an_admin_asks_for_another_key_and_nobody_else_does(shared: GatewayProcess) -> None:
    mine = explained(shared, "", model="steady", input_tokens=10)
    theirs = explained(shared, "", model="steady", input_tokens=10, key="pupil")
    refused = shared.call("POST", "/v1/route/explain", json_body={"model": "steady", "key": "other"}, key=PUPIL)

    assert [limit["scope"] for limit in theirs["limits"]] == ["key:pupil"]
    assert mine["limits"] == []
    assert (refused.status, refused.json()["error"]["code"]) == (403, "role_not_allowed")


def test_explaining_leaves_no_row_and_uses_nothing(running: GatewayProcess) -> None:
    before = running.call("GET", "/v1/usage", key=PUPIL).json()
    explained(running, model="steady", messages=MESSAGES)

    told = running.call("GET", "/v1/usage", key=PUPIL).json()
    assert told["used"]["lifetime"]["requests"] == before["used"]["lifetime"]["requests"]
    assert [limit["used"] for limit in told["limits"]] == [0]


def test_toro_explains_to_a_person(running: GatewayProcess) -> None:
    command = [sys.executable, "-m", "tokenrouter.cli.toro", "explain", "steady", "--input-tokens", "1000"]
    environ = {**running.home.env, "TOKENROUTER_URL": running.base_url, "TOKENROUTER_API_KEY": PUPIL}

    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "1  chat/fault/503  open" in done.stdout
    assert "keyless/x  the provider has no key" in done.stdout
    assert "key:pupil  tokens lifetime  100000 of 100000 left" in done.stdout
