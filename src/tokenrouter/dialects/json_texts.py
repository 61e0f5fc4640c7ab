"""The texts in a JSON body of any dialect, to be read and replaced one by one.

What a guardrail does not see it cannot guard, so this goes the other way round than translation: every string is a
text but for those that are known to be none (ids, signatures, base64). Replacements are put between the bytes that were
sent; everything else stays as it was.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tokenrouter.domain.errors import InputTooLarge, InvalidJson, NestedTooDeeply
from tokenrouter.hooks import Text, TextKind

MAX_STRINGS: Final = 100_000
"""Most strings of a request, names of fields counted: each takes microseconds in which nothing else runs.

A conversation of ten thousand turns has as many. Bytes would bound nothing: ten megabytes hold millions."""
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
"""A string of a valid JSON text; possessive, so that no text makes it look twice."""
_DATA_URL: Final = re.compile(r"data:[^,\s]{0,256};base64,[A-Za-z0-9+/=_-]*+")
"""A file within the body (RFC 2397); whoever writes words behind one has written a text."""
_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.encode

_KINDS_OF_ROLES: Final[dict[Any, TextKind]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "model": "assistant",
    "tool": "tool_result",
    "function": "tool_result",
}
_KINDS_OF_FIELDS: Final[dict[str, TextKind]] = {
    "system": "system",
    "instructions": "system",
    "systemInstruction": "system",
    "system_instruction": "system",
    "messages": "user",
    "contents": "user",
    "input": "user",
    "prompt": "user",
    "query": "user",
    "documents": "user",
    "tools": "tools",
    "functions": "tools",
    "response_format": "tools",
    "responseSchema": "tools",
    "responseJsonSchema": "tools",
    "schema": "tools",
    "tool_calls": "tool_call",
    "function_call": "tool_call",
    "functionCall": "tool_call",
    "functionResponse": "tool_result",
    "function_response": "tool_result",
    "reasoning_content": "reasoning",
}
_OPAQUE: Final = frozenset(
    (
        "authorization",
        "authorization_token",
        "b64_json",
        "cache_control",
        "encrypted_content",
        "file_data",
        "headers",
        "id",
        "media_type",
        "mimeType",
        "mime_type",
        "model",
        "obfuscation",
        "object",
        "role",
        "signature",
        "system_fingerprint",
        "thoughtSignature",
        "thought_signature",
        "type",
    )
)
"""Fields that are no texts, whatever stands in them; so is every `…_id`."""
_OPAQUE_IN_ANSWERS: Final = frozenset(
    (
        "blockReason",
        "effort",
        "finishReason",
        "finish_reason",
        "modelVersion",
        "native_finish_reason",
        "object",
        "responseId",
        "service_tier",
        "status",
        "stop_reason",
        "tool_choice",
        "truncation",
        "verbosity",
    )
)
"""Words of the dialects in their answers, which no model has said."""
_UNREADABLE: Final = {
    "image": "image",
    "image_url": "image",
    "input_image": "image",
    "audio": "audio",
    "input_audio": "audio",
    "file": "file",
    "input_file": "file",
    "container_upload": "file",
    "video": "video",
}
"""Types of parts in which no text can be read."""
_RESPONSES: Final = ("functionResponse", "function_response")
_READABLE_SOURCES: Final = ("text", "content")


@dataclass(slots=True)
class TextSlot:
    """A text and where it stands.

    Attributes:
        number: which string of the body it is, keys counted too.
        was: what it said when it was read.
        holder: the object that has it as a value, if one does; `name` is its name there.
        is_json: whether it is JSON itself, which may be a part only.
        inner: what it holds, where it is whole JSON that was read.
    """

    number: int
    text: Text
    was: str
    holder: int
    name: str
    is_json: bool = False
    inner: "JsonTexts | None" = None


class JsonTexts:
    """One body and its texts.

    Attributes:
        slots: where its texts stand, in their order.
        unreadable: what it has besides: `image`, `audio`, `video`, `file`.
        value: the whole of it, decoded; replacing a text does not change it.
    """

    def __init__(
        self, body: bytes, kind: TextKind = "other", *, is_answer: bool = False, is_free: bool = False
    ) -> None:
        """Read `body`; `kind` is what its texts are where nothing says otherwise.

        JSON in the strings of requests is looked into; that of answers comes in pieces, and is only marked.
        `is_free`: the body is of the client's own making, with any names and any values.

        Raises:
            InvalidJson: it is not JSON, or some object has two fields of one name, so that two readers differ.
            InputTooLarge: it is a request, and has more than `MAX_STRINGS`.
            NestedTooDeeply
        """
        self._body = body
        self._is_answer = is_answer
        self._count = 0
        self._within = 0
        self.slots: list[TextSlot] = []
        self.unreadable: set[str] = set()
        try:
            self.value: Any = _decode(body)
            self._read(self.value, "", kind, 0, is_free=is_free)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidJson(f"The body is not JSON: {error}.") from None
        except RecursionError:
            raise NestedTooDeeply("The body's JSON is nested too deeply; flatten it.") from None
        if self._count != sum(1 for _ in _STRING.finditer(body)):
            raise InvalidJson("An object in the body has two fields of one name; send each once.")

    @property
    def texts(self) -> Iterator[Text]:
        """Its texts, and those of JSON within strings, in their order."""
        for slot in self.slots:
            if slot.inner is None:
                yield slot.text
            else:
                yield from slot.inner.texts

    def written(self) -> bytes:
        """Return the body with its texts as they are now; the same object where none was replaced."""
        replaced = {slot.number: said for slot in self.slots if (said := _said(slot)) != slot.was}
        if not replaced:
            return self._body
        pieces: list[bytes] = []
        taken = 0
        for number, found in enumerate(_STRING.finditer(self._body)):
            if number in replaced:
                pieces += (self._body[taken : found.start()], _encode(replaced[number]))
                taken = found.end()
        return b"".join((*pieces, self._body[taken:]))

    def _read(self, value: Any, name: str, kind: TextKind | None, holder: int, *, is_free: bool) -> None:
        """Go through `value` in the order of its bytes; `kind` None: nothing in it is a text."""
        if isinstance(value, str):
            if kind is not None:
                self._read_string(value, name, kind, holder, is_free=is_free)
            self._count_one()
        elif isinstance(value, dict):
            self._read_object(value, name, kind, is_free=is_free)
        elif isinstance(value, list):
            for inner in value:
                self._read(inner, name, kind, 0, is_free=is_free)

    def _read_string(self, value: str, name: str, kind: TextKind, holder: int, *, is_free: bool) -> None:
        if value.startswith("data:") and _DATA_URL.fullmatch(value) is not None:
            self.unreadable.add(_kind_of_media(value[5:]))
            return
        is_json = name in ("arguments", "partial_json") and not is_free
        slot = TextSlot(self._count, Text(kind, value), value, holder, name, is_json)
        if is_json and not self._is_answer and value[:1] in ("{", "["):
            slot.inner = _inner_of(value)
            self._within += 0 if slot.inner is None else slot.inner._count
        self.slots.append(slot)

    def _count_one(self) -> None:
        self._count += 1
        if self._count + self._within > MAX_STRINGS and not self._is_answer:
            raise InputTooLarge(f"The request has more than {MAX_STRINGS:,} texts, too many to be looked through.")

    def _read_object(self, value: dict[str, Any], name: str, kind: TextKind | None, *, is_free: bool) -> None:
        """Go through an object; in a free one names are texts, too, and nothing is known of what stands where."""
        if kind is not None and not is_free:
            kind = self._kind_of(value, kind)
        for key, inner in value.items():
            if is_free and kind is not None:
                self.slots.append(TextSlot(self._count, Text(kind, key, is_key=True), key, 0, ""))
            self._count_one()
            if kind is None or is_free:
                self._read(inner, key, kind, id(value), is_free=is_free)
            elif _is_opaque(key, value) or (self._is_answer and key in _OPAQUE_IN_ANSWERS):
                self._read(inner, key, None, 0, is_free=False)
            else:
                frees = _is_free(key, value, name)
                self._read(inner, key, _kind_of_field(key, inner, kind), id(value), is_free=frees)

    def _kind_of(self, value: dict[str, Any], kind: TextKind) -> TextKind | None:
        """Return what the texts of an object are, as its own fields say; None: it has none that may be changed."""
        what = value.get("type")
        if not isinstance(what, str):
            if value.get("thought") is True:
                return "reasoning"
            self._note_media(value)
            role = value.get("role")
            return _KINDS_OF_ROLES.get(role, kind) if isinstance(role, str) else kind
        if what.startswith("thinking") and (self._is_answer or value.get("signature")):
            return None
        if kind != "tools":
            self._note_unreadable(what, value)
        if what.endswith(("_result", "_output")):
            return "tool_result"
        if what.endswith(("tool_use", "_call")):
            return "tool_call"
        if what.startswith(("thinking", "reasoning", "summary_text")):
            return "reasoning"
        role = value.get("role")
        return _KINDS_OF_ROLES.get(role, kind) if isinstance(role, str) else kind

    def _note_unreadable(self, what: str, value: dict[str, Any]) -> None:
        if what in _UNREADABLE:
            self.unreadable.add(_UNREADABLE[what])
        elif what == "document":
            source = value.get("source")
            if not isinstance(source, dict) or source.get("type") not in _READABLE_SOURCES:
                self.unreadable.add("file")

    def _note_media(self, value: dict[str, Any]) -> None:
        """Gemini's parts have no type: what is in them tells by its name."""
        for name in ("inlineData", "inline_data", "fileData", "file_data"):
            media = value.get(name)
            if isinstance(media, dict):
                kind = media.get("mimeType", media.get("mime_type"))
                self.unreadable.add(_kind_of_media(kind if isinstance(kind, str) else ""))


def _inner_of(text: str) -> JsonTexts | None:
    """Return the texts of a tool call's arguments; None where they are no JSON, and so a text like any other."""
    try:
        return JsonTexts(text.encode(), "tool_call", is_free=True)
    except InvalidJson:
        return None


def _said(slot: TextSlot) -> str:
    return slot.text.value if slot.inner is None else slot.inner.written().decode()


def _is_opaque(name: str, holder: dict[str, Any]) -> bool:
    if name in _OPAQUE or name.endswith(("_id", "Id")):
        return True
    if name == "data":
        return holder.get("type") != "text"
    return name == "name" and "role" not in holder


def _is_free(name: str, holder: dict[str, Any], holder_name: str) -> bool:
    """Whether what stands under `name` is of the client's own making: any names, any values."""
    if name in ("args", "labels", "metadata", "variables"):
        return True
    if name == "response":
        return holder_name in _RESPONSES
    what = holder.get("type")
    return name == "input" and isinstance(what, str) and what.endswith("tool_use")


def _kind_of_field(name: str, value: Any, kind: TextKind) -> TextKind:
    if kind in ("tool_call", "tool_result", "tools"):
        return kind
    if name == "reasoning" and isinstance(value, str):
        return "reasoning"
    return _KINDS_OF_FIELDS.get(name, kind)


def _kind_of_media(mime_type: str) -> str:
    kind = mime_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "file"
