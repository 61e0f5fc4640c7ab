"""Strict clients: each reads a stream of its dialect as the strictest real one does, and tells what it heard."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES


@dataclass
class Heard:
    """What a client understood. `signatures` are of reasoning and of calls, in the order of their coming.

    `stop` is the dialect's own word, empty where the stream did not come to its proper end; `calls` are ids, names and
    decoded arguments.
    """

    text: str = ""
    thoughts: str = ""
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    stop: str = ""
    usage: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)

    @property
    def called(self) -> list[tuple[str, Any]]:
        """The calls without their ids."""
        return [(name, arguments) for _, name, arguments in self.calls]


def frames(wire: bytes) -> Iterator[tuple[str, Any]]:
    """Yield the name of each event (empty where it has none) and its JSON; `[DONE]` is the text of that."""
    assert wire.endswith(b"\n\n"), "the last frame has no blank line behind it"
    for frame in wire[:-2].split(b"\n\n"):
        *lead, payload = frame.split(b"\n")
        assert payload.startswith(b"data: "), frame
        name = lead[0].removeprefix(b"event: ").decode() if lead else ""
        yield name, payload[6:].decode() if payload == b"data: [DONE]" else json.loads(payload[6:])


def read_chat(wire: bytes, choice: int = 0) -> Heard:
    """Read as OpenAI's strict helper does: a call's index, id and name come once, with its first piece."""
    heard, pieces, has_role, finish = Heard(), list[list[Any]](), False, ""
    for name, chunk in frames(wire):
        assert not name, "events have no names here"
        assert not heard.stop, "something follows [DONE]"
        if chunk == "[DONE]":
            heard.stop = finish
            continue
        heard.error = chunk.get("error", heard.error)
        heard.usage = chunk.get("usage") or heard.usage
        for told in chunk.get("choices", ()):
            if told["index"] != choice:
                continue
            delta = told["delta"]
            has_role = has_role or delta.get("role") == "assistant"
            assert has_role, "the first delta tells no role"
            heard.text += delta.get("content") or ""
            heard.thoughts += delta.get("reasoning_content") or ""
            for each in delta.get("tool_calls", ()):
                _grow_chat_call(pieces, each)
            finish = told["finish_reason"] or finish
    heard.calls = [(call_id, name, json.loads(text)) for call_id, name, text in pieces]
    return heard


def _grow_chat_call(pieces: list[list[Any]], each: dict[str, Any]) -> None:
    if each["index"] == len(pieces):
        pieces.append([each["id"], each["function"]["name"], each["function"]["arguments"]])
        return
    assert not each.keys() & {"id", "type"}, "a call is named twice"
    assert "name" not in each["function"], "a call is named twice"
    pieces[each["index"]][2] += each["function"]["arguments"]


def read_messages(wire: bytes) -> Heard:
    """Read as Anthropic's helpers do: one block at a time, numbered from 0 without gaps, nothing before its start."""
    heard, opened, closed, block, text = Heard(), False, 0, dict[str, Any](), ""
    for name, event in frames(wire):
        assert name == event["type"], "an event is not named by its type"
        assert not heard.stop or name == "message_stop", "something follows the stop reason"
        heard.kinds.append(name)
        if name == "message_start":
            heard.usage = event["message"]["usage"]
        elif name == "content_block_start":
            assert not opened, "a block begins in another"
            assert event["index"] == closed, "a block's number is used twice, or one is missing"
            block, opened, text = event["content_block"], True, ""
        elif name == "content_block_delta":
            assert opened
            assert event["index"] == closed, "a delta is of another block than the open one"
            delta = event["delta"]
            text += delta.get("partial_json", "")
            heard.text += delta.get("text", "")
            heard.thoughts += delta.get("thinking", "")
            heard.signatures += [delta["signature"]] if "signature" in delta else []
        elif name == "content_block_stop":
            assert opened
            assert event["index"] == closed
            opened, closed = False, closed + 1
            heard.signatures += [block["signature"]] if block.get("signature") else []
            if block["type"] == "tool_use":
                heard.calls.append((block["id"], block["name"], json.loads(text) if text else block["input"]))
        elif name == "message_delta":
            assert not opened, "the message ends in the middle of a block"
            heard.stop = event["delta"]["stop_reason"]
            heard.usage = {**heard.usage, **event["usage"]}
        elif name == "error":
            heard.error = event["error"]
        else:
            assert name == "message_stop"
    if not heard.error:
        assert heard.kinds[-1] == "message_stop"
    return heard


def read_responses(wire: bytes) -> Heard:
    """Read as OpenAI's helpers and Codex do: items open before they grow, under one id and a place of their own."""
    heard, open_items, done = Heard(), dict[int, str](), dict[int, dict[str, Any]]()
    for number, (name, event) in enumerate(frames(wire)):
        assert name == event["type"]
        assert event["sequence_number"] == number
        assert not heard.stop, "something follows the last snapshot"
        heard.kinds.append(name)
        if name == "response.output_item.added":
            assert event["output_index"] == len(open_items), "two items have one place, or a place is left out"
            open_items[event["output_index"]] = event["item"]["id"]
        elif name == "response.output_item.done":
            assert open_items[event["output_index"]] == event["item"]["id"]
            done[event["output_index"]] = event["item"]
            _hear_item(heard, event["item"])
        elif name in ("response.completed", "response.incomplete", "response.failed"):
            response = event["response"]
            heard.stop = response["status"] if name != "response.failed" else ""
            heard.error = response["error"] or {}
            heard.usage = response["usage"] or {}
            whole = [done[place] for place in sorted(done)]
            assert name == "response.failed" or response["output"] == whole, "the snapshot is not what was told"
        elif "item_id" in event:
            assert open_items[event["output_index"]] == event["item_id"], "a delta names an item that is not open"
    return heard


def _hear_item(heard: Heard, item: dict[str, Any]) -> None:
    if item["type"] == "message":
        heard.text += "".join(part.get("text", "") for part in item["content"])
    elif item["type"] == "reasoning":
        heard.thoughts += "".join(part["text"] for part in item["summary"])
        heard.signatures += [item["encrypted_content"]] if "encrypted_content" in item else []
    elif item["type"] == "function_call":
        heard.calls.append((item["call_id"], item["name"], json.loads(item["arguments"])))
    elif item["type"] == "custom_tool_call":
        heard.calls.append((item["call_id"], item["name"], item["input"]))


def read_gemini(wire: bytes) -> Heard:
    """Read as Google's helpers do, which know `data:` lines and nothing else."""
    heard = Heard()
    for name, chunk in frames(wire):
        assert not name, "events have no names here"
        _hear_chunk(heard, chunk)
    return heard


def _hear_chunk(heard: Heard, chunk: dict[str, Any]) -> None:
    assert not heard.stop, "something follows the finish reason"
    heard.error = chunk.get("error", {})
    heard.usage = chunk.get("usageMetadata", heard.usage)
    for candidate in chunk.get("candidates", ()):
        for part in candidate["content"]["parts"]:
            heard.signatures += [part["thoughtSignature"]] if "thoughtSignature" in part else []
            if part.get("thought"):
                heard.thoughts += part["text"]
            elif "functionCall" in part:
                told = part["functionCall"]
                heard.calls.append((told["id"], told["name"], told["args"]))
            else:
                heard.text += part.get("text", "")
        heard.stop = candidate.get("finishReason", "")


READERS: Final[dict[str, Callable[[bytes], Heard]]] = {
    CHAT.name: read_chat,
    MESSAGES.name: read_messages,
    RESPONSES.name: read_responses,
    GENERATE_CONTENT.name: read_gemini,
}
"""By the name of the client's dialect."""
