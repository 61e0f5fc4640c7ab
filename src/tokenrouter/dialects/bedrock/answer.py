"""A whole answer of Converse, read into the hub's terms (API reference, "ConverseResponse", read 2026-11).

Each content block is an item, in the block's order, so that a whole answer and its stream come to the same.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.bedrock.messages import FAMILY
from tokenrouter.dialects.bedrock.stops import stop_of
from tokenrouter.dialects.bedrock.wire import (
    WireAnswer,
    WireBlock,
    WireCitation,
    WireCitations,
    WireImage,
    WireReasoning,
    WireToolUse,
    explanation_in,
    stop_sequence_in,
)
from tokenrouter.dialects.call_ids import made_call_id
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.wire_reading import raw_value, read_answer
from tokenrouter.domain.answers import Answer, Choice
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import (
    Call,
    Citation,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Text,
)

_answer: Final = msgspec.json.Decoder(WireAnswer)
_block: Final = msgspec.json.Decoder(WireBlock)
_citation: Final = msgspec.json.Decoder(WireCitation)
_names: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def decode_answer(body: bytes, target: Target) -> Answer:
    """Return the answer in `body`.

    Raises:
        ProviderProtocolError: it cannot be read, or holds no message and no reason why.
    """
    wire = read_answer(_answer, body, target.provider)
    message = None if wire.output is None else wire.output.message
    if message is None and not wire.stop_reason:
        told = f"Provider {target.provider!r} sent an answer without a message and without a stop reason."
        raise ProviderProtocolError(told, provider=target.provider)
    items: list[Item] = []
    for number, raw in enumerate((message.content if message else None) or ()):
        block = read_answer(_block, bytes(raw), target.provider, f"answer's block ({number})")
        item = _item(block, raw, number, target)
        if item is not None:
            items.append(item)
    stop = stop_of(
        wire.stop_reason or "",
        has_calls=any(type(item) is Call for item in items),
        sequence=stop_sequence_in(wire.additional_model_response_fields),
        explanation=explanation_in(wire.trace),
    )
    usage = None if wire.usage is None else wire.usage.usage(wire.service_tier)
    tier = "" if wire.service_tier is None else wire.service_tier.type or ""
    return Answer((Choice(tuple(items), stop),), model=target.model, usage=usage, tier=tier)


def _item(block: WireBlock, raw: msgspec.Raw, number: int, target: Target) -> Item | None:
    """Return the item of one block; None for text without a character, which says nothing."""
    if block.text is not None:
        return Message("assistant", (Text(block.text),)) if block.text else None
    if block.reasoning_content is not None:
        return _reasoning(block.reasoning_content, target.origin)
    if block.tool_use is not None and not block.tool_use.type:
        return _call(block.tool_use, number)
    if block.citations_content is not None:
        return _cited(block.citations_content)
    if block.image is not None and (image := image_of(block.image)) is not None:
        return Message("assistant", (image,))
    return Foreign(FAMILY, next(iter(_names.decode(raw)), ""), bytes(raw))


def _reasoning(wire: WireReasoning, origin: str) -> Reasoning:
    if wire.redacted_content is not None:
        return Reasoning(state=redacted(wire.redacted_content, origin))
    told = wire.reasoning_text
    if told is None:
        return Reasoning()
    state = signature(told.signature, origin) if told.signature else None
    return Reasoning((told.text,) if told.text else (), state=state)


def signature(value: str, origin: str) -> ProviderState:
    """Return what signs reasoning."""
    return ProviderState(FAMILY, "signature", value, origin)


def redacted(value: str, origin: str) -> ProviderState:
    """Return reasoning that only its provider can read; `value` is base64."""
    return ProviderState(FAMILY, "redacted", value, origin)


def _call(wire: WireToolUse, number: int) -> Call:
    arguments = raw_value(wire.input)
    call_id = wire.tool_use_id or made_call_id(wire.name, number)
    return Call(call_id, wire.name, "{}" if arguments is None else arguments.decode())


def _cited(wire: WireCitations) -> Message:
    text = "".join(piece.text or "" for piece in wire.content or ())
    citations = tuple(citation for raw in wire.citations or () if (citation := citation_of(bytes(raw))) is not None)
    return Message("assistant", (Text(text, citations),))


def citation_of(raw: bytes) -> Citation | None:
    """Return a citation, None where it cannot be read: no answer fails for one."""
    try:
        wire = _citation.decode(raw)
    except msgspec.DecodeError:
        return None
    location = wire.location
    span = None if location is None else location.document_char
    web = None if location is None else location.web
    return Citation(
        url=(web.url or "") if web is not None else "",
        title=wire.title or wire.source or "",
        cited_text="".join(piece.text or "" for piece in wire.source_content or ()),
        start=None if span is None else span.start,
        end=None if span is None else span.end,
        family=FAMILY,
        json=raw,
    )


def image_of(wire: WireImage) -> Image | None:
    """Return a picture that the model has made; None where it came as an address in S3."""
    if wire.source is None or not wire.source.bytes:
        return None
    return Image(Inline(f"image/{wire.format}", wire.source.bytes))
