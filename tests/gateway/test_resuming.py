import json
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.gateway.fakes import KEY, Notes, Told, catalog
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.bridge import HubBridge
from tokenrouter.dialects.delivered import Seam
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_chat.completions import COMPLETIONS
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.answers import Begun, ItemBegun, TextGrew
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.items import Message
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.entrance import asked_by
from tokenrouter.gateway.lanes import Books, Lane, lanes_of
from tokenrouter.gateway.resuming import passing_decoder, resuming_lane

SAYS = Message("assistant", ())
SEAM = Seam((Begun(), ItemBegun(0, SAYS), TextGrew(0, "Well ")), 0, "Well ", tokens=2)
ASKED: dict[str, Any] = {"model": "p/m", "messages": [{"role": "user", "content": "hi"}], "stream": True}


def lane(kind: str, dialect: Dialect = CHAT, model: str = "m") -> Lane:
    provider = Provider("p", kind, "http://127.0.0.1:9", secret="k")
    directory = Directory(catalog(providers=(provider,)), b"")
    principal = directory.authenticate((KEY,), 0.0)
    return lanes_of(directory, principal, dialect, f"p/{model}", Told(), books=Books(Notes())).lanes[0]


def resumed(at: Lane, seam: Seam = SEAM, **more: Any) -> Lane | None:
    body = json.dumps(ASKED | more).encode()
    call = Call(CallHead(CHAT, b""), body, "req_1", time.time(), time.monotonic(), seam=seam)
    return resuming_lane(at, call, CHAT.peek(body), StateMemory(), "t")


@pytest.mark.parametrize(
    ("kind", "model", "goes_on"),
    [
        ("mistral", "m", True),
        ("vllm", "m", True),
        ("llama-cpp", "m", True),
        ("anthropic", "claude-sonnet-4-5", True),
        ("anthropic", "claude-opus-4-6", False),
        ("anthropic", "claude-opus-5", False),
        ("openai", "m", False),
        ("google-gemini", "m", False),
        ("deepseek", "m", False),
        ("openrouter", "m", False),
        ("openai-compatible", "m", False),
    ],
)
def test_only_models_that_are_known_to_go_on_are_asked_to(kind: str, model: str, goes_on: bool) -> None:
    assert (resumed(lane(kind, model=model)) is not None) is goes_on


def test_before_the_first_word_any_model_may_answer() -> None:
    assert resumed(lane("openai"), Seam((Begun(),), None, "")) is not None


@pytest.mark.parametrize(
    "more",
    [
        {"n": 2},
        {"response_format": {"type": "json_object"}},
        {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"},
        {"messages": [*ASKED["messages"], {"role": "assistant", "content": "So"}]},
        {"messages": []},
        {"messages": [7]},
    ],
    ids=str,
)
def test_what_holds_an_answer_from_its_first_word_is_not_gone_on_with(more: dict[str, Any]) -> None:
    assert resumed(lane("mistral"), **more) is None


def test_thinking_allows_no_beginning() -> None:
    at = lane("anthropic", model="claude-sonnet-4-5")

    assert resumed(at, reasoning_effort="high") is None
    assert resumed(at, reasoning_effort="none") is not None


@pytest.mark.parametrize(("own", "limit", "told"), [(None, None, None), (50, None, 48), (50, 10, 10), (1, None, 1)])
def test_the_rest_is_bounded_by_what_the_client_has_left(own: int | None, limit: int | None, told: int | None) -> None:
    found = resumed(lane("mistral"))
    assert found is not None
    assert isinstance(found.bridge, HubBridge)
    body = json.dumps(ASKED | ({} if own is None else {"max_tokens": own})).encode()
    from_call = Call(CallHead(CHAT, b""), body, "req_1", 0.0, 0.0, seam=SEAM)
    crossing = found.bridge.cross(body, replace(asked_by(from_call, CHAT.peek(body)), output_limit=limit))

    sent = json.loads(crossing.body)

    assert sent.get("max_tokens") == told
    assert sent["messages"][-1] == {"role": "assistant", "content": "Well", "prefix": True}
    assert crossing.encoded.repeats == "Well"


@pytest.mark.parametrize(
    ("kind", "dialect", "reads"),
    [
        ("openai", CHAT, True),
        ("anthropic", MESSAGES, True),
        ("google-gemini", GENERATE_CONTENT, True),
        ("openai", RESPONSES, False),
        ("openai-compatible", COMPLETIONS, False),
    ],
)
def test_streams_that_pass_are_read_where_something_can_follow_them(kind: str, dialect: Dialect, reads: bool) -> None:
    assert (passing_decoder(lane(kind, dialect)) is not None) is reads
