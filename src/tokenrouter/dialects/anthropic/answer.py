"""A whole Anthropic answer, read into the hub's terms and written from them."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tokenrouter.dialects.anthropic.blocks import said_items
from tokenrouter.dialects.anthropic.signatures import call_signature, signature_of
from tokenrouter.dialects.anthropic.stops import stop_fields, stop_of
from tokenrouter.dialects.anthropic.usage import estimated_input_tokens, usage_object, usage_of
from tokenrouter.dialects.anthropic.wire import FAMILY, WireAnswer
from tokenrouter.dialects.call_ids import made_call_id
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.dialects.tool_names import plain_call
from tokenrouter.dialects.wire_reading import read_answer
from tokenrouter.domain.answers import Answer, Choice, Stop
from tokenrouter.domain.errors import InvalidRequest, ProviderProtocolError
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Citation,
    Foreign,
    Item,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
)
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import Request

Wire = dict[str, Any]
Block = Wire | msgspec.Raw
_decoder: Final = msgspec.json.Decoder(WireAnswer)
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def decode_answer(body: bytes, target: Target) -> Answer:
    """Return the answer in `body`.

    Raises:
        ProviderProtocolError: it cannot be read, or is no message.
    """
    wire = read_answer(_decoder, body, target.provider)
    if wire.content is None:
        told = f"Provider {target.provider!r} sent an answer without any content."
        raise ProviderProtocolError(told, provider=target.provider)
    try:
        items = said_items(wire.content, target.origin)
    except InvalidRequest as error:
        told = f"Provider {target.provider!r} sent an answer that cannot be read: content{error.param}: {error.message}"
        raise ProviderProtocolError(told, provider=target.provider) from None
    answer_id = wire.id or ""
    items = [_with_id(item, answer_id, index) for index, item in enumerate(items)]
    stop = stop_of(wire, has_calls=any(type(item) is Call for item in items))
    usage = None if wire.usage is None else usage_of(wire.usage)
    tier = (wire.usage and wire.usage.service_tier) or ""
    return Answer((Choice(tuple(items), stop),), answer_id, wire.model or target.model, usage=usage, tier=tier)


def _with_id(item: Item, answer_id: str, index: int) -> Item:
    if not isinstance(item, Call) or item.call_id:
        return item
    return Call(made_call_id(answer_id, index), item.name, item.arguments, state=item.state)


def encode_answer(answer: Answer, reply: Reply) -> bytes:
    """Return the first alternative of `answer` as a message; `usage` is demanded, so it may be an estimate."""
    choice = answer.choices[0] if answer.choices else Choice((), Stop("end"))
    writer = _BlockWriter(hides_thoughts=hides_thoughts(reply.request))
    content = writer.blocks(choice.items)
    usage = answer.usage or Usage(estimated_input_tokens(reply.request))
    wire: Wire = {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": answer.model or reply.request.model,
        "content": content,
        **stop_fields(choice.stop, has_refused=writer.has_refused),
        "usage": usage_object(usage),
    }
    return msgspec.json.encode(wire)


def hides_thoughts(request: Request) -> bool:
    """Whether the client wants thinking without its words (`display: omitted`); signatures are told all the same."""
    return request.reasoning is not None and request.reasoning.shown is False


class _BlockWriter:
    """Writes the blocks of one answer. `has_refused`: whether some of its words were a refusal."""

    def __init__(self, *, hides_thoughts: bool) -> None:
        self._hides_thoughts = hides_thoughts
        self.has_refused = False
        self._writers: dict[type[Item], Callable[[Any], list[Block]]] = {
            Message: self._message,
            Reasoning: self._reasoning,
            Call: _call,
            CallOutput: _nothing,
            Foreign: foreign_block,
        }

    def blocks(self, items: tuple[Item, ...]) -> list[Block]:
        return [block for item in items for block in self._writers[type(item)](item)]

    def _message(self, message: Message) -> list[Block]:
        return [block for part in message.parts for block in self._part(part)]

    def _part(self, part: Part) -> list[Block]:
        if isinstance(part, Foreign):
            return foreign_block(part)
        text = part.transcript if isinstance(part, Audio) else ""
        if isinstance(part, Text | Refusal):
            text = part.text
        if not text.strip():
            return []
        self.has_refused = self.has_refused or isinstance(part, Refusal)
        block: Wire = {"type": "text", "text": text}
        if isinstance(part, Text) and part.citations:
            told = [wire for citation in part.citations if (wire := citation_json(citation)) is not None]
            block["citations"] = told or None
        return [block]

    def _reasoning(self, reasoning: Reasoning) -> list[Block]:
        state = reasoning.state
        if state is not None and state.family == FAMILY and state.kind == "redacted":
            return [{"type": "redacted_thinking", "data": state.value}]
        thought = "" if self._hides_thoughts else "\n\n".join(reasoning.texts)
        signature = "" if state is None else signature_of(state)
        if not thought and not signature:
            return []
        return [{"type": "thinking", "thinking": thought, "signature": signature}]


def _call(call: Call) -> list[Block]:
    plain = plain_call(call)
    block: Wire = {"type": "tool_use", "id": call.call_id, "name": plain.name}
    block["input"] = msgspec.Raw(plain.arguments.encode()) if _is_object(plain.arguments) else {}
    state = call.state
    if state is None:
        return [block]
    if state.family == FAMILY and state.kind == "details":
        return [block | _object.decode(state.value)]
    return [{"type": "thinking", "thinking": "", "signature": call_signature(call.call_id, state)}, block]


def _is_object(arguments: str) -> bool:
    try:
        _object.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def foreign_block(item: Foreign) -> list[Block]:
    """Return a block of this dialect; those of others are not shown."""
    return [msgspec.Raw(item.json)] if item.family == FAMILY else []


def _nothing(_item: CallOutput) -> list[Block]:
    """No model answers with the output of a tool."""
    return []


def citation_json(citation: Citation) -> msgspec.Raw | None:
    """Return a citation: Anthropic's own as it was, another's as that of a found page; None for what is no page."""
    if citation.family == FAMILY and citation.json:
        return msgspec.Raw(citation.json)
    if not citation.url:
        return None
    wire = {
        "type": "web_search_result_location",
        "url": citation.url,
        "title": citation.title or None,
        "cited_text": citation.cited_text,
        "encrypted_index": "",
    }
    return msgspec.Raw(msgspec.json.encode(wire))
