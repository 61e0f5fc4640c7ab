"""What providers answer in each dialect: a stream of 500 chunks, and a whole answer of 2 KB.

Most of a stream is words, twenty characters to a chunk, and its end is a call whose arguments come in pieces,
as a coding agent sees it all day. The frames are those that the vendors send, padding fields included (seen in
recordings of 2026); a chunk of the stream is what one read from the network brings.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from tokenrouter.sandbox.aws import event_stream

Wire = dict[str, Any]
CHUNKS: Final = 500
ARGUMENT_CHUNKS: Final = 100
"""So many of the chunks are pieces of the call's arguments."""
ANSWER_CHARS: Final = 2000
MODEL: Final = "echo-2026-01-01"
CREATED_S: Final = 1_770_933_892
CALL_ID: Final = "call_0123456789abcdefghijklmn"
TOOL: Final = "work_on_file_3"
PADDING: Final = "aQ3xK9"
_WORDS: Final = (
    "Then `parse` returns",
    ' a list: "größer"; \n',
    "where r is empty, so",
    " the loop never ends",
    " as line 12 shows. \n",
)
_ARGUMENT: Final = "src/parser/part_ 12,"


WORDS: Final = tuple(_WORDS[number % len(_WORDS)] for number in range(CHUNKS - ARGUMENT_CHUNKS))
"""What a stream says, in the pieces in which it comes."""


def _argument_pieces() -> list[str]:
    """Return JSON text in pieces: an object with one long string."""
    return ['{"path":"', *[_ARGUMENT] * (ARGUMENT_CHUNKS - 2), '"}']


def _text() -> str:
    return "".join(_WORDS * (ANSWER_CHARS // 20 // len(_WORDS)))


def _json(wire: Wire) -> bytes:
    return json.dumps(wire, separators=(",", ":"), ensure_ascii=False).encode()


def _data(wire: Wire) -> bytes:
    return b"data: %b\n\n" % _json(wire)


def _event(wire: Wire) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (wire["type"].encode(), _json(wire))


CHAT_USAGE: Final = {
    "prompt_tokens": 5000,
    "completion_tokens": 2500,
    "total_tokens": 7500,
    "prompt_tokens_details": {"cached_tokens": 4096, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
CHAT_HEAD: Final = {
    "id": "chatcmpl-D8Z5oo6uDh67AD85p73ksdT1KxhE0",
    "object": "chat.completion.chunk",
    "created": CREATED_S,
    "model": MODEL,
    "service_tier": "default",
    "system_fingerprint": "fp_de604bd877",
}


def _chat_chunk(delta: Wire, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _data({**CHAT_HEAD, "choices": [choice], "usage": None, "obfuscation": PADDING})


def _chat_stream(words: Sequence[str]) -> Iterator[bytes]:
    yield _chat_chunk({"role": "assistant", "content": "", "refusal": None})
    for text in words:
        yield _chat_chunk({"content": text})
    function = {"name": TOOL, "arguments": ""}
    yield _chat_chunk({"tool_calls": [{"index": 0, "id": CALL_ID, "type": "function", "function": function}]})
    for text in _argument_pieces():
        yield _chat_chunk({"tool_calls": [{"index": 0, "function": {"arguments": text}}]})
    yield _chat_chunk({}, "tool_calls")
    yield _data({**CHAT_HEAD, "choices": [], "usage": CHAT_USAGE, "obfuscation": PADDING})
    yield b"data: [DONE]\n\n"


def _chat_answer() -> Wire:
    call = {"id": CALL_ID, "type": "function", "function": {"name": TOOL, "arguments": '{"path":"src/parser.py"}'}}
    message = {
        "role": "assistant",
        "content": _text(),
        "tool_calls": [call],
        "refusal": None,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls"}
    return {**CHAT_HEAD, "object": "chat.completion", "choices": [choice], "usage": CHAT_USAGE}


RESPONSE_ID: Final = "resp_04a97b4fce127879006949a87ac9388195b0d86b0d1f24176b"
MESSAGE_ID: Final = "msg_04a97b4fce127879006949a87d97e081959020140d5b07b7b5"
FUNCTION_ID: Final = "fc_05147bbe356953b60069ab673745c081969b5c16c333b4f179"


def _response(status: str, output: list[Wire]) -> Wire:
    usage = {
        "input_tokens": 5000,
        "input_tokens_details": {"cached_tokens": 4096},
        "output_tokens": 2500,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 7500,
    }
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": CREATED_S,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": MODEL,
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage if status == "completed" else None,
    }


def _output_message(text: str) -> Wire:
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
    return {"id": MESSAGE_ID, "type": "message", "status": "completed", "content": [part], "role": "assistant"}


def _function_call(arguments: str) -> Wire:
    return {
        "id": FUNCTION_ID,
        "type": "function_call",
        "status": "completed",
        "arguments": arguments,
        "call_id": CALL_ID,
        "name": TOOL,
    }


def _responses_stream(words: Sequence[str]) -> Iterator[bytes]:
    for number, event in enumerate(_response_events(words)):
        yield _event({"type": event["type"], "sequence_number": number, **event})


def _response_events(words: Sequence[str]) -> Iterator[Wire]:
    message, call = _output_message("".join(words)), _function_call("".join(_argument_pieces()))
    for kind in ("response.created", "response.in_progress"):
        yield {"type": kind, "response": _response("in_progress", [])}
    added = {**message, "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", "output_index": 0, "item": added}
    at = {"item_id": MESSAGE_ID, "output_index": 0, "content_index": 0}
    (part,) = message["content"]
    yield {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}
    for text in words:
        yield {"type": "response.output_text.delta", **at, "delta": text, "logprobs": [], "obfuscation": PADDING}
    yield {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": part}
    yield {"type": "response.output_item.done", "output_index": 0, "item": message}
    begun = {**call, "status": "in_progress", "arguments": ""}
    yield {"type": "response.output_item.added", "output_index": 1, "item": begun}
    at = {"item_id": FUNCTION_ID, "output_index": 1}
    for text in _argument_pieces():
        yield {"type": "response.function_call_arguments.delta", **at, "delta": text, "obfuscation": PADDING}
    yield {"type": "response.function_call_arguments.done", **at, "arguments": call["arguments"]}
    yield {"type": "response.output_item.done", "output_index": 1, "item": call}
    yield {"type": "response.completed", "response": _response("completed", [message, call])}


def _responses_answer() -> Wire:
    return _response("completed", [_output_message(_text()), _function_call('{"path":"src/parser.py"}')])


MESSAGES_USAGE: Final = {
    "input_tokens": 904,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 4096,
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 1,
    "service_tier": "standard",
}


def _message(content: list[Wire], stop: str | None) -> Wire:
    return {
        "model": MODEL,
        "id": "msg_01QC4g3HwBThD4BaNtBckFDJ",
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": MESSAGES_USAGE,
    }


def _messages_stream(words: Sequence[str]) -> Iterator[bytes]:
    def delta(index: int, **delta: str) -> bytes:
        return _event({"type": "content_block_delta", "index": index, "delta": delta})

    yield _event({"type": "message_start", "message": _message([], None)})
    yield _event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    yield _event({"type": "ping"})
    for text in words:
        yield delta(0, type="text_delta", text=text)
    yield _event({"type": "content_block_stop", "index": 0})
    call = {"type": "tool_use", "id": CALL_ID, "name": TOOL, "input": {}}
    yield _event({"type": "content_block_start", "index": 1, "content_block": call})
    for text in _argument_pieces():
        yield delta(1, type="input_json_delta", partial_json=text)
    yield _event({"type": "content_block_stop", "index": 1})
    stop = {"stop_reason": "tool_use", "stop_sequence": None}
    yield _event({"type": "message_delta", "delta": stop, "usage": {**MESSAGES_USAGE, "output_tokens": 2500}})
    yield _event({"type": "message_stop"})


def _messages_answer() -> Wire:
    call = {"type": "tool_use", "id": CALL_ID, "name": TOOL, "input": {"path": "src/parser.py"}}
    return _message([{"type": "text", "text": _text()}, call], "tool_use")


def _gemini_chunk(part: Wire, **more: object) -> Wire:
    usage = {
        "promptTokenCount": 5000,
        "candidatesTokenCount": 2500,
        "totalTokenCount": 7500,
        "cachedContentTokenCount": 4096,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5000}],
    }
    candidate = {"content": {"parts": [part], "role": "model"}, **more, "index": 0}
    tail = {"modelVersion": MODEL, "responseId": "bH6LaZW8Fp_3nsEPqtaSwQ4"}
    return {"candidates": [candidate], "usageMetadata": usage, **tail}


def _gemini_call() -> Wire:
    return {"functionCall": {"name": TOOL, "args": {"path": _ARGUMENT * ARGUMENT_CHUNKS}}}


def _gemini_stream(words: Sequence[str]) -> Iterator[bytes]:
    for text in [*words, *[_WORDS[0]] * ARGUMENT_CHUNKS]:
        yield _data(_gemini_chunk({"text": text}))
    yield _data(_gemini_chunk(_gemini_call()))
    yield _data(_gemini_chunk({"text": ""}, finishReason="STOP"))


def _gemini_answer() -> Wire:
    wire = _gemini_chunk({"text": _text()}, finishReason="STOP")
    wire["candidates"][0]["content"]["parts"].append(_gemini_call())
    return wire


CONVERSE_USAGE: Final = {"inputTokens": 904, "outputTokens": 2500, "totalTokens": 7500, "cacheReadInputTokens": 4096}


def _converse_stream(words: Sequence[str]) -> Iterator[bytes]:
    def event(kind: str, wire: Wire) -> bytes:
        return event_stream.event(kind, _json({**wire, "p": PADDING}))

    def delta(index: int, delta: Wire) -> bytes:
        return event("contentBlockDelta", {"contentBlockIndex": index, "delta": delta})

    yield event("messageStart", {"role": "assistant"})
    for text in words:
        yield delta(0, {"text": text})
    yield event("contentBlockStop", {"contentBlockIndex": 0})
    call = {"toolUse": {"toolUseId": CALL_ID, "name": TOOL}}
    yield event("contentBlockStart", {"contentBlockIndex": 1, "start": call})
    for text in _argument_pieces():
        yield delta(1, {"toolUse": {"input": text}})
    yield event("contentBlockStop", {"contentBlockIndex": 1})
    yield event("messageStop", {"stopReason": "tool_use"})
    yield event("metadata", {"usage": CONVERSE_USAGE, "metrics": {"latencyMs": 1200}})


def _converse_answer() -> Wire:
    call = {"toolUse": {"toolUseId": CALL_ID, "name": TOOL, "input": {"path": "src/parser.py"}}}
    message = {"role": "assistant", "content": [{"text": _text()}, call]}
    return {"output": {"message": message}, "stopReason": "tool_use", "usage": CONVERSE_USAGE}


_STREAMS: Final[Mapping[str, Callable[[Sequence[str]], Iterator[bytes]]]] = {
    "openai-chat": _chat_stream,
    "openai-responses": _responses_stream,
    "anthropic-messages": _messages_stream,
    "gemini": _gemini_stream,
    "bedrock-converse": _converse_stream,
}
_ANSWERS: Final[Mapping[str, Callable[[], Wire]]] = {
    "openai-chat": _chat_answer,
    "openai-responses": _responses_answer,
    "anthropic-messages": _messages_answer,
    "gemini": _gemini_answer,
    "bedrock-converse": _converse_answer,
}


def provider_stream(dialect: str, words: Sequence[str] = WORDS) -> Iterator[bytes]:
    """Yield a stream in `dialect`, in the chunks in which it comes."""
    return _STREAMS[dialect](words)


def provider_answer(dialect: str) -> bytes:
    """Return a whole answer in `dialect`."""
    return _json(_ANSWERS[dialect]())
