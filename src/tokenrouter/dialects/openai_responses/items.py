"""Items of the Responses API, read into the hub's terms: the same in a request's input and in an answer's output.

Clients leave out the `type` of messages, make ids of their own and add fields; none of that matters here. Items
that only this dialect has stay whole, for a provider of the same dialect.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from tokenrouter.dialects import data_urls
from tokenrouter.dialects.openai_responses.compaction import KIND as COMPACTION
from tokenrouter.dialects.openai_responses.compaction import summary_message
from tokenrouter.dialects.openai_responses.tools import TOOL_SEARCH
from tokenrouter.dialects.openai_responses.wire import (
    FAMILY,
    Content,
    WireAnnotation,
    WireCall,
    WireCallOutput,
    WireItem,
    WireKind,
    WireMessage,
    WirePart,
    WireReasoning,
    WireUrl,
)
from tokenrouter.dialects.wire_reading import raw_list, read_request
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    Audio,
    CacheTtl,
    Call,
    CallKind,
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
    ProviderState,
    RawJson,
    Reasoning,
    Refusal,
    Role,
    Text,
)

_ROLES: Final[dict[str, Role]] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "developer",
}
_TEXTS: Final = frozenset(("input_text", "output_text", "text", "summary_text", "reasoning_text"))
_PRIVATE: Final = "internal_chat_message_metadata_passthrough"
"""A field that Codex adds to each item for OpenAI's own backend."""

_kind: Final = msgspec.json.Decoder(WireKind)
_message: Final = msgspec.json.Decoder(WireMessage)
_reasoning: Final = msgspec.json.Decoder(WireReasoning)
_call: Final = msgspec.json.Decoder(WireCall)
_output: Final = msgspec.json.Decoder(WireCallOutput)
_annotation: Final = msgspec.json.Decoder(WireAnnotation)
_text: Final = msgspec.json.Decoder(str)
_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def kind_of(raw: msgspec.Raw, where: str) -> WireKind:
    """Return what an item is; an item without a type is a message if it has a role.

    Raises:
        InvalidRequest: it is neither.
    """
    kind = read_request(_kind, raw, where)
    if not kind.type:
        if not kind.role:
            raise InvalidRequest("An item needs a 'type', or a 'role' if it is a message.", param=where)
        kind.type = "message"
    return kind


def read_item(raw: msgspec.Raw, where: str, kind: WireKind) -> Item:
    """Return one item; `where` is its path, for errors.

    Raises:
        InvalidRequest: a field is missing, has the wrong type, or a value nobody knows.
    """
    if kind.type == COMPACTION and (summary := _summary(raw)) is not None:
        return summary
    reader = _READERS.get(kind.type or "")
    if reader is None or (kind.type == "tool_search_call" and kind.execution == "server"):
        return Foreign(FAMILY, kind.type or "", _without_private(raw))
    return reader(raw, where)


def _summary(raw: msgspec.Raw) -> Message | None:
    """Return what a compacted conversation stands for, None where another has compacted it."""
    sealed = _fields.decode(raw).get("encrypted_content")
    try:
        return None if sealed is None else summary_message(_text.decode(sealed))
    except msgspec.DecodeError:
        return None


def _without_private(raw: msgspec.Raw) -> RawJson:
    whole = bytes(raw)
    if _PRIVATE.encode() not in whole:
        return whole
    return msgspec.json.encode({name: value for name, value in _fields.decode(whole).items() if name != _PRIVATE})


def _read_message(raw: msgspec.Raw, where: str) -> Message:
    return message_of(read_request(_message, raw, where), where)


def message_of(wire: WireMessage | WireItem, where: str) -> Message:
    """Return words. Raises: InvalidRequest, as `read_item`."""
    role = _ROLES.get(wire.role or "")
    if role is None:
        raise InvalidRequest(f"The role {wire.role!r} is not known here.", param=f"{where}.role")
    return Message(role, read_parts(wire.content, f"{where}.content"), wire.id or "", wire.name or "", wire.phase or "")


def _read_reasoning(raw: msgspec.Raw, where: str) -> Reasoning:
    return reasoning_of(read_request(_reasoning, raw, where))


def reasoning_of(wire: WireReasoning) -> Reasoning:
    """Return what the model thought."""
    state = ProviderState(FAMILY, "encrypted", wire.encrypted_content) if wire.encrypted_content else None
    said = tuple([part.text for part in wire.content if part.text]) if wire.content else ()
    if said or not wire.summary:
        return Reasoning(said, False, state, wire.id or "")
    told = tuple([part.text for part in wire.summary if part.text])
    return Reasoning(told, bool(told), state, wire.id or "")


def _read_function_call(raw: msgspec.Raw, where: str) -> Call:
    return function_call_of(read_request(_call, raw, where), where)


def function_call_of(wire: WireCall | WireItem, where: str) -> Call:
    """Return a call with JSON arguments. Raises: InvalidRequest, as `read_item`."""
    return _named(wire, where, arguments_text(wire.arguments), "function")


def _read_custom_call(raw: msgspec.Raw, where: str) -> Call:
    return custom_call_of(read_request(_call, raw, where), where)


def custom_call_of(wire: WireCall | WireItem, where: str) -> Call:
    """Return a call with free text. Raises: InvalidRequest, as `read_item`."""
    return _named(wire, where, wire.input or "", "custom")


def _read_search_call(raw: msgspec.Raw, where: str) -> Call:
    wire = read_request(_call, raw, where)
    wire.name = TOOL_SEARCH
    return _named(wire, where, arguments_text(wire.arguments), "function")


def _named(wire: WireCall | WireItem, where: str, arguments: str, kind: CallKind) -> Call:
    if not wire.name:
        raise InvalidRequest("A call needs the 'name' of its tool.", param=f"{where}.name")
    return Call(wire.call_id or wire.id or "", wire.name, arguments, kind, wire.namespace or "", id=wire.id or "")


def arguments_text(arguments: str | dict[str, object] | None) -> str:
    """Return a call's arguments as JSON text; none at all, and blanks, are an empty object."""
    if isinstance(arguments, dict):
        return msgspec.json.encode(arguments).decode()
    return arguments if arguments and arguments.strip() else "{}"


def _read_function_output(raw: msgspec.Raw, where: str) -> CallOutput:
    return output_of(read_request(_output, raw, where), where, "function")


def _read_custom_output(raw: msgspec.Raw, where: str) -> CallOutput:
    return output_of(read_request(_output, raw, where), where, "custom")


def output_of(wire: WireCallOutput | WireItem, where: str, kind: CallKind) -> CallOutput:
    """Return what a call came to. Raises: InvalidRequest, as `read_item`."""
    if not wire.call_id:
        raise InvalidRequest("The output of a call needs its 'call_id'.", param=f"{where}.call_id")
    output = wire.output
    parts = (Text(output),) if type(output) is str and output else read_parts(output, f"{where}.output")
    return CallOutput(wire.call_id, parts, False, kind, wire.name or "", None, wire.id or "")


_READERS: Final[dict[str, Callable[[msgspec.Raw, str], Item]]] = {
    "message": _read_message,
    "reasoning": _read_reasoning,
    "function_call": _read_function_call,
    "custom_tool_call": _read_custom_call,
    "tool_search_call": _read_search_call,
    "function_call_output": _read_function_output,
    "custom_tool_call_output": _read_custom_output,
}


def read_parts(content: Content, where: str) -> tuple[Part, ...]:
    """Return the parts of a content list; a text alone is one part.

    Raises:
        InvalidRequest: a part is of a type that nobody knows, or empty.
    """
    if isinstance(content, str):
        return (Text(content),) if content else ()
    return tuple([_part(part, where, index) for index, part in enumerate(content or ())])


def _part(part: WirePart, list_at: str, index: int) -> Part:
    kind = part.type
    if kind in _TEXTS and not part.annotations and part.prompt_cache_breakpoint is None:
        return Text(part.text or "")
    where = f"{list_at}[{index}]"
    if kind in _TEXTS:
        return Text(part.text or "", _citations(part, where), _ttl(part))
    if kind == "refusal":
        return Refusal(part.refusal or "")
    if kind in ("input_image", "image_url", "computer_screenshot"):
        return _image(part, where)
    if kind in ("input_file", "file"):
        return _document(part)
    if kind == "input_audio" and part.input_audio is not None:
        return Audio(Inline(data_urls.audio_type(part.input_audio.format), part.input_audio.data))
    raise InvalidRequest(f"A content part of type {kind!r} is not known here, or is empty.", param=where)


def _ttl(part: WirePart) -> CacheTtl | None:
    mark = part.prompt_cache_breakpoint
    return None if mark is None else "1h" if mark.ttl == "12h" else "5m"


def _image(part: WirePart, where: str) -> Image:
    url = part.image_url.url if isinstance(part.image_url, WireUrl) else part.image_url
    detail = part.detail or (part.image_url.detail if isinstance(part.image_url, WireUrl) else None)
    if url:
        return Image(data_urls.source_of(url, "image/png"), detail, _ttl(part))
    if not part.file_id:
        raise InvalidRequest("A picture needs an 'image_url' or a 'file_id'.", param=where)
    return Image(FileId(part.file_id), detail, _ttl(part))


def _document(part: WirePart) -> Document:
    name = part.filename or ""
    if part.file_url:
        source = data_urls.source_of(part.file_url, "application/pdf")
        return Document(source, name, cache=_ttl(part), detail=part.detail)
    if not part.file_data:
        return Document(FileId(part.file_id or ""), name, cache=_ttl(part), detail=part.detail)
    source = data_urls.source_of(part.file_data, "application/pdf")
    if not isinstance(source, Inline):
        source = Inline("application/pdf", part.file_data)
    return Document(source, name, cache=_ttl(part), detail=part.detail)


def _citations(part: WirePart, where: str) -> tuple[Citation, ...]:
    if not part.annotations:
        return ()
    return tuple([read_citation(raw, where) for raw in part.annotations])


def read_citation(raw: msgspec.Raw, where: str) -> Citation:
    """Return an annotation; it keeps its own words for clients of this dialect."""
    wire = read_request(_annotation, raw, where)
    start = wire.start_index if wire.start_index is not None else wire.index
    return Citation(
        url=wire.url or "",
        title=wire.title or wire.filename or "",
        file_id=wire.file_id or "",
        start=start,
        end=wire.end_index,
        family=FAMILY,
        json=bytes(raw),
    )


def logprobs_in(raw: msgspec.Raw) -> RawJson | None:
    """Return the log probabilities of a piece of text, which have Chat Completions' shape; None for an empty list."""
    value = raw_list(raw)
    return None if value == b"[]" else value
