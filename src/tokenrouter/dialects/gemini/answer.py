"""A whole Gemini answer, read into the hub's terms and written from them."""

from typing import Any, Final

import msgspec

from tokenrouter.dialects.call_ids import made_call_id
from tokenrouter.dialects.gemini.errors import http_status
from tokenrouter.dialects.gemini.grounding import TextPositions, citations_of
from tokenrouter.dialects.gemini.logprobs import chat_logprobs, gemini_logprobs
from tokenrouter.dialects.gemini.parts import foreign_part, media_part
from tokenrouter.dialects.gemini.said import Said, media_in_answer, shows_thoughts
from tokenrouter.dialects.gemini.signatures import FAMILY
from tokenrouter.dialects.gemini.stops import blocked, stop_of
from tokenrouter.dialects.gemini.turns import arguments_of
from tokenrouter.dialects.gemini.usage import usage_object
from tokenrouter.dialects.gemini.wire import WireAnswer, WireCandidate, WireGrounding, WirePart
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.dialects.wire_reading import read_answer
from tokenrouter.domain.answers import Answer, Choice
from tokenrouter.domain.errors import ProviderProtocolError, ProviderRefused
from tokenrouter.domain.items import Call, Foreign, Item, Message, Part, ProviderState, Reasoning, Refusal, Text

Wire = dict[str, Any]
_decoder: Final = msgspec.json.Decoder(WireAnswer)


def decode_answer(body: bytes, target: Target) -> Answer:
    """Return the answer in `body`.

    Raises:
        ProviderProtocolError: it cannot be read, or holds neither a candidate nor a reason for having none.
        ProviderRefused: it is an error, whatever its HTTP status was.
    """
    wire = read_answer(_decoder, body, target.provider)
    if wire.error is not None:
        told = f"Provider {target.provider!r} answered with an error: {wire.error.message}"
        status = http_status(wire.error.code, wire.error.status)
        raise ProviderRefused(told[:500], provider=target.provider, status=status)
    usage = None if wire.usage_metadata is None else wire.usage_metadata.usage()
    choices = [_choice(each, wire.response_id or "", target) for each in wire.candidates or ()]
    if not choices and wire.prompt_feedback is not None and wire.prompt_feedback.block_reason:
        choices = [Choice((), blocked(wire.prompt_feedback))]
    if not choices:
        told = f"Provider {target.provider!r} sent an answer without any candidate."
        raise ProviderProtocolError(told, provider=target.provider)
    return Answer(tuple(choices), wire.response_id or "", wire.model_version or target.model, usage=usage)


def _choice(wire: WireCandidate, answer_id: str, target: Target) -> Choice:
    parts = (wire.content.parts if wire.content is not None else None) or []
    reader = _Reader(f"{answer_id}:{wire.index or 0}", target)
    for part in parts:
        reader.take(part)
    if wire.grounding_metadata is not None:
        reader.cite(wire.grounding_metadata)
    items = tuple(reader.items)
    has_calls = any(type(item) is Call for item in items)
    stop = stop_of(wire.finish_reason, wire.finish_message, has_said=bool(items), has_calls=has_calls)
    return Choice(items, stop, chat_logprobs(wire.logprobs_result))


class _Reader:
    """Reads one candidate's parts."""

    def __init__(self, answer_id: str, target: Target) -> None:
        self.items: list[Item] = []
        self._answer_id = answer_id
        self._target = target

    def take(self, part: WirePart) -> None:
        value = part.thought_signature
        state = ProviderState(FAMILY, "thought_signature", value, self._target.origin) if value else None
        last = self.items[-1] if self.items else None
        if part.function_call is not None:
            self.items.append(self._call(part, state))
        elif part.thought:
            if isinstance(last, Reasoning) and last.state is None:
                self.items[-1] = Reasoning(("".join(last.texts) + (part.text or ""),), is_summary=True, state=state)
            elif part.text or state is not None:
                self.items.append(Reasoning((part.text,) if part.text else (), is_summary=True, state=state))
        elif part.text is not None:
            if part.text or state is not None:
                self._say(Text(part.text, state=state))
        elif (other := media_part(part.inline_data, part.file_data) or foreign_part(part)) is not None:
            self._say(other)
            if state is not None:
                self._say(Text("", state=state))

    def _call(self, part: WirePart, state: ProviderState | None) -> Call:
        wire = part.function_call
        if wire is None or not wire.name:
            provider = self._target.provider
            raise ProviderProtocolError(f"Provider {provider!r} sent a call without a name.", provider=provider)
        call_id = wire.id or made_call_id(self._answer_id, len(self.items))
        return Call(call_id, wire.name, arguments_of(wire), state=state)

    def _say(self, part: Part) -> None:
        """Words in several parts are one text; a signature on a part without words belongs to those before it."""
        last = self.items[-1] if self.items else None
        if not isinstance(last, Message):
            self.items.append(Message("assistant", (part,)))
            return
        *before, end = last.parts
        if isinstance(end, Text) and isinstance(part, Text) and (end.state is None or not part.text):
            joined = Text(end.text + part.text, state=part.state or end.state)
            self.items[-1] = Message("assistant", (*before, joined))
        else:
            self.items[-1] = Message("assistant", (*last.parts, part))

    def cite(self, grounding: WireGrounding) -> None:
        """Add citations to the last words: their positions count in those."""
        for number in reversed(range(len(self.items))):
            item = self.items[number]
            if not isinstance(item, Message) or not isinstance(text := item.parts[-1], Text):
                continue
            positions = TextPositions()
            positions.feed(text.text)
            cited = Text(text.text, tuple(citations_of(grounding, positions)), state=text.state)
            self.items[number] = Message("assistant", (*item.parts[:-1], cited))
            return


def encode_answer(answer: Answer, reply: Reply) -> bytes:
    """Return `answer` as a generateContent body."""
    shows = shows_thoughts(reply.request)
    wire: Wire = {
        "candidates": [_candidate(choice, index, shows=shows) for index, choice in enumerate(answer.choices)],
    }
    if answer.usage is not None:
        wire["usageMetadata"] = usage_object(answer.usage)
    wire["modelVersion"] = answer.model or reply.request.model
    wire["responseId"] = reply.id
    return msgspec.json.encode(wire)


def _candidate(choice: Choice, index: int, *, shows: bool) -> Wire:
    said = Said()
    said.stop = choice.stop
    parts: list[Wire] = []
    for item in choice.items:
        _add_item(parts, item, said, shows=shows)
    if (last := said.last_part()) is not None:
        parts.append(last)
    told: Wire = {"content": {"parts": parts or [{"text": ""}], "role": "model"}, **said.ending(), "index": index}
    if choice.logprobs is not None and (result := gemini_logprobs(choice.logprobs)) is not None:
        told["logprobsResult"] = result
    return told


def _add_item(parts: list[Wire], item: Item, said: Said, *, shows: bool) -> None:
    if isinstance(item, Reasoning):
        said.think(item)
        if shows and any(item.texts):
            parts.append({"text": "\n\n".join(item.texts), "thought": True})
    elif isinstance(item, Call):
        if (call := said.call(item)) is not None:
            parts.append(call)
    elif isinstance(item, Message):
        parts += [wire for part in item.parts if (wire := _part(part, said)) is not None]
    elif isinstance(item, Foreign) and item.family == FAMILY:
        parts.append(msgspec.json.decode(item.json))


def _part(part: Part, said: Said) -> Wire | None:
    if isinstance(part, Text):
        said.grounding.positions.feed(part.text)
        for citation in part.citations:
            said.grounding.add(citation)
        wire: Wire = {"text": part.text}
        return said.sign(wire, part.state) if part.state is not None else wire
    if isinstance(part, Refusal):
        said.has_refused = True
        return {"text": part.text}
    if isinstance(part, Foreign):
        return msgspec.json.decode(part.json) if part.family == FAMILY else None
    return media_in_answer(part)
