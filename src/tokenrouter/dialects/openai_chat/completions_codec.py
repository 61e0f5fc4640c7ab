"""OpenAI's legacy Completions as clients speak it, for models that only converse.

A prompt becomes one user turn, and what the model says is the completion
(platform.openai.com/docs/api-reference/completions, read 2026-11). Providers that have the operation themselves are
relayed to; nobody is asked in this dialect.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.dialects.losses import LossTable, loss_table
from tokenrouter.dialects.openai import errors as openai_errors
from tokenrouter.dialects.openai_chat.stops import finish_reason_of
from tokenrouter.dialects.openai_chat.usage import usage_object
from tokenrouter.dialects.wire_reading import raw_value, read_request
from tokenrouter.domain.answers import (
    Answer,
    Begun,
    Choice,
    Ended,
    ItemBegun,
    RefusalGrew,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import GatewayError, InvalidRequest
from tokenrouter.domain.items import Message, Text, text_of
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import Request, Sampling, Service

FAMILY: Final = "openai-completions"
_DONE: Final = b"data: [DONE]\n\n"
_encode: Final = msgspec.json.encode

ANSWER_LOSSES: Final[LossTable] = loss_table(
    ("item.reasoning", "dropped", "Only words are shown."),
    ("item.call", "dropped", "Only words are shown; a prompt declares no tools."),
    ("item.foreign", "dropped", "Only words are shown."),
    ("part.image", "dropped", "Only words are shown."),
)


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _WireRequest(msgspec.Struct):
    """A request. What is not here is `Request.extra`."""

    prompt: str | list[Any] | None = None
    model: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: msgspec.Raw = msgspec.Raw()
    user: str | None = None


_KNOWN: Final = frozenset(field.encode_name for field in msgspec.structs.fields(_WireRequest))
_decoder: Final = msgspec.json.Decoder(_WireRequest)


class CompletionsCodec:
    """`hub.ClientCodec` of the legacy operation."""

    name = FAMILY
    carries_state = False
    keep_alive = b": keep-alive\n\n"
    answer_losses: LossTable = ANSWER_LOSSES

    def decode_request(
        self,
        body: bytes,
        *,
        model: str | None = None,
        stream: bool | None = None,
        fields: RawObject | None = None,
    ) -> Request:
        fields = peek_object(body).fields if fields is None else fields
        wire = read_request(_decoder, body)
        stop = wire.stop
        return Request(
            model=model or wire.model or "",
            items=(Message("user", (Text(_prompt(wire.prompt)),)),),
            family=FAMILY,
            stream=bool(wire.stream) if stream is None else stream,
            wants_usage=wire.stream_options is not None and bool(wire.stream_options.include_usage),
            max_output_tokens=wire.max_tokens,
            sampling=Sampling(
                temperature=wire.temperature,
                top_p=wire.top_p,
                stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
                answers=wire.n or 1,
                seed=wire.seed,
                presence_penalty=wire.presence_penalty,
                frequency_penalty=wire.frequency_penalty,
                logit_bias=raw_value(wire.logit_bias),
            ),
            service=Service(user=wire.user or ""),
            extra={
                name: bytes(raw)
                for name, raw in fields.items()
                if name not in _KNOWN and bytes(raw) not in (b"null", b"false")
            },
        )

    def encode_answer(self, answer: Answer, reply: Reply) -> bytes:
        wire: dict[str, Any] = {
            "id": f"cmpl-{reply.id}",
            "object": "text_completion",
            "created": answer.created_s or reply.created_s,
            "model": answer.model or reply.request.model,
            "choices": [_choice(choice, index) for index, choice in enumerate(answer.choices)],
        }
        if answer.usage is not None:
            wire["usage"] = usage_object(answer.usage)
        return _encode(wire)

    def stream_encoder(self, reply: Reply) -> "CompletionsStreamEncoder":
        return CompletionsStreamEncoder(reply)

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        return openai_errors.error_body(error, request_id)


def _prompt(prompt: str | list[Any] | None) -> str:
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, list) and len(prompt) == 1 and isinstance(prompt[0], str):
        return prompt[0]
    raise InvalidRequest(
        "This model takes one prompt, as text: neither several at once nor numbers of tokens.", param="prompt"
    )


def _choice(choice: Choice, index: int) -> dict[str, Any]:
    words = "".join(text_of(item.parts, "") for item in choice.items if isinstance(item, Message))
    return {"text": words, "index": index, "logprobs": None, "finish_reason": _finish(choice.stop)}


def _finish(stop: Stop) -> str:
    """Calls do not exist here: a model that called has stopped."""
    return "stop" if stop.reason == "tool" else finish_reason_of(stop)


class CompletionsStreamEncoder:
    """Encodes one stream; see `hub.StreamEncoder`."""

    __slots__ = ("_choices", "_lead", "_reply", "_stopped", "_usage", "_writers")

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._lead = _lead(reply, Begun())
        self._choices: dict[int, int] = {}
        self._stopped: set[int] = set()
        self._usage: Usage | None = None
        self._writers: Mapping[type[Any], Callable[[Any], bytes]] = {
            Begun: self._begin,
            ItemBegun: self._begin_item,
            TextGrew: self._write_text,
            RefusalGrew: self._write_text,
            UsageReported: self._note_usage,
            Stopped: self._write_stop,
            Ended: self._end,
        }

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        writers = self._writers
        return b"".join([writers[type(event)](event) for event in events if type(event) in writers])

    def finish(self, stop: Stop) -> bytes:
        choices = set(self._choices.values()) or {0}
        stops = [self._write_stop(Stopped(stop, choice)) for choice in sorted(choices - self._stopped)]
        return b"".join([*stops, self._end(Ended())])

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return openai_errors.error_event(error, request_id)

    def _begin(self, begun: Begun) -> bytes:
        self._lead = _lead(self._reply, begun)
        self._usage = begun.usage
        return b""

    def _begin_item(self, begun: ItemBegun) -> bytes:
        self._choices[begun.index] = begun.choice
        return b""

    def _write_text(self, grew: TextGrew | RefusalGrew) -> bytes:
        return self._chunk(self._choices[grew.index], _encode(grew.text), b"null")

    def _note_usage(self, reported: UsageReported) -> bytes:
        self._usage = reported.usage
        return b""

    def _write_stop(self, stopped: Stopped) -> bytes:
        self._stopped.add(stopped.choice)
        return self._chunk(stopped.choice, b'""', _encode(_finish(stopped.stop)))

    def _chunk(self, choice: int, text: bytes, finish: bytes) -> bytes:
        return b'%b[{"text":%b,"index":%d,"logprobs":null,"finish_reason":%b}]}\n\n' % (
            self._lead,
            text,
            choice,
            finish,
        )

    def _end(self, _ended: Ended) -> bytes:
        if self._usage is None or not self._reply.request.wants_usage:
            return _DONE
        return b'%b[],"usage":%b}\n\n%b' % (self._lead, _encode(usage_object(self._usage)), _DONE)


def _lead(reply: Reply, begun: Begun) -> bytes:
    head = {
        "id": f"cmpl-{reply.id}",
        "object": "text_completion",
        "created": begun.created_s or reply.created_s,
        "model": begun.model or reply.request.model,
    }
    return b"data: " + _encode(head)[:-1] + b',"choices":'


COMPLETIONS_CODEC: Final = CompletionsCodec()
