"""Conversations of coding agents through two deployments: the prompt cache is as warm as with one.

Several sessions take turns, each of them sends all of its conversation every time, and the sandbox remembers prompts
per account as vendors do.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conftest import StartGateway
from tests.e2e.matrix.conftest import PROVIDERS
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess

pytestmark = pytest.mark.e2e

SESSIONS = 8
TURNS = 6
MODEL = "lorem-5"
ACCOUNTS = {"one": ["one"], "kept": ["kept-1", "kept-2"], "mixed": ["mixed-1", "mixed-2"]}
"""By the name of the alias: one deployment, two that keep conversations together, and two that do not."""
WORDS = random.Random(5).choices(["parser", "token", "build", "error", "the", "of", "return", "test"], k=40_000)


def text(seed: int, chars: int) -> str:
    """Text of which no two beginnings are alike."""
    start = seed * 977 % (len(WORDS) - chars)
    return f"{seed}: {' '.join(WORDS[start : start + chars])}"[:chars]


SYSTEM = text(1, 8000)


def turns_of(session: int, turn: int) -> Iterator[tuple[str, str]]:
    """What was said in a session by its turn: a task, and then files that were read for it."""
    for number in range(turn + 1):
        if number:
            yield "assistant", f"Reading file {number} of {session}."
        yield "user", text(1000 + 100 * session + number, 4000 if number else 1200)


def chat(session: int, turn: int) -> dict[str, Any]:
    said = [{"role": role, "content": content} for role, content in turns_of(session, turn)]
    return {"messages": [{"role": "system", "content": SYSTEM}, *said]}


def responses(session: int, turn: int) -> dict[str, Any]:
    said = [{"role": role, "content": content} for role, content in turns_of(session, turn)]
    return {"instructions": SYSTEM, "input": said, "store": False}


def messages(session: int, turn: int) -> dict[str, Any]:
    """As Claude's agents do: the end of each prompt is marked for the cache."""
    mark = {"cache_control": {"type": "ephemeral"}}
    said: list[dict[str, Any]] = [
        {"role": role, "content": [{"type": "text", "text": content}]} for role, content in turns_of(session, turn)
    ]
    said[-1]["content"][0] |= mark
    return {"max_tokens": 50, "system": [{"type": "text", "text": SYSTEM, **mark}], "messages": said}


def cached_in_chat(usage: dict[str, Any]) -> tuple[int, int]:
    return usage["prompt_tokens_details"]["cached_tokens"], usage["prompt_tokens"]


def cached_in_responses(usage: dict[str, Any]) -> tuple[int, int]:
    return usage["input_tokens_details"]["cached_tokens"], usage["input_tokens"]


def cached_in_messages(usage: dict[str, Any]) -> tuple[int, int]:
    read = usage["cache_read_input_tokens"]
    return read, read + usage["cache_creation_input_tokens"] + usage["input_tokens"]


@dataclass(frozen=True)
class Agent:
    """A coding agent: what it sends, and where the answer says how much was cached."""

    provider: str
    path: str
    body: Callable[[int, int], dict[str, Any]]
    cached: Callable[[dict[str, Any]], tuple[int, int]]
    named_in_body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


AGENTS = {
    "chat": Agent("chat", "/v1/chat/completions", chat, cached_in_chat),
    "responses": Agent("responses", "/v1/responses", responses, cached_in_responses),
    "messages": Agent("messages", "/v1/messages", messages, cached_in_messages),
    "codex": Agent("responses", "/v1/responses", responses, cached_in_responses, named_in_body="prompt_cache_key"),
    "claude-code": Agent(
        "messages", "/v1/messages", messages, cached_in_messages, headers={"X-Claude-Code-Session-Id": "s{session}"}
    ),
}


@pytest.fixture
def start(gateway: StartGateway, sandbox: SandboxProcess) -> Callable[[Agent], GatewayProcess]:
    root = sandbox.base_url.removesuffix("/v1")

    def begin(agent: Agent) -> GatewayProcess:
        name = next(name for name, one in AGENTS.items() if one is agent)
        lines = [
            f'[[providers]]\nname = "{account}"\napi_key = "{name}-{account}"\n{PROVIDERS[agent.provider]}'
            for accounts in ACCOUNTS.values()
            for account in accounts
        ]
        for alias, accounts in ACCOUNTS.items():
            targets = ", ".join(f'"{account}/{MODEL}"' for account in accounts)
            sticky = str(alias != "mixed").lower()
            lines.append(
                f'[[aliases]]\nname = "{alias}"\ntargets = [{targets}]\nselection = "weighted"\nsticky = {sticky}'
            )
        return gateway("\n".join(lines).format(root=root))

    return begin


def hit_rate(running: GatewayProcess, agent: Agent, alias: str) -> float:
    """Return which share of the trace's prompts was cached; it must have used all deployments."""
    cached = prompts = 0
    providers = set()
    for turn in range(TURNS):
        for session in range(SESSIONS):
            body = {"model": alias, **agent.body(session, turn)}
            if agent.named_in_body:
                body[agent.named_in_body] = f"s{session}"
            headers = {name: value.format(session=session) for name, value in agent.headers.items()}
            answer = running.call("POST", agent.path, json_body=body, headers=headers)
            assert answer.status == 200, answer.body
            read, tokens = agent.cached(answer.json()["usage"])
            cached += read
            prompts += tokens
            providers.add(answer.headers["x-tokenrouter-provider"])
    assert providers == set(ACCOUNTS[alias])
    return cached / prompts


@pytest.mark.parametrize("name", AGENTS)
def test_two_deployments_keep_prompts_as_warm_as_one(start: Callable[[Agent], GatewayProcess], name: str) -> None:
    agent = AGENTS[name]
    running = start(agent)

    one, kept, mixed = (hit_rate(running, agent, alias) for alias in ACCOUNTS)

    assert one > 0.5
    assert kept >= 0.95 * one, (one, kept, mixed)
    assert mixed < 0.95 * one, "the trace could not tell"
