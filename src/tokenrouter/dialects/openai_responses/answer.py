"""A whole response, read into the hub's terms and written from them."""

from collections.abc import Iterator
from typing import Final

import msgspec

from tokenrouter.dialects.call_ids import made_call_id
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.dialects.openai_responses.items import kind_of, logprobs_in, read_citation, read_item
from tokenrouter.dialects.openai_responses.object import ResponseObject
from tokenrouter.dialects.openai_responses.output import (
    Manner,
    Wire,
    annotation,
    call_item,
    image_item,
    message_item,
    own_item,
    reasoning_item,
    refusal_part,
    text_part,
)
from tokenrouter.dialects.openai_responses.stops import error_in, stop_of
from tokenrouter.dialects.openai_responses.wire import WireImage, WireMessage, WireResponse
from tokenrouter.dialects.openai_responses.wrapped_calls import unwrapped
from tokenrouter.dialects.wire_reading import read_answer, read_request
from tokenrouter.domain.answers import Answer, Begun, Choice, Stop
from tokenrouter.domain.errors import InvalidRequest, ProviderProtocolError, ProviderRefused
from tokenrouter.domain.items import (
    Audio,
    Call,
    Citation,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    Part,
    ProviderState,
    RawJson,
    Reasoning,
    Refusal,
    Text,
)

_IMAGE: Final = "image_generation_call"
_answer: Final = msgspec.json.Decoder(WireResponse)
_image: Final = msgspec.json.Decoder(WireImage)
_message: Final = msgspec.json.Decoder(WireMessage)


def decode_answer(body: bytes, target: Target) -> Answer:
    """Return the answer in `body`.

    Raises:
        ProviderProtocolError: it cannot be read, or is no response.
        ProviderRefused: it says that it failed.
    """
    wire = read_answer(_answer, body, target.provider)
    if wire.error is not None or wire.status == "failed":
        message, code, status = error_in(wire.error)
        told = f"Provider {target.provider!r} reported that the response failed: {message}"
        raise ProviderRefused(told[:500], provider=target.provider, status=status, vendor_code=code)
    if wire.output is None:
        told = f"Provider {target.provider!r} sent an answer without an output."
        raise ProviderProtocolError(told, provider=target.provider)
    items: list[Item] = []
    for index, raw in enumerate(wire.output):
        items += output_items(raw, index, wire.id or "", target)
    stop = stop_of(wire, has_calls=any(type(item) is Call for item in items))
    return Answer(
        (Choice(tuple(items), stop, _logprobs(wire.output)),),
        wire.id or "",
        wire.model or target.model,
        int(wire.created_at or 0),
        None if wire.usage is None else wire.usage.usage(wire.service_tier),
        wire.service_tier or "",
    )


def _logprobs(output: list[msgspec.Raw]) -> RawJson | None:
    """Return those of all words in one list, as Chat Completions has them."""
    told = [found[1:-1] for raw in output if b'"logprobs"' in bytes(raw) for found in _logprobs_of(raw)]
    return b"[" + b",".join(told) + b"]" if told else None


def _logprobs_of(raw: msgspec.Raw) -> Iterator[RawJson]:
    content = _message.decode(raw).content
    for part in content if isinstance(content, list) else ():
        if (found := logprobs_in(part.logprobs)) is not None:
            yield found


def output_items(raw: msgspec.Raw, index: int, answer_id: str, target: Target) -> list[Item]:
    """Return what the item at `index` of an output amounts to: mostly one item, none where it says nothing.

    Raises:
        ProviderProtocolError: it cannot be read; the message names the provider and the position.
    """
    where = f"output[{index}]"
    try:
        kind = kind_of(raw, where)
        picture = _picture(raw, where) if kind.type == _IMAGE else None
        item = read_item(raw, where, kind) if picture is None else picture
    except InvalidRequest as error:
        raise _unreadable(error, target) from None
    if isinstance(item, Call):
        call_id = item.call_id or made_call_id(answer_id, index)
        return list(unwrapped(item if call_id == item.call_id else _called(item, call_id)))
    if isinstance(item, Reasoning):
        return [_thought(item, target.origin)] if item.texts or item.state is not None else []
    return [] if isinstance(item, Message) and not item.parts else [item]


def output_citation(raw: msgspec.Raw, target: Target) -> Citation:
    """Return a citation that came apart from its words.

    Raises:
        ProviderProtocolError: as `output_items`.
    """
    try:
        return read_citation(raw, "annotation")
    except InvalidRequest as error:
        raise _unreadable(error, target) from None


def _unreadable(error: InvalidRequest, target: Target) -> ProviderProtocolError:
    told = f"Provider {target.provider!r} sent an answer that cannot be read, in {error.param}: {error.message}"
    return ProviderProtocolError(told, provider=target.provider)


def _picture(raw: msgspec.Raw, where: str) -> Message | None:
    """Return a picture that the provider's own tool made; None where it made none."""
    wire = read_request(_image, raw, where)
    if not wire.result:
        return None
    return Message("assistant", (Image(Inline(f"image/{wire.output_format or 'png'}", wire.result)),), wire.id or "")


def _called(call: Call, call_id: str) -> Call:
    return Call(call_id, call.name, call.arguments, call.kind, call.namespace, id=call.id)


def _thought(reasoning: Reasoning, origin: str) -> Reasoning:
    state = reasoning.state
    own = None if state is None else ProviderState(state.family, state.kind, state.value, origin)
    return Reasoning(reasoning.texts, reasoning.is_summary, own, reasoning.id)


def encode_answer(answer: Answer, reply: Reply) -> bytes:
    """Return `answer` as a response object; of several alternatives the first."""
    choice = answer.choices[0] if answer.choices else Choice((), Stop("end"))
    response = ResponseObject(reply)
    response.begin(Begun(answer.id, answer.model, answer.created_s, tier=answer.tier))
    return bytes(response.ended(_Output(Manner.of(reply)).of(choice), choice.stop, answer.usage)[1])


class _Output:
    """Writes the items of one answer."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._wires: list[Wire | msgspec.Raw] = []

    def of(self, choice: Choice) -> list[Wire | msgspec.Raw]:
        """Return the output of `choice`."""
        logprobs = None if choice.logprobs is None else msgspec.Raw(choice.logprobs)
        for item in choice.items:
            if isinstance(item, Message):
                self._say(item, logprobs)
            elif isinstance(item, Reasoning):
                self._think(item)
            elif isinstance(item, Call):
                self._call(item)
            elif isinstance(item, Foreign) and (own := own_item(item)) is not None:
                self._wires.append(own)
        if choice.stop.explanation and choice.stop.reason == "filter":
            self._say(Message("assistant", (Refusal(choice.stop.explanation),)), None)
        return self._wires

    def _say(self, message: Message, logprobs: msgspec.Raw | None) -> None:
        content = [wire for part in message.parts if (wire := _said(part, logprobs)) is not None]
        if content:
            item_id = self._manner.item_id("message", len(self._wires))
            self._wires.append(message_item(item_id, content, message.phase))
        for part in message.parts:
            if isinstance(part, Image):
                self._add(image_item(self._manner.item_id("image", len(self._wires)), part))
            elif isinstance(part, Text):
                self._add(self._manner.carrier(part.state, len(self._wires)))

    def _think(self, reasoning: Reasoning) -> None:
        item_id = self._manner.item_id("reasoning", len(self._wires))
        encrypted = self._manner.encrypted(reasoning.state)
        if reasoning.texts or encrypted is not None:
            self._wires.append(reasoning_item(item_id, list(reasoning.texts), encrypted))

    def _call(self, call: Call) -> None:
        self._add(self._manner.carrier(call.state, len(self._wires), call.call_id))
        kind = self._manner.call_kind(call)
        self._wires.append(call_item(kind, self._manner.item_id(kind, len(self._wires)), call, call.arguments))

    def _add(self, wire: Wire | None) -> None:
        if wire is not None:
            self._wires.append(wire)


def _said(part: Part, logprobs: msgspec.Raw | None) -> Wire | None:
    if isinstance(part, Refusal):
        return refusal_part(part.text)
    if isinstance(part, Audio):
        return text_part(part.transcript, []) if part.transcript else None
    if not isinstance(part, Text):
        return None
    notes = [note for citation in part.citations if (note := annotation(citation)) is not None]
    return text_part(part.text, notes, logprobs)
