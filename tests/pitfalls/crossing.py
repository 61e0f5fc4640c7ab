"""A client of any dialect before a provider of any kind: what its request becomes there, and what comes back to it.

The way is found as the gateway finds it, by the provider's preset, so what a vendor is known to want is part of it.
"""

import json
from typing import Any, Final

from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.bridge import Asked, HubBridge, HubCrossing
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import Operation
from tokenrouter.gateway.ways import way_of
from tokenrouter.providers import adapter

CLIENTS: Final = (CHAT, RESPONSES, MESSAGES, GENERATE_CONTENT)
OPENAI, ANTHROPIC, GEMINI, COMPATIBLE = "openai", "anthropic", "google-gemini", "openai-compatible"
"""Kinds of providers; the first is asked in the Responses API, the last in Chat Completions."""
KINDS: Final = (OPENAI, ANTHROPIC, GEMINI, COMPATIBLE)
_SPOKEN: Final[dict[str, Dialect]] = {
    OPENAI: RESPONSES,
    ANTHROPIC: MESSAGES,
    GEMINI: GENERATE_CONTENT,
    COMPATIBLE: CHAT,
}
PAIRS: Final = tuple((kind, client) for kind in KINDS for client in CLIENTS if client is not _SPOKEN[kind])
"""Every provider kind with every client of another dialect."""
SCHEMA: Final = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


def bridge(
    kind: str, client: Dialect, model: str = "m-1", *, memory: StateMemory | None = None, tenant: str = "alice"
) -> HubBridge:
    """Return the way of `client`'s conversations to `model` of a provider of that kind."""
    only: tuple[Operation, ...] = ("responses",) if kind == OPENAI else ()
    provider = Provider("acme", kind, "http://127.0.0.1:9/v1", secret="k", operations=only)
    kept = StateMemory() if memory is None else memory
    found = way_of(adapter(provider), "acme", client, model, memory=kept, tenant=tenant).bridge
    assert isinstance(found, HubBridge)
    return found


def crossed(way: HubBridge, body: object = None, *, stream: bool = True, sse: bool = True) -> HubCrossing:
    """Return the crossing of a request; by default a plain question."""
    wanted = question(way) if body is None else body
    if way.client.name != GENERATE_CONTENT.name and isinstance(wanted, dict):
        wanted = {"model": "alias", "stream": stream, **wanted}
    return way.cross(json.dumps(wanted).encode(), Asked("req_1", 1, "alias", stream, sse))


def sent(way: HubBridge, body: object = None, *, stream: bool = True) -> Any:
    """Return the JSON that the provider gets for a request."""
    return json.loads(crossed(way, body, stream=stream).body)


def question(way: HubBridge) -> dict[str, Any]:
    """Return a plain question in the client's dialect."""
    if way.client.name == GENERATE_CONTENT.name:
        return {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    if way.client.name == RESPONSES.name:
        return {"input": "hi", "include": ["reasoning.encrypted_content"], "store": False}
    told = {"messages": [{"role": "user", "content": "hi"}]}
    if way.client.name == MESSAGES.name:
        return {**told, "max_tokens": 4000}
    return {**told, "stream_options": {"include_usage": True}}


def streamed(way: HubBridge, *pieces: bytes, body: object = None, sse: bool = True) -> bytes:
    """Return what the client is sent while the provider streams `pieces` and then ends its stream."""
    relay = crossed(way, body, sse=sse).relay()
    out = b"".join([relay.feed(piece) for piece in pieces])
    last = relay.close()
    assert last is not None, "the stream was taken for one that was cut"
    return out + last


def answered(way: HubBridge, answer: object, body: object = None) -> Any:
    """Return the client's whole answer, for the provider's."""
    return json.loads(crossed(way, body, stream=False).answer(json.dumps(answer).encode()).body)


def data(*payloads: object) -> bytes:
    """Return payloads as Chat Completions and Gemini frame them."""
    return b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in payloads)


def named(*events: dict[str, Any]) -> bytes:
    """Return events as Anthropic and the Responses API frame them."""
    return b"".join(b"event: %b\ndata: %b\n\n" % (each["type"].encode(), json.dumps(each).encode()) for each in events)


DONE: Final = b"data: [DONE]\n\n"


def chat(delta: object, finish: str | None = None, index: int = 0) -> bytes:
    """Return one chunk of Chat Completions."""
    return data({"id": "c1", "choices": [{"index": index, "delta": delta, "finish_reason": finish}]})


def piece(index: int | None, arguments: str, call_id: str | None = None, name: str | None = None) -> dict[str, Any]:
    """Return a piece of a call in Chat Completions; what is None is left out."""
    told: dict[str, Any] = {"function": {"arguments": arguments, **({"name": name} if name is not None else {})}}
    if index is not None:
        told["index"] = index
    return {**told, "id": call_id, "type": "function"} if call_id is not None else told


def google(*parts: object, finish: str | None = None, index: int = 0, **fields: object) -> bytes:
    """Return one chunk of Gemini."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": index}
    if finish is not None:
        candidate["finishReason"] = finish
    return data({"candidates": [candidate], "responseId": "r-g", **fields})


def called(name: str, arguments: object, **fields: object) -> dict[str, Any]:
    """Return a call as a part of Gemini's."""
    return {"functionCall": {"name": name, "args": arguments}, **fields}


def begun(**usage: int) -> dict[str, Any]:
    """Return how Anthropic begins a stream."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    return {"type": "message_start", "message": message}


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the events of one of Anthropic's blocks."""
    return (
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    )


def ended(reason: str = "end_turn", **usage: int) -> tuple[dict[str, Any], ...]:
    """Return how Anthropic ends a stream."""
    delta = {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}
    return delta, {"type": "message_stop"}


def said(text: str, item_id: str = "msg_1") -> dict[str, Any]:
    """Return words as an item of the Responses API."""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": item_id, "role": "assistant", "status": "completed", "content": content}


def responded(*output: dict[str, Any], **fields: object) -> tuple[dict[str, Any], ...]:
    """Return the least events by which the Responses API tells finished items."""
    items = [
        {"type": "response.output_item.done", "output_index": place, "item": item} for place, item in enumerate(output)
    ]
    whole = {"id": "resp_1", "model": "m", "status": "completed", "output": list(output), **fields}
    return (
        {"type": "response.created", "response": {"id": "resp_1", "model": "m", "output": []}},
        *items,
        {"type": "response.completed", "response": whole},
    )


def chat_turns(call_id: str, arguments: str = '{"path":"a"}', content: str | None = None) -> list[dict[str, Any]]:
    """Return a question, the call that it led to, and the call's result."""
    told = {"id": call_id, "type": "function", "function": {"name": "look", "arguments": arguments}}
    return [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": content, "tool_calls": [told]},
        {"role": "tool", "tool_call_id": call_id, "content": "fine"},
    ]


def messages_turns() -> list[dict[str, Any]]:
    """Return the same as an Anthropic client has it."""
    return [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "fine"}]},
    ]


def declared(client: Dialect, schema: object, **fields: Any) -> dict[str, Any]:
    """Return a question with one tool, in the client's dialect."""
    if client is CHAT:
        function = {"name": "look", "description": "Looks.", "parameters": schema}
        tools: list[Any] = [{"type": "function", "function": function}]
        return {"messages": [{"role": "user", "content": "look"}], "tools": tools, **fields}
    if client is RESPONSES:
        tools = [{"type": "function", "name": "look", "description": "Looks.", "parameters": schema}]
        return {"input": "look", "tools": tools, **fields}
    if client is GENERATE_CONTENT:
        tools = [{"name": "look", "description": "Looks.", "parametersJsonSchema": schema}]
        contents = [{"role": "user", "parts": [{"text": "look"}]}]
        return {"contents": contents, "tools": [{"functionDeclarations": tools}], **fields}
    tools = [{"name": "look", "description": "Looks.", "input_schema": schema}]
    return {"messages": [{"role": "user", "content": "look"}], "tools": tools, "max_tokens": 99, **fields}
