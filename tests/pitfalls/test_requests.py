"""What goes wrong in the rest of a request: its turns, its parts, and its settings."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.gateway.fakes import Client, Notes, Provided, Scripted, catalog, gateway
from tests.gateway.test_translation import JSON, body_of, call
from tests.pitfalls.crossing import (
    ANTHROPIC,
    COMPATIBLE,
    GEMINI,
    OPENAI,
    SCHEMA,
    bridge,
    crossed,
    sent,
)
from tests.pitfalls.serving import Plane
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.domain.catalog import Provider

_PNG: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_INLINE: Final = {"type": "base64", "media_type": "image/png", "data": _PNG}
_DATA_URL: Final = f"data:image/png;base64,{_PNG}"
_ADDRESS: Final = "https://example.org/a.png"


def messages(*turns: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a request of an Anthropic client."""
    return {"messages": list(turns), "max_tokens": 4000, **fields}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


_SYSTEM: Final = messages(
    user("one"),
    {"role": "system", "content": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}]},
    {"role": "assistant", "content": "two"},
    user("three"),
)
"""As Claude Code sends it: a system turn right behind the first user turn."""


def test_14_a_system_turn_in_the_middle_stays_in_its_place() -> None:
    """14: it was refused (CLIProxyAPI#3608, #3625)."""
    chat = sent(bridge(COMPATIBLE, MESSAGES), _SYSTEM)["messages"]
    responses = sent(bridge(OPENAI, MESSAGES), _SYSTEM)["input"]

    assert [turn["role"] for turn in chat] == ["user", "system", "assistant", "user"]
    assert [turn["role"] for turn in responses] == ["user", "system", "assistant", "user"]


def test_14_where_it_may_not_stand_it_is_tagged_text_of_a_user_turn() -> None:
    """14: it was passed to upstreams that refuse it (free-claude-code#1)."""
    told = sent(bridge(GEMINI, MESSAGES), _SYSTEM)

    assert [turn["role"] for turn in told["contents"]] == ["user", "model", "user"]
    assert "be brief" in told["contents"][0]["parts"][1]["text"]
    assert "systemInstruction" not in told


@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-opus-4-6", "claude-3-7-sonnet"])
def test_14_a_developer_item_at_the_beginning_is_anthropics_system_prompt(model: str) -> None:
    """14: as messages[0] it is a 400 (LeenHawk/gproxy#209); later ones depend on the model."""
    turns = [
        {"role": "developer", "content": "rules"},
        {"role": "developer", "content": "more rules"},
        {"role": "user", "content": "one"},
        {"role": "developer", "content": "late"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    told = sent(bridge(ANTHROPIC, RESPONSES, model), {"input": turns})

    assert [block["text"] for block in told["system"]] == ["rules", "more rules"]
    assert told["messages"][0]["role"] == "user"
    assert ("system" in [turn["role"] for turn in told["messages"]]) == (model == "claude-opus-4-8")
    assert "late" in json.dumps(told["messages"])


_BILLING: Final = "x-anthropic-billing-header: cc_version=2.1.329; cch={};"
_CLAUDE_CODE: Final = '{"device_id":"d","account_uuid":"","session_id":"5d3a7c1e-0d2b-4c0e-9b1f-6f6f6f6f6f6f"}'


def claude_codes(billing: str) -> dict[str, Any]:
    """Return what Claude Code sends: a billing line that changes with every request comes first."""
    system = [{"type": "text", "text": text} for text in (_BILLING.format(billing), "You are an agent.")]
    return messages(user("hi"), system=system, metadata={"user_id": _CLAUDE_CODE})


@pytest.mark.parametrize("kind", [COMPATIBLE, GEMINI, OPENAI])
def test_15_the_billing_line_is_no_part_of_the_prompt_elsewhere(kind: str) -> None:
    """15: it changes, so no prefix is ever cached (claude-code-router#1372, claude-code-proxy#99, vllm PR#36829)."""
    first, second = (sent(bridge(kind, MESSAGES), claude_codes(each)) for each in ("a1b2c", "d3e4f"))

    assert first == second
    assert "billing" not in json.dumps(first)
    assert "You are an agent." in json.dumps(first)


def test_15_the_cache_key_of_a_session_is_the_same_in_each_request() -> None:
    """15: a random prompt_cache_key hits nothing (ccproxy-api#61)."""
    keys = {sent(bridge("openai", MESSAGES), claude_codes(each))["prompt_cache_key"] for each in "abc"}

    assert len(keys) == 1


async def test_15_anthropic_itself_gets_the_line_as_it_was() -> None:
    """15: there it is not counted (claude-code#68900), and bodies are relayed untouched."""
    state = catalog(providers=(Provider("acme", ANTHROPIC, "http://127.0.0.1:9/v1", secret="k"),))
    provided = Provided(Scripted(200, JSON, [b'{"content":[],"usage":{}}']))
    system = claude_codes("a1b2c")["system"]
    await gateway(provided, Notes(), state).serve(call(MESSAGES, system=system), Client())

    assert body_of(provided.asked[0])["system"] == system


@pytest.mark.parametrize("kind", [COMPATIBLE, "openrouter", "groq"])
async def test_24_messages_go_to_chat_completions_where_a_vendor_has_no_others(kind: str, tmp_path: Path) -> None:
    """24: they went to /v1/responses, which did not exist (litellm#26697, litellm#31551)."""
    answer = b'{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}'
    plane = Plane(tmp_path, kind, Scripted(200, JSON, [answer]))
    client = await plane.post(b"/v1/messages", {"model": "acme/m-1", **messages(user("hi"))})

    assert plane.asked[0].split(b" ")[1].endswith(b"/chat/completions")
    assert json.loads(client.body)["content"] == [{"type": "text", "text": "hello"}]


_ITEMS: Final[list[dict[str, Any]]] = [
    {"role": "user", "content": "look"},
    {"type": "reasoning", "id": "rs_1", "summary": []},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]},
    {"type": "function_call", "call_id": "call_a", "name": "look", "arguments": "{}"},
    {"type": "custom_tool_call", "call_id": "call_b", "name": "patch", "input": "x"},
    {"type": "function_call_output", "call_id": "call_a", "output": [{"type": "input_text", "text": "fine"}]},
    {"type": "custom_tool_call_output", "call_id": "call_b", "output": "done"},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "on"}]},
]
"""Every standard type of item, some without a `type` or an `id`."""


def test_23_words_and_calls_of_one_turn_stay_one_turn() -> None:
    """23: items were refused, or made two assistant turns (freellmapi#842)."""
    chat = sent(bridge(COMPATIBLE, RESPONSES), {"input": _ITEMS})["messages"]
    anthropic = sent(bridge(ANTHROPIC, RESPONSES), {"input": _ITEMS})["messages"]
    gemini = sent(bridge(GEMINI, RESPONSES), {"input": _ITEMS})["contents"]

    assert [turn["role"] for turn in chat] == ["user", "assistant", "tool", "tool", "user"]
    assert chat[1]["content"] == "Let me look."
    assert [each["id"] for each in chat[1]["tool_calls"]] == ["call_a", "call_b"]
    assert [block["type"] for block in anthropic[1]["content"]] == ["text", "tool_use", "tool_use"]
    assert [turn["role"] for turn in anthropic] == ["user", "assistant", "user"]
    assert [turn["role"] for turn in gemini] == ["user", "model", "user"]


def _seen(sources: list[Any]) -> dict[str, Any]:
    """Return an Anthropic client's pictures in a user turn and in a tool's result."""
    pictures = [{"type": "image", "source": source} for source in sources]
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "this"}, *pictures]}
    return messages(
        user([{"type": "text", "text": "see"}, *pictures]), {"role": "assistant", "content": [use]}, user([result])
    )


def test_25_pictures_reach_chat_completions_those_of_a_result_in_a_user_turn() -> None:
    """25: dropped (claude-code-router#1678, cc-haha PR#1278); refused in role tool (experiential PR#961)."""
    source = {"type": "url", "url": _ADDRESS}
    first, _, result, attached = sent(bridge(COMPATIBLE, MESSAGES), _seen([_INLINE, source]))["messages"]

    for turn in (first, attached):
        addresses = [part["image_url"]["url"] for part in turn["content"] if part["type"] == "image_url"]
        assert addresses == [_DATA_URL, _ADDRESS]
    assert attached["role"] == "user"
    assert result == {"role": "tool", "tool_call_id": "toolu_1", "content": "this"}


def test_25_openai_takes_them_in_the_result() -> None:
    """25: as parts of the output, by address too (vercel/ai#18982, ferro-labs/ai-gateway#143)."""
    told = sent(bridge(OPENAI, MESSAGES), _seen([_INLINE, {"type": "url", "url": _ADDRESS}]))["input"]
    (output,) = [item["output"] for item in told if item["type"] == "function_call_output"]

    assert [part["image_url"] for part in output if part["type"] == "input_image"] == [_DATA_URL, _ADDRESS]


@pytest.mark.parametrize("model", ["gemini-3.1-pro", "gemini-2.5-flash"])
def test_25_gemini_gets_them_inside_or_right_behind_the_result(model: str) -> None:
    """25: the older models take none inside."""
    told = sent(bridge(GEMINI, MESSAGES, model), _seen([_INLINE]))["contents"][2]["parts"]
    places = next(part["functionResponse"] for part in told if "functionResponse" in part).get("parts", told)

    assert [part["inlineData"]["data"] for part in places if "inlineData" in part] == [_PNG]


def test_25_a_picture_in_a_chat_clients_result_reaches_anthropic() -> None:
    """25: nested, by address."""
    told = {"id": "call_a", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    part = {"type": "image_url", "image_url": {"url": _ADDRESS}}
    result = {"role": "tool", "tool_call_id": "call_a", "content": [{"type": "text", "text": "this"}, part]}
    turns = [user("see"), {"role": "assistant", "tool_calls": [told]}, result]
    (block,) = sent(bridge(ANTHROPIC, CHAT), {"messages": turns})["messages"][2]["content"]

    assert block["content"][1] == {"type": "image", "source": {"type": "url", "url": _ADDRESS}}


def test_25_a_picture_that_cannot_be_sent_is_refused_and_not_replaced_by_words() -> None:
    """25: a failed fetch became text (llmgateway#4149)."""
    plane = bridge(GEMINI, MESSAGES)
    with pytest.raises(Exception, match=r"part\.url") as caught:
        crossed(plane, _seen([{"type": "url", "url": _ADDRESS}]))

    assert getattr(caught.value, "status", 0) == 400


@pytest.mark.parametrize("blank", ["", " \n", None])
def test_26_a_blank_beside_calls_is_no_block(blank: str | None) -> None:
    """26: opencode sends content "" with calls; a 400 (experiential PR#683, PR#804, hermes-agent PR#11929)."""
    told = {"id": "call_a", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    said = {"role": "assistant", "content": blank, "tool_calls": [told]}
    turns = [user("look"), said, {"role": "tool", "tool_call_id": "call_a", "content": ""}]
    _, asked, answer = sent(bridge(ANTHROPIC, CHAT), {"messages": turns})["messages"]

    assert [block["type"] for block in asked["content"]] == ["tool_use"]
    assert answer["content"] == [{"type": "tool_result", "tool_use_id": "call_a"}]


@pytest.mark.parametrize("client", [CHAT, RESPONSES, GENERATE_CONTENT])
def test_26_blank_turns_are_left_out(client: Dialect) -> None:
    """26: wherever they stand; roles still take turns."""
    if client is GENERATE_CONTENT:
        said = [("user", "one"), ("model", " "), ("user", "two")]
        body: dict[str, Any] = {"contents": [{"role": role, "parts": [{"text": text}]} for role, text in said]}
    else:
        turns = [user("one"), {"role": "assistant", "content": " "}, user("two")]
        body = {"messages": turns} if client is CHAT else {"input": turns}
    (turn,) = sent(bridge(ANTHROPIC, client), body)["messages"]

    assert [block["text"] for block in turn["content"]] == ["one", "two"]


def sampled(client: Dialect) -> dict[str, Any]:
    """Return a request that says how to sample."""
    told = {"temperature": 0.3, "top_p": 0.5}
    if client is GENERATE_CONTENT:
        config = {"temperature": 0.3, "topP": 0.5, "topK": 7}
        return {"contents": [{"role": "user", "parts": [{"text": "hi"}]}], "generationConfig": config}
    return {"input": "hi", **told} if client is RESPONSES else {"messages": [user("hi")], **told}


@pytest.mark.parametrize("client", [CHAT, RESPONSES, GENERATE_CONTENT])
@pytest.mark.parametrize("model", ["claude-opus-4-7", "claude-opus-4-8", "claude-opus-5", "claude-sonnet-6"])
def test_29_models_that_sample_as_they_like_are_not_told_how(client: Dialect, model: str) -> None:
    """29: a 400 (odysseus PR#3117, suna PR#4833, Portkey PR#1693); the client is told what was dropped."""
    crossing = crossed(bridge(ANTHROPIC, client, model), sampled(client))

    assert not json.loads(crossing.body).keys() & {"temperature", "top_p", "top_k"}
    assert {"sampling.temperature", "sampling.top_p"} <= {loss.feature for loss in crossing.losses}


def test_29_older_models_are_told_within_their_bounds() -> None:
    """29: one of the two, and at most 1."""
    told = sent(bridge(ANTHROPIC, CHAT, "claude-sonnet-4-5"), {**sampled(CHAT), "temperature": 1.7})

    assert told["temperature"] == 1
    assert "top_p" not in told


def test_29_nor_is_a_reasoning_model_of_openais() -> None:
    """29: it refuses them while it reasons."""
    assert not sent(bridge(OPENAI, CHAT, "gpt-5.5"), sampled(CHAT)).keys() & {"temperature", "top_p"}
    assert sent(bridge(OPENAI, CHAT, "gpt-4.1"), sampled(CHAT))["temperature"] == 0.3


@pytest.mark.parametrize(
    ("kind", "name"), [("azure-deployments", "max_completion_tokens"), (COMPATIBLE, "max_tokens"), ("groq", None)]
)
def test_30_each_vendor_is_told_the_bound_by_its_name(kind: str, name: str | None) -> None:
    """30: reasoning models refuse max_tokens, others know nothing else."""
    told = sent(bridge(kind, MESSAGES), messages(user("hi")))
    names = told.keys() & {"max_tokens", "max_completion_tokens"}

    assert len(names) == 1
    assert name is None or names == {name}
    assert told[names.pop()] == 4000


@pytest.mark.parametrize("client", [CHAT, MESSAGES])
def test_30_openai_is_asked_for_16_tokens_at_least(client: Dialect) -> None:
    """30: fewer are refused (vercel/ai#7863, experiential PR#538)."""
    body = {"messages": [user("hi")], "max_tokens": 5}
    crossing = crossed(bridge(OPENAI, client), body)

    assert json.loads(crossing.body)["max_output_tokens"] == 16
    assert "max_output_tokens" in {loss.feature for loss in crossing.losses}


def test_30_anthropic_is_always_told_a_bound() -> None:
    """30: it demands one; chat clients say either name."""
    assert sent(bridge(ANTHROPIC, CHAT, "claude-opus-4-8"))["max_tokens"] == 128_000
    for name in ("max_tokens", "max_completion_tokens"):
        assert sent(bridge(ANTHROPIC, CHAT), {"messages": [user("hi")], name: 7})["max_tokens"] == 7


_MARK: Final = {"type": "ephemeral"}


def test_31_marks_of_a_chat_client_reach_anthropic() -> None:
    """31: dropped, so nothing was cached (new-api#5335, new-api#4240)."""
    marked = [{"type": "text", "text": "long", "cache_control": {**_MARK, "ttl": "1h"}}]
    tool = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}, "cache_control": _MARK}
    turns = [{"role": "system", "content": marked}, user([{**marked[0], "cache_control": _MARK}])]
    told = sent(bridge(ANTHROPIC, CHAT), {"messages": turns, "tools": [tool]})

    assert told["tools"][0]["cache_control"] == _MARK
    assert told["system"][0]["cache_control"]["type"] == "ephemeral"
    assert told["messages"][0]["content"][0]["cache_control"] == _MARK


def test_31_the_longer_marks_come_first_and_no_more_than_four() -> None:
    """31: otherwise a 400."""
    parts = [{"type": "text", "text": str(n), "cache_control": {**_MARK, "ttl": "1h"}} for n in range(6)]
    crossing = crossed(bridge(ANTHROPIC, CHAT), {"messages": [user(parts)]})
    blocks = json.loads(crossing.body)["messages"][0]["content"]

    assert [block.get("cache_control") for block in blocks].count({**_MARK, "ttl": "1h"}) == 4
    assert "cache.marks" in {loss.feature for loss in crossing.losses}


@pytest.mark.parametrize("kind", [COMPATIBLE, GEMINI, OPENAI])
def test_31_where_they_have_no_meaning_the_client_is_told(kind: str) -> None:
    """31: ignored without a word (ollama#17130)."""
    part = {"type": "text", "text": "long", "cache_control": _MARK}
    crossing = crossed(bridge(kind, MESSAGES), messages(user([part])))

    assert b"cache_control" not in crossing.body
    assert "cache.marks" in {loss.feature for loss in crossing.losses}


def test_31_openrouter_takes_them() -> None:
    """31: for the models behind it that know them."""
    part = {"type": "text", "text": "long", "cache_control": _MARK}

    assert sent(bridge("openrouter", MESSAGES), messages(user([part])))["messages"][0]["content"] == [part]


def test_26_nor_are_blanks_in_other_places_blocks() -> None:
    """26: the system prompt, a part beside others, a result (the table of experiential PR#804)."""
    told = {"id": "call_a", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    parts = [{"type": "text", "text": " "}, {"type": "text", "text": "look"}]
    result = {"role": "tool", "tool_call_id": "call_a", "content": [{"type": "text", "text": ""}]}
    turns = [{"role": "system", "content": "\n"}, user(parts), {"role": "assistant", "tool_calls": [told]}, result]
    body = sent(bridge(ANTHROPIC, CHAT), {"messages": turns})

    assert "system" not in body
    assert body["messages"][0]["content"] == [{"type": "text", "text": "look"}]
    assert "content" not in body["messages"][2]["content"][0]
