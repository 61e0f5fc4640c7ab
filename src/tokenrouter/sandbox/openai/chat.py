"""Chat Completions: `POST /v1/chat/completions`.

From OpenAI's API reference ("Create chat completion", "The chat completion chunk object", read 2026-11) and recorded
exchanges: usage in a stream only when asked for, then `usage: null` in each chunk and a last chunk without choices.

`lorem` takes `prefix: true` besides, as Mistral has it (API reference, "AssistantMessage": the model starts its answer
with the content of the message; read 2026-11), and repeats those words as Mistral does
(github.com/vercel/ai/pull/3256); they are not billed as part of the answer.
"""

import dataclasses
import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.delivery import Answer, Frame, encoded, event
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.prompt import IMAGE_TOKENS, Ask, Tool, Turn
from tokenrouter.sandbox.question import Question, sampling
from tokenrouter.sandbox.speech import EFFORTS, Utterance, compose, text_pieces
from tokenrouter.sandbox.tokens import Usage

ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")
MAX_CHOICES: Final = 128
MAX_STOPS: Final = 4
MAX_TOKENS: Final = 2**31 - 1

MAX_CALL_ID: Final = 40
"""Characters (github.com/vercel/ai/issues/8132)."""

DONE: Final = b"data: [DONE]\n\n"
_ORPHAN: Final = (
    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
)
_UNANSWERED: Final = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
    "The following tool_call_ids did not have response messages: "
)
_PAD: Final = "abcdefghijklmnop"


def answer(question: Question) -> Answer:
    """Raises: ApiError, for a request that the vendor would refuse."""
    fields, model = question.fields, question.model
    streamed, reports_usage = stream_options(fields)
    ask = _read(question)
    choices = fields.integer("n", 1, MAX_CHOICES) or 1
    utterance = dataclasses.replace(compose(ask, model), repeated=ask.prefill)
    usage = question.usage(ask, utterance, choices)
    said = [utterance] * choices
    stream = _ChatStream(question, said, usage, reports_usage) if streamed else None
    return Answer(usage, lambda: _document(question, said, usage), stream)


def stream_options(fields: Fields) -> tuple[bool, bool]:
    """Whether a stream is asked for, and whether it is to report usage."""
    streamed = bool(fields.flag("stream"))
    options = fields.member("stream_options")
    if options and not streamed:
        fields.refuse("stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    return streamed, bool(options and options.flag("include_usage"))


def usage_document(usage: Usage) -> dict[str, object]:
    """The `usage` member of Chat Completions, with its details."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def error_event(message: str) -> Iterator[Frame]:
    """What a stream of Chat Completions or Completions carries when it fails: the error object as an event."""
    yield Frame(event(ApiError(500, message).document()))


def _read(question: Question) -> Ask:
    fields = question.fields
    sampling(fields)
    turns = _turns(fields)
    tools = _tools(fields)
    schema, as_json = _response_format(fields)
    return Ask(
        turns=turns,
        raw=question.raw,
        tools=tools,
        tools_json=fields.array("tools"),
        tool_choice=_tool_choice(fields, tools),
        parallel_tools=fields.flag("parallel_tool_calls") is not False,
        schema=schema,
        as_json=as_json,
        max_tokens=_max_tokens(fields, question.model),
        stop=fields.texts("stop", MAX_STOPS),
        effort=fields.choice("reasoning_effort", EFFORTS) if fields.present("reasoning_effort") else None,
        prefill=_prefill(fields.objects("messages"), turns, question.model),
    )


def _prefill(messages: Sequence[Fields], turns: Sequence[Turn], model: Model) -> str:
    """What the answer begins with: the words of the last message where it says so."""
    prefixes = [message for message in messages if message.flag("prefix")]
    if not prefixes:
        return ""
    is_last = prefixes == [messages[-1]] and turns[-1].role == "assistant"
    if not is_last or model.says != "lorem":
        path = prefixes[0].path("prefix")
        prefixes[0].refuse("prefix", f"Unknown parameter: '{path}'.", "unknown_parameter")
    return turns[-1].text


def _max_tokens(fields: Fields, model: Model) -> int | None:
    old = fields.integer("max_tokens", 1, MAX_TOKENS)
    if old is not None and model.thinking == "hidden":
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        fields.refuse("max_tokens", message, "unsupported_parameter")
    return fields.integer("max_completion_tokens", 1, MAX_TOKENS) or old


def _turns(fields: Fields) -> tuple[Turn, ...]:
    if not fields.present("messages"):
        fields.refuse("messages", "Missing required parameter: 'messages'.", "missing_required_parameter")
    messages = fields.objects("messages")
    if not messages:
        message = "Invalid 'messages': empty array. Expected an array with minimum length 1."
        fields.refuse("messages", message, "empty_array")
    _check_calls(messages)
    return tuple(_turn(message) for message in messages)


def _check_calls(messages: Sequence[Fields]) -> None:
    """Each call is answered right behind its message, and nothing is answered that was not called."""
    called: list[str] = []
    waiting: list[str] = []
    for message in messages:
        if message.text("role") == "tool":
            _check_answer(message, called)
            waiting = [call_id for call_id in waiting if call_id != message.required_text("tool_call_id")]
            continue
        if waiting:
            message.refuse("role", _UNANSWERED + ", ".join(waiting))
        called = waiting = [_call_id(call) for call in message.objects("tool_calls")]
    if waiting:
        messages[-1].refuse("role", _UNANSWERED + ", ".join(waiting))


def _check_answer(message: Fields, called: Sequence[str]) -> None:
    call_id = message.required_text("tool_call_id")
    if not called:
        message.refuse("role", _ORPHAN)
    if call_id not in called:
        words = f"Invalid parameter: 'tool_call_id' of '{call_id}' not found in 'tool_calls' of previous message."
        message.refuse("tool_call_id", words)


def _call_id(call: Fields) -> str:
    call_id = call.required_text("id")
    if len(call_id) > MAX_CALL_ID:
        words = (
            f"Invalid '{call.path('id')}': string too long. Expected a string with maximum length {MAX_CALL_ID}, "
            f"but got a string with length {len(call_id)} instead."
        )
        call.refuse("id", words, "string_above_max_length")
    return call_id


def _turn(message: Fields) -> Turn:
    role = message.choice("role", ROLES)
    if role == "tool":
        message.required_text("tool_call_id")
    content = message.values.get("content")
    calls = message.array("tool_calls")
    if content is None and role != "assistant":
        message.wrong_type("content", "a string or an array of objects")
    if isinstance(content, list):
        texts, images = _parts(message)
    elif content is None or isinstance(content, str):
        texts, images = content or "", 0
    else:
        message.wrong_type("content", "a string or an array of objects")
    if calls:
        texts += json.dumps(calls, ensure_ascii=False, separators=(",", ":"))
    return Turn(role, texts, images)


def _parts(message: Fields) -> tuple[str, int]:
    """Text and media tokens of parts: a file weighs as much as a picture; audio is accepted and weighs nothing."""
    texts: list[str] = []
    images = 0
    for part in message.objects("content"):
        kind = part.choice("type", ("text", "image_url", "input_audio", "file", "refusal"))
        if kind == "text":
            texts.append(part.required_text("text"))
        elif kind == "image_url":
            image = part.required_member("image_url")
            image.required_text("url")
            images += IMAGE_TOKENS["low" if image.text("detail") == "low" else "high"]
        elif kind == "file":
            part.required_member("file")
            images += IMAGE_TOKENS["high"]
    return "\n".join(texts), images


def _tools(fields: Fields) -> tuple[Tool, ...]:
    tools = []
    if fields.values.get("tools") == []:
        fields.refuse("tools", "Invalid 'tools': empty array. Expected an array with minimum length 1.", "empty_array")
    if fields.present("parallel_tool_calls") and not fields.present("tools"):
        words = "'parallel_tool_calls' is only allowed when 'tools' are specified."
        fields.refuse("parallel_tool_calls", f"Invalid value for 'parallel_tool_calls': {words}")
    for tool in fields.objects("tools"):
        if tool.choice("type", ("function", "custom")) == "function":
            function = tool.required_member("function")
            parameters = function.member("parameters")
            empty: dict[str, object] = {"type": "object", "properties": {}}
            tools.append(Tool(function.required_text("name"), parameters.values if parameters else empty))
    return tuple(tools)


def _tool_choice(fields: Fields, tools: tuple[Tool, ...]) -> str:
    choice = fields.values.get("tool_choice")
    if choice is None:
        return "auto"
    if not fields.present("tools"):
        fields.refuse("tool_choice", "Invalid value for 'tool_choice': only allowed when 'tools' are specified.")
    if isinstance(choice, str):
        return fields.choice("tool_choice", ("none", "auto", "required"))
    named = fields.required_member("tool_choice")
    if named.choice("type", ("function", "allowed_tools", "custom")) == "allowed_tools":
        return named.required_member("allowed_tools").choice("mode", ("auto", "required"))
    name = named.required_member("function").required_text("name")
    if name not in {tool.name for tool in tools}:
        fields.refuse("tool_choice", f"Tool choice '{name}' not found in 'tools' parameter.")
    return name


def _response_format(fields: Fields) -> tuple[object, bool]:
    """The schema to fit, and whether any JSON object is asked for."""
    form = fields.member("response_format")
    if form is None:
        return None, False
    kind = form.choice("type", ("text", "json_object", "json_schema"))
    if kind != "json_schema":
        return None, kind == "json_object"
    wrapper = form.required_member("json_schema")
    wrapper.required_text("name")
    schema = wrapper.member("schema")
    return (schema.values if schema else None), True


def _document(question: Question, utterances: list[Utterance], usage: Usage) -> dict[str, object]:
    document: dict[str, object] = {
        "id": ids.letters("chatcmpl-"),
        "object": "chat.completion",
        "created": question.created,
        "model": question.model.name,
        "choices": [_choice(index, said, question.model) for index, said in enumerate(utterances)],
    }
    if question.model.usage != "never":
        document["usage"] = usage_document(usage)
    return {**document, "service_tier": "default", "system_fingerprint": ids.fingerprint(question.model.name)}


def _choice(index: int, said: Utterance, model: Model) -> dict[str, object]:
    content = None if said.calls or said.refused else said.repeated + said.text
    refusal = said.text if said.refused else None
    message: dict[str, object] = {"role": "assistant", "content": content, "refusal": refusal, "annotations": []}
    if model.thinking == "open":
        message["reasoning_content"] = model.tokenizer.lorem(said.reasoning_tokens)
    if said.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in said.calls
        ]
    return {"index": index, "message": message, "logprobs": None, "finish_reason": said.finish}


class _ChatStream:
    """The chunks of one answer; the choices take turns, as they do at the vendor."""

    def __init__(self, question: Question, utterances: list[Utterance], usage: Usage, reports_usage: bool) -> None:
        self._utterances = utterances
        self._usage = usage
        self._model = question.model
        self._reports_usage = reports_usage and self._model.usage == "asked"
        head = {
            "id": ids.letters("chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": question.created,
            "model": self._model.name,
            "service_tier": "default",
            "system_fingerprint": ids.fingerprint(self._model.name),
        }
        self._head = b"data: " + encoded(head)[:-1] + b',"choices":['
        self._tail = b'],"usage":null' if self._reports_usage else b"]"

    def opening(self) -> Iterator[Frame]:
        for index, said in enumerate(self._utterances):
            content = None if said.calls or said.refused else ""
            yield self._delta(index, {"role": "assistant", "content": content, "refusal": None}, 0)

    def body(self) -> Iterator[Frame]:
        spoken = [self._spoken(index, said) for index, said in enumerate(self._utterances)]
        for frames in itertools.zip_longest(*spoken):
            yield from (frame for frame in frames if frame is not None)

    def closing(self) -> Iterator[Frame]:
        for index, said in enumerate(self._utterances):
            last = index == len(self._utterances) - 1
            ends = self._usage_member() if last and self._model.usage == "in_finish" else self._tail
            yield self._chunk(b'{"index":%d,"delta":{},"logprobs":null,"finish_reason":"%b"}' % (
                index, said.finish.encode()), 0, ends)  # fmt: skip
        if self._reports_usage:
            yield self._chunk(b"", 0, self._usage_member())
        yield Frame(DONE)

    def error(self, message: str) -> Iterator[Frame]:
        return error_event(message)

    def _spoken(self, index: int, said: Utterance) -> Iterator[Frame]:
        if self._model.thinking == "open":
            for piece in self._model.tokenizer.pieces(self._model.tokenizer.lorem(said.reasoning_tokens)):
                yield self._delta(index, {"reasoning_content": piece.text}, piece.tokens)
        elif said.reasoning_tokens:
            yield Frame(b"", said.reasoning_tokens)
        kind = "refusal" if said.refused else "content"
        if said.repeated:
            yield self._delta(index, {kind: said.repeated}, 0)
        for piece in text_pieces(self._model, said.text):
            yield self._delta(index, {kind: piece.text}, piece.tokens)
        for number, call in enumerate(said.calls):
            function = {"name": call.name, "arguments": ""}
            begun = {"index": number, "id": call.id, "type": "function", "function": function}
            yield self._delta(index, {"tool_calls": [begun]}, self._model.tokenizer.count(call.name))
            for piece in self._model.tokenizer.pieces(call.arguments):
                more = {"index": number, "function": {"arguments": piece.text}}
                yield self._delta(index, {"tool_calls": [more]}, piece.tokens)

    def _delta(self, index: int, delta: dict[str, object], tokens: int) -> Frame:
        choice = b'{"index":%d,"delta":%b,"logprobs":null,"finish_reason":null}' % (index, encoded(delta))
        return self._chunk(choice, tokens, self._tail)

    def _chunk(self, choices: bytes, tokens: int, tail: bytes) -> Frame:
        """`obfuscation` evens out the lengths, as the vendor does against listeners who count bytes."""
        pad = _PAD[len(choices) % len(_PAD) :].encode()
        return Frame(b'%b%b%b,"obfuscation":"%b"}\n\n' % (self._head, choices, tail, pad), tokens)

    def _usage_member(self) -> bytes:
        return b'],"usage":' + encoded(usage_document(self._usage))
