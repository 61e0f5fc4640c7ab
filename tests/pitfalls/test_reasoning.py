"""What goes wrong with reasoning: its signatures, its replay, and what must not be asked beside it."""

import json
from typing import Any, Final

import pytest

from tests.gateway.fakes import Client, Notes, Provided, Scripted, catalog, gateway
from tests.gateway.test_translation import JSON, body_of, call
from tests.pitfalls.crossing import (
    ANTHROPIC,
    COMPATIBLE,
    DONE,
    GEMINI,
    OPENAI,
    SCHEMA,
    answered,
    begun,
    block,
    bridge,
    called,
    chat,
    crossed,
    ended,
    google,
    named,
    piece,
    responded,
    sent,
    streamed,
)
from tests.pitfalls.readers import READERS, read_messages
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.bridge import HubBridge
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.catalog import Provider

_SIGNATURE: Final = "U0lHTkFUVVJF" * 12
_SKIPPED: Final = "skip_thought_signature_validator"
_MODEL: Final = {GEMINI: "gemini-3.1-pro", ANTHROPIC: "claude-opus-4-8", OPENAI: "gpt-5.5", COMPATIBLE: "m-1"}
_CALL: Final = {"type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "look", "arguments": "{}"}
_THOUGHT: Final = {"type": "thinking", "thinking": "", "signature": ""}
_USE: Final = {"type": "tool_use", "id": "call_a", "name": "look", "input": {}}
STREAMS: Final = {
    GEMINI: google({"text": "hm", "thought": True})
    + google(called("look", {}, thoughtSignature=_SIGNATURE))
    + google(finish="STOP"),
    ANTHROPIC: named(
        begun(input_tokens=1),
        *block(
            0,
            _THOUGHT,
            {"type": "thinking_delta", "thinking": "hm"},
            {"type": "signature_delta", "signature": _SIGNATURE},
        ),
        *block(1, _USE),
        *ended("tool_use"),
    ),
    OPENAI: named(
        *responded(
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "hm"}],
                "encrypted_content": _SIGNATURE,
            },
            _CALL,
        )
    ),
}
"""A thought with what signs it, and a call."""


def turns_of(client: Dialect, wire: bytes) -> dict[str, Any]:
    """Return the next request of a client that was sent `wire`: its question, what it heard, the call's result."""
    if client is CHAT:
        ((call_id, name, arguments),) = READERS[CHAT.name](wire).calls
        told = {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        result = {"role": "tool", "tool_call_id": call_id, "content": "fine"}
        said = {"role": "assistant", "content": None, "tool_calls": [told]}
        return {"messages": [{"role": "user", "content": "look"}, said, result]}
    if client is RESPONSES:
        output = json.loads(wire.rpartition(b"data: ")[2])["response"]["output"]
        (call_id,) = [item["call_id"] for item in output if item["type"] == "function_call"]
        result = {"type": "function_call_output", "call_id": call_id, "output": "fine"}
        return {"input": [{"role": "user", "content": "look"}, *output, result], "store": False}
    if client is GENERATE_CONTENT:
        chunks = [json.loads(each) for each in wire.split(b"data: ")[1:]]
        parts = [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
        kept = [part for part in parts if "functionCall" in part]
        told = kept[0]["functionCall"]
        answer = {"functionResponse": {"id": told["id"], "name": told["name"], "response": {"output": "fine"}}}
        turns = [("user", [{"text": "look"}]), ("model", kept), ("user", [answer])]
        return {"contents": [{"role": role, "parts": parts} for role, parts in turns]}
    return {"messages": [{"role": "user", "content": "look"}, *_anthropic_turns(wire)], "max_tokens": 4000}


def _anthropic_turns(wire: bytes) -> list[dict[str, Any]]:
    """Return an Anthropic client's next two turns: every block as it came, and the call's result."""
    blocks: list[dict[str, Any]] = []
    for event in (json.loads(frame.split(b"data: ")[1]) for frame in wire.split(b"\n\n") if frame):
        if event["type"] == "content_block_start":
            blocks.append(event["content_block"])
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            for name in delta.keys() & {"thinking", "text", "signature"}:
                blocks[-1][name] += delta[name]
    (call_id,) = [each["id"] for each in blocks if each["type"] == "tool_use"]
    result = {"type": "tool_result", "tool_use_id": call_id, "content": "fine"}
    return [{"role": "assistant", "content": blocks}, {"role": "user", "content": [result]}]


def next_request(kind: str, client: Dialect, way: HubBridge | None = None, **fields: object) -> Any:
    """Return what the provider gets in the second turn of a client that talks to it, or goes `way` then.

    Only for chat clients the gateway remembers the first: others carry all of it, whoever answers them then.
    """
    memory = StateMemory()
    first = bridge(kind, client, _MODEL[kind], memory=memory)
    body = turns_of(client, streamed(first, STREAMS[kind]))
    second = way or bridge(kind, client, _MODEL[kind], memory=memory if client is CHAT else StateMemory())
    return sent(second, {**body, **fields})


@pytest.mark.parametrize("client", [CHAT, RESPONSES, MESSAGES])
def test_07_a_gemini_signature_comes_back_on_its_call(client: Dialect) -> None:
    """7: without it the next turn is a 400 (litellm#16893, litellm#25322, openai-agents-python#2109)."""
    (turn,) = [each for each in next_request(GEMINI, client)["contents"] if each["role"] == "model"]
    (part,) = [each for each in turn["parts"] if "functionCall" in each]

    assert part["thoughtSignature"] == _SIGNATURE


@pytest.mark.parametrize("client", [CHAT, RESPONSES, GENERATE_CONTENT])
def test_07_an_anthropic_signature_comes_back_before_its_call(client: Dialect) -> None:
    """7: with its words, in the turn in progress."""
    fields: dict[str, Any] = {} if client is GENERATE_CONTENT else {"tools": []}
    turns = next_request(ANTHROPIC, client, **fields)["messages"]

    assert turns[1]["content"][0] == {"type": "thinking", "thinking": "hm", "signature": _SIGNATURE}
    assert turns[1]["content"][1]["type"] == "tool_use"


@pytest.mark.parametrize("client", [CHAT, MESSAGES, GENERATE_CONTENT])
def test_07_encrypted_reasoning_comes_back_before_its_call(client: Dialect) -> None:
    """7: OpenAI's, for clients that cannot carry it in a field of its own."""
    told = next_request(OPENAI, client)["input"]
    kinds = [item["type"] for item in told]

    assert kinds.index("reasoning") == kinds.index("function_call") - 1
    assert told[kinds.index("reasoning")]["encrypted_content"] == _SIGNATURE


@pytest.mark.parametrize("client", [CHAT, RESPONSES, MESSAGES])
def test_07_no_signature_stands_in_the_id_of_a_call(client: Dialect) -> None:
    """7: as some gateways put it there (litellm PR#16895), it breaks the id's length and pattern."""
    ((call_id, _, _),) = READERS[client.name](streamed(bridge(GEMINI, client), STREAMS[GEMINI])).calls

    assert len(call_id) <= 64
    assert call_id.replace("_", "").replace("-", "").isalnum()


def test_07_a_call_that_never_had_a_signature_goes_with_geminis_word_for_that() -> None:
    """7: such as one that another provider's model made."""
    body = {"messages": json.loads(json.dumps(_foreign_turns()))}
    part = sent(bridge(GEMINI, CHAT, _MODEL[GEMINI]), body)["contents"][1]["parts"][0]

    assert part["thoughtSignature"] == _SKIPPED


def _foreign_turns() -> list[dict[str, Any]]:
    told = {"id": "call_z", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    return [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": None, "tool_calls": [told]},
        {"role": "tool", "tool_call_id": "call_z", "content": "fine"},
    ]


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES])
def test_08_a_signature_does_not_reach_another_model_or_provider(client: Dialect) -> None:
    """8: it answers 400 (litellm#32140, UncommonRoute#19, opencode-antigravity-auth#70)."""
    elsewhere = [
        bridge(GEMINI, client, "gemini-3.5-flash"),
        bridge(COMPATIBLE, client),
        bridge("google-vertex-ai", client, "google/gemini-3.1-pro"),
        bridge("deepseek", client),
    ]
    for way in elsewhere:
        told = json.dumps(next_request(GEMINI, client, way))
        assert _SIGNATURE not in told
        assert "trs1." not in told
        assert "trc1." not in told


def test_08_the_client_is_told_that_a_signature_was_dropped() -> None:
    """8: in a header that names it."""
    body = turns_of(MESSAGES, streamed(bridge(GEMINI, MESSAGES, _MODEL[GEMINI]), STREAMS[GEMINI]))
    losses = crossed(bridge(GEMINI, MESSAGES, "gemini-3.5-flash"), body).losses

    assert "item.state" in {loss.feature for loss in losses}


def test_08_the_memory_for_chat_clients_tells_models_apart_too() -> None:
    """8: the same conversation, another model."""
    memory = StateMemory()
    body = turns_of(CHAT, streamed(bridge(GEMINI, CHAT, _MODEL[GEMINI], memory=memory), STREAMS[GEMINI]))
    told = json.dumps(sent(bridge(GEMINI, CHAT, "gemini-3.5-flash", memory=memory), body))

    assert _SIGNATURE not in told
    assert _SIGNATURE in json.dumps(sent(bridge(GEMINI, CHAT, _MODEL[GEMINI], memory=memory), body))


@pytest.mark.parametrize("signature", ["", "sealed"])
async def test_08_anthropic_gets_no_thoughts_of_others_in_a_relayed_body(signature: str) -> None:
    """8: clients replay thinking blocks without a signature, and those that we have sealed (facts, 0.9)."""
    foreign = {**_THOUGHT, "thinking": "hm"}
    if signature:
        (said, _) = _anthropic_turns(streamed(bridge(GEMINI, MESSAGES, _MODEL[GEMINI]), STREAMS[GEMINI]))
        foreign = next(each for each in said["content"] if each["type"] == "thinking" and each["signature"])
    own = {"type": "thinking", "thinking": "mine", "signature": _SIGNATURE}
    turns = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": [foreign, own, {"type": "text", "text": "there"}]},
        {"role": "user", "content": "on"},
    ]
    state = catalog(providers=(Provider("acme", ANTHROPIC, "http://127.0.0.1:9/v1", secret="k"),))
    provided = Provided(Scripted(200, JSON, [b'{"content":[],"usage":{}}']))
    await gateway(provided, Notes(), state).serve(call(MESSAGES, messages=turns), Client())

    assert body_of(provided.asked[0])["messages"][1]["content"] == [own, {"type": "text", "text": "there"}]  # type: ignore[index]


async def test_08_openai_gets_no_reasoning_of_others_in_a_relayed_body() -> None:
    """8: encrypted content that it did not make is a 400 as well."""
    own = {"type": "reasoning", "summary": [], "encrypted_content": _SIGNATURE}
    body = turns_of(RESPONSES, streamed(bridge(GEMINI, RESPONSES, _MODEL[GEMINI]), STREAMS[GEMINI]))
    state = catalog(providers=(Provider("acme", OPENAI, "http://127.0.0.1:9/v1", secret="k"),))
    provided = Provided(Scripted(200, JSON, [b'{"output":[],"usage":{}}']))
    await gateway(provided, Notes(), state).serve(call(RESPONSES, input=[*body["input"], own]), Client())
    told: Any = body_of(provided.asked[0])["input"]

    assert "trs1." in json.dumps(body["input"])
    assert [item for item in told if item.get("type") == "reasoning"] == [own]
    assert {"function_call", "function_call_output"} <= {item.get("type") for item in told}


async def test_08_gemini_gets_no_signature_of_others_in_a_relayed_body() -> None:
    """8: but its own word for a missing one."""
    body = turns_of(GENERATE_CONTENT, streamed(bridge(OPENAI, GENERATE_CONTENT, _MODEL[OPENAI]), STREAMS[OPENAI]))
    plane = catalog(providers=(Provider("acme", GEMINI, "http://127.0.0.1:9/v1", secret="k"),))
    provided = Provided(Scripted(200, JSON, [b'{"candidates":[]}']))
    asking = call(GENERATE_CONTENT, model="acme/gemini-3.1-pro", **body)
    await gateway(provided, Notes(), plane).serve(asking, Client())
    told: Any = body_of(provided.asked[0])["contents"]

    assert body["contents"][1]["parts"][0]["thoughtSignature"] != _SKIPPED
    assert told[1]["parts"][0] == {**body["contents"][1]["parts"][0], "thoughtSignature": _SKIPPED}


@pytest.mark.parametrize("kind", [GEMINI, OPENAI])
def test_08_a_stream_that_is_made_here_has_the_signature_in_it(kind: str) -> None:
    """8: it was missing in synthesised events (litellm PR#38153)."""
    heard = read_messages(streamed(bridge(kind, MESSAGES, _MODEL[kind]), STREAMS[kind]))

    assert len([each for each in heard.signatures if each]) == 1


_REASONED: Final = chat({"reasoning_content": "hm"}) + chat({"tool_calls": [piece(0, "{}", "call_a", "look")]})


@pytest.mark.parametrize("kind", ["deepseek", "moonshotai"])
@pytest.mark.parametrize("client", [MESSAGES, GENERATE_CONTENT])
def test_20_reasoning_content_is_replayed_to_vendors_that_want_it(kind: str, client: Dialect) -> None:
    """20: DeepSeek and Kimi answer 400 without (litellm#31439, kimi-cli#2141, crush#2696, kilocode PR#5544)."""
    way = bridge(kind, client)
    wire = streamed(way, _REASONED + chat({}, "tool_calls") + DONE)
    turn = sent(bridge(kind, client), turns_of(client, wire))["messages"][1]

    assert turn["reasoning_content"] == "hm"
    assert turn["tool_calls"]


@pytest.mark.parametrize("kind", ["deepseek", "moonshotai"])
def test_20_a_turn_whose_reasoning_nobody_kept_has_a_blank_instead(kind: str) -> None:
    """20: Kimi refuses an empty text as well as none."""
    result = {"type": "tool_result", "tool_use_id": "call_a", "content": "fine"}
    turns = [{"role": "assistant", "content": [_USE]}, {"role": "user", "content": [result]}]
    body = {"messages": [{"role": "user", "content": "look"}, *turns], "max_tokens": 9}

    assert sent(bridge(kind, MESSAGES), body)["messages"][1]["reasoning_content"] == " "


async def test_20_a_chat_clients_own_is_relayed_as_it_is() -> None:
    """20: the field is not OpenAI's, and must not be lost for that."""
    said = {"role": "assistant", "content": "there", "reasoning_content": "hm"}
    turns = [{"role": "user", "content": "look"}, said, {"role": "user", "content": "on"}]
    provided = Provided(Scripted(200, JSON, [b'{"choices":[]}']))
    await gateway(provided, Notes()).serve(call(CHAT, messages=turns), Client())

    assert body_of(provided.asked[0])["messages"] == turns


_FORCED: Final = {"type": "function", "function": {"name": "look"}}
_TOOLS: Final = [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}]


@pytest.mark.parametrize("choice", [_FORCED, "required"])
@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-opus-4-6", "claude-sonnet-4-5", "claude-3-7-sonnet"])
def test_28_thinking_gives_way_to_a_forced_call(choice: object, model: str) -> None:
    """28: both together are a 400 (litellm#8901, pydantic-ai#2425)."""
    body = {
        "messages": [{"role": "user", "content": "look"}],
        "tools": _TOOLS,
        "tool_choice": choice,
        "reasoning_effort": "high",
        "max_tokens": 9000,
    }
    told = sent(bridge(ANTHROPIC, CHAT, model), body)

    assert told["tool_choice"]["type"] in ("any", "tool")
    assert told.get("thinking", {"type": "disabled"})["type"] == "disabled"


def test_28_and_to_the_call_that_stands_for_a_schema() -> None:
    """28: the trick for models without schemas (llm-exe#720); its call comes back as text, in streams too."""
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}
    body = {"messages": [{"role": "user", "content": "x"}], "response_format": wanted, "reasoning_effort": "high"}
    way = bridge(ANTHROPIC, CHAT, "claude-3-7-sonnet")
    told = sent(way, {**body, "max_tokens": 9000})
    use = {"type": "tool_use", "id": "toolu_1", "name": told["tools"][0]["name"], "input": {"path": "a"}}
    answer = {"role": "assistant", "content": [use], "stop_reason": "tool_use", "usage": {}}
    (choice,) = answered(way, answer, body)["choices"]

    assert told["tool_choice"]["type"] == "tool"
    assert told.get("thinking", {"type": "disabled"})["type"] == "disabled"
    assert json.loads(choice["message"]["content"]) == {"path": "a"}
    assert choice["finish_reason"] == "stop"


def test_28_where_a_model_cannot_be_forced_it_is_asked() -> None:
    """28: some always think, and take `auto` only."""
    body = {"messages": [{"role": "user", "content": "x"}], "tools": _TOOLS, "tool_choice": "required"}

    assert sent(bridge(ANTHROPIC, CHAT, "claude-opus-5-5"), body)["tool_choice"] == {"type": "auto"}
