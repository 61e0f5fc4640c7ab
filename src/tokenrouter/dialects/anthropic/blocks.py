"""Content blocks read into the hub's items and parts: requests, answers and streams have the same blocks.

Neighbouring text blocks are parts of one message. What only this dialect has (tools that Anthropic runs and their
results, references, summaries of compacted turns) stays as it was written, with words that may stand for it.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects.anthropic.signatures import call_state
from tokenrouter.dialects.anthropic.wire import (
    FAMILY,
    Content,
    WireBlock,
    WireCacheControl,
    WireCitation,
    WireKind,
    WireSource,
    WireSwitch,
)
from tokenrouter.dialects.wire_reading import raw_value, read_request
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    CacheTtl,
    Call,
    CallOutput,
    Citation,
    Document,
    FileId,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    Part,
    PlainText,
    ProviderState,
    Reasoning,
    Source,
    Text,
    Url,
)

MAX_FOREIGN_CHARS: Final = 20_000
"""Most words that may stand for a block elsewhere; a fetched page can be far longer than what is worth telling."""
_WORDS: Final = ("text", "title", "url", "source", "content", "stdout", "stderr", "tool_name", "error_code")
_TOLD: Final = {"compaction": "{}", "document": "{}", "tool_reference": "The tool {} may be called now."}
"""Blocks beside results that have words, and how those are told."""
_DIRECT: Final = b'"direct"'

_NO_RAW: Final = msgspec.Raw(b"")
_READ: Final = frozenset(("text", "image", "document", "thinking", "redacted_thinking", "tool_use", "tool_result"))
_kind: Final = msgspec.json.Decoder(WireKind)
_block: Final = msgspec.json.Decoder(WireBlock)
_content: Final = msgspec.json.Decoder(Content)
_citations: Final = msgspec.json.Decoder(list[msgspec.Raw] | None)
_citation: Final = msgspec.json.Decoder(WireCitation)
_switch: Final = msgspec.json.Decoder(WireSwitch | None)


def read_block(raw: msgspec.Raw) -> WireBlock:
    """Return one block; of a type that is carried whole, perhaps its type only: others use the same names otherwise.

    Raises:
        InvalidRequest: it is no object, or one of its fields is of the wrong type; `param` is the path within it.
    """
    try:
        return _block.decode(raw)
    except msgspec.DecodeError:
        kind = read_request(_kind, raw).type
    return read_request(_block, raw) if kind in _READ else WireBlock(kind)


def placed(error: InvalidRequest, where: str) -> InvalidRequest:
    """Return `error` as that of what stands at `where`."""
    inner = error.param or ""
    path = f"{where}{inner}" if not inner or inner.startswith("[") else f"{where}.{inner}"
    return InvalidRequest(error.message, param=path)


def said_items(blocks: Sequence[msgspec.Raw], origin: str = "") -> list[Item]:
    """Return what an assistant's turn holds, in its order; `origin` is what its signatures are bound to.

    Raises:
        InvalidRequest: a block cannot be read; `param` is its path.
    """
    said = _Said(origin)
    for index, raw in enumerate(blocks):
        try:
            said.take(raw, read_block(raw))
        except InvalidRequest as error:
            raise placed(error, f"[{index}]") from None
    return said.items()


def parsed_said_items(blocks: Sequence[WireBlock]) -> list[Item]:
    """Return an assistant's turn of blocks that were read already. Raises: InvalidRequest, as `said_items`."""
    said = _Said("")
    for block in blocks:
        said.take(_NO_RAW, block)
    return said.items()


class _Said:
    """Gathers one assistant's turn."""

    __slots__ = ("_call_states", "_chars", "_items", "_origin", "_parts")

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._items: list[Item] = []
        self._parts: list[Part] = []
        self._chars = 0
        self._call_states: dict[str, ProviderState] = {}

    def take(self, raw: msgspec.Raw, block: WireBlock) -> None:
        if block.type == "text":
            if block.text:
                part = text_part(block, self._chars)
                self._chars += len(part.text)
                self._parts.append(part)
        elif block.type in _PARTS:
            self._parts.append(_PARTS[block.type](raw, block))
        else:
            self._end_message()
            self._take_item(raw, block)

    def _take_item(self, raw: msgspec.Raw, block: WireBlock) -> None:
        if block.type == "thinking":
            self._take_thinking(block)
        elif block.type == "redacted_thinking":
            self._items.append(Reasoning(state=ProviderState(FAMILY, "redacted", block.data or "", self._origin)))
        elif block.type == "tool_use":
            self._items.append(call_of(block, self._origin))
        else:
            self._items.append(foreign(raw, block))

    def _take_thinking(self, block: WireBlock) -> None:
        signature, thought = block.signature or "", block.thinking or ""
        if (carried := call_state(signature)) is not None:
            self._call_states[carried[0]] = carried[1]
        elif signature:
            state = ProviderState(FAMILY, "signature", signature, self._origin)
            self._items.append(Reasoning((thought,) if thought else (), state=state))
        elif thought:
            self._items.append(Reasoning((thought,)))

    def _end_message(self) -> None:
        if self._parts:
            self._items.append(Message("assistant", tuple(self._parts)))
            self._parts = []
            self._chars = 0

    def items(self) -> list[Item]:
        """Return the turn, with each call's state given back to it."""
        self._end_message()
        if not self._call_states:
            return self._items
        return [self._with_state(item) for item in self._items]

    def _with_state(self, item: Item) -> Item:
        if isinstance(item, Call) and item.call_id in self._call_states:
            return replace(item, state=self._call_states[item.call_id])
        return item


def user_items(blocks: Sequence[msgspec.Raw]) -> list[Item]:
    """Return what a user's turn holds: the outputs of tools first, whatever stood before them.

    Raises:
        InvalidRequest: a block cannot be read; `param` is its path.
    """
    told = _Told()
    for index, raw in enumerate(blocks):
        try:
            told.take(raw, read_block(raw))
        except InvalidRequest as error:
            raise placed(error, f"[{index}]") from None
    return told.items()


class _Told:
    """Gathers one user's turn."""

    __slots__ = ("_outputs", "_parts")

    def __init__(self) -> None:
        self._outputs: list[Item] = []
        self._parts: list[Part] = []

    def take(self, raw: msgspec.Raw, block: WireBlock) -> None:
        if block.type == "tool_result":
            self._outputs.append(_output(block))
        elif (part := part_of(raw, block)) is not None:
            self._parts.append(part)

    def items(self) -> list[Item]:
        """Return the turn, outputs first."""
        return [*self._outputs, Message("user", tuple(self._parts))] if self._parts else self._outputs


def text_parts(content: Content) -> tuple[Part, ...]:
    """Return the parts of a system turn, or of anything else that is a text or a list of blocks.

    Raises:
        InvalidRequest: a block cannot be read; `param` is its path.
    """
    if isinstance(content, str):
        return (Text(content),) if content else ()
    parts: list[Part] = []
    for index, raw in enumerate(content or ()):
        try:
            part = part_of(raw, read_block(raw))
        except InvalidRequest as error:
            raise placed(error, f"[{index}]") from None
        if part is not None:
            parts.append(part)
    return tuple(parts)


def part_of(raw: msgspec.Raw, block: WireBlock) -> Part | None:
    """Return one part of a turn or of a tool's output; None for words that are none."""
    if block.type == "text":
        return text_part(block) if block.text else None
    take = _PARTS.get(block.type)
    return foreign(raw, block) if take is None else take(raw, block)


def text_part(block: WireBlock, start: int = 0) -> Text:
    """Return a text block; its citations are for all of its words, which begin at character `start` of the message."""
    text = block.text or ""
    cache = cache_ttl(block.cache_control)
    if not len(block.citations):
        return Text(text, cache=cache)
    end = start + len(text)
    try:
        cited = read_request(_citations, block.citations) or ()
        return Text(text, tuple([citation_of(raw, start, end) for raw in cited]), cache)
    except InvalidRequest as error:
        raise placed(error, "citations") from None


def citation_of(raw: msgspec.Raw, start: int, end: int) -> Citation:
    """Return a citation for the words from `start` to `end`."""
    wire = read_request(_citation, raw)
    return Citation(
        wire.url or "",
        wire.title or wire.document_title or "",
        wire.cited_text or "",
        wire.file_id or "",
        start,
        end,
        FAMILY,
        bytes(raw),
    )


def cache_ttl(mark: WireCacheControl | None) -> CacheTtl | None:
    """Return how long the prefix that ends here shall be kept."""
    if mark is None:
        return None
    return "1h" if mark.ttl == "1h" else "5m"


def picture_of(block: WireBlock) -> Part:
    """Return a picture. Raises: InvalidRequest, where it has no source that is known."""
    return Image(_source(block), cache=cache_ttl(block.cache_control))


def _document(raw: msgspec.Raw, block: WireBlock) -> Part:
    if block.source is not None and block.source.type == "content":
        return foreign(raw, block)
    switch = read_request(_switch, block.citations) if len(block.citations) else None
    citable = switch is not None and bool(switch.enabled)
    title, context = block.title or "", block.context or ""
    source = _source(block)
    return Document(source, "", title, context, citable=citable, cache=cache_ttl(block.cache_control))


_PARTS: Final[dict[str, Callable[[msgspec.Raw, WireBlock], Part]]] = {
    "image": lambda _raw, block: picture_of(block),
    "document": _document,
}


def _source(block: WireBlock) -> Source:
    wire = block.source or WireSource()
    media_type = wire.media_type or ("application/pdf" if block.type == "document" else "image/png")
    if wire.type == "base64" and wire.data is not None:
        return Inline(media_type, wire.data)
    if wire.type == "url" and wire.url is not None:
        return Url(wire.url, media_type if block.type == "document" else wire.media_type or "")
    if wire.type == "file" and wire.file_id is not None:
        return FileId(wire.file_id, media_type if wire.media_type else "")
    if wire.type == "text" and wire.data is not None:
        return PlainText(wire.data)
    raise InvalidRequest(f"A source of type {wire.type!r} is not known here, or is empty.", param="source")


def call_of(block: WireBlock, origin: str = "") -> Call:
    """Return a call. Raises: InvalidRequest, where it names no tool."""
    if not block.name:
        raise InvalidRequest("A tool call needs the name of its tool.", param="name")
    arguments = raw_value(block.input) or b"{}"
    state, cache = call_details(block, origin), cache_ttl(block.cache_control)
    return Call(block.id or "", block.name, arguments.decode(), state=state, cache=cache)


def call_details(block: WireBlock, origin: str) -> ProviderState | None:
    """Return who called, where it was not the model itself: a call from within Anthropic's code execution says so."""
    if not len(block.caller) and not block.toolset_name:
        return None
    details: dict[str, object] = {}
    caller = raw_value(block.caller)
    if caller is not None and _DIRECT not in caller:
        details["caller"] = msgspec.Raw(caller)
    if block.toolset_name:
        details["toolset_name"] = block.toolset_name
    return ProviderState(FAMILY, "details", msgspec.json.encode(details).decode(), origin) if details else None


def _output(block: WireBlock) -> CallOutput:
    if not block.tool_use_id:
        raise InvalidRequest("A tool's result needs its 'tool_use_id'.", param="tool_use_id")
    try:
        parts = text_parts(read_request(_content, block.content)) if len(block.content) else ()
    except InvalidRequest as error:
        raise placed(error, "content") from None
    return CallOutput(block.tool_use_id, parts, bool(block.is_error), cache=cache_ttl(block.cache_control))


def foreign(raw: msgspec.Raw | bytes, block: WireBlock) -> Foreign:
    """Return a block that only this dialect has."""
    json = bytes(raw)
    return Foreign(FAMILY, block.type, json, _standing_for(block.type, json))


def _standing_for(kind: str, json: bytes) -> str:
    """Return what is worth telling of a block elsewhere: results and summaries, not that a tool was asked."""
    if not kind.endswith("_result") and kind not in _TOLD:
        return ""
    words = "\n".join(_words(msgspec.json.decode(json)))
    return _TOLD.get(kind, "{}").format(words[:MAX_FOREIGN_CHARS])


def _words(value: object) -> list[str]:
    """Return the readable words in a block's JSON: of its fields only those that hold such."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [word for each in value for word in _words(each)]
    if isinstance(value, dict):
        return [word for name in _WORDS if name in value for word in _words(value[name])]
    return []
