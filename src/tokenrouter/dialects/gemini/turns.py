"""The `contents` of a Gemini request as the hub's items.

Calls and their results may have no ids: then a result belongs to the oldest open call of its name. Ids come from
what we carry in a call's signature, or are made up from its place: the same each time a conversation comes back.
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects.gemini.parts import Media, foreign_part, media_part
from tokenrouter.dialects.gemini.signatures import UNSIGNED, Signed, read_signature
from tokenrouter.dialects.gemini.wire import WireCall, WireContent, WirePart, WireRequest, WireResult
from tokenrouter.dialects.wire_reading import raw_value
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Call, CallOutput, Item, Message, Part, Reasoning, Text

_MADE_ID: Final = "call_gemini_"
_USER_ROLES: Final = (None, "", "user", "function", "tool")
"""`function` is what older SDKs call the turn with results; a turn without a role is the user's."""
_WRAPPERS: Final = {
    frozenset(("output",)): "output",
    frozenset(("error",)): "error",
    frozenset(("name", "content")): "content",
}
"""What a result may be wrapped in: Google's two keys, and what the AI SDK sends (seen 2026-11)."""

Place = tuple[int, int]
"""Which turn and which of its parts, for errors."""


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    output: str


_words: Final = msgspec.json.Decoder(_Words)
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_string: Final = msgspec.json.Decoder(str)


def read_turns(wire: WireRequest) -> tuple[Item, ...]:
    """Return the conversation, the system instruction first.

    Raises:
        InvalidRequest: a turn's role or one of its parts is not known.
    """
    reader = _Reader()
    if wire.system_instruction is not None:
        reader.take_system(wire.system_instruction)
    for index, content in enumerate(wire.contents):
        reader.take(content, index)
    return tuple(reader.items)


def arguments_of(call: WireCall) -> str:
    """Return a call's arguments as JSON text, an empty object where there are none."""
    value = raw_value(call.args)
    return "{}" if value is None else value.decode()


class _Reader:
    """Reads one conversation. `_open` holds the calls without a result, by the id that the client gave them, if any."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._open: list[tuple[str, Call]] = []
        self._calls = 0
        self._is_answered = False

    def take_system(self, told: WireContent | str) -> None:
        parts = [WirePart(told)] if isinstance(told, str) else told.parts or []
        if words := tuple([Text(part.text) for part in parts if part.text]):
            self.items.append(Message("system", words))

    def take(self, content: WireContent, index: int) -> None:
        parts = content.parts or []
        if content.role == "model":
            self._take_model(parts, index)
        elif content.role in _USER_ROLES:
            self._take_user(parts, index)
        elif content.role == "system":
            self.take_system(content)
        else:
            raise InvalidRequest(f"The role {content.role!r} is not known here.", param=f"contents[{index}].role")

    def _take_user(self, parts: list[WirePart], index: int) -> None:
        """Results come before words; a picture right behind a result belongs to it."""
        self._is_answered = True
        if len(parts) == 1 and parts[0].function_response is not None:
            self.items.append(self._result(parts[0].function_response))
            return
        said: list[Part] = []
        results: list[CallOutput] = []
        attaches = False
        for number, part in enumerate(parts):
            if part.function_response is not None:
                results.append(self._result(part.function_response))
                attaches = True
                continue
            taken = _part(part, (index, number))
            attaches = attaches and isinstance(taken, Media)
            if attaches:
                results[-1] = replace(results[-1], parts=(*results[-1].parts, taken))
            else:
                said.append(taken)
        self.items += results
        if said:
            self.items.append(Message("user", tuple(said)))

    def _result(self, wire: WireResult) -> CallOutput:
        call = self._answered(wire)
        call_id = wire.id or f"{_MADE_ID}{self._calls}" if call is None else call.call_id
        parts, is_error = _result_parts(wire)
        return CallOutput(call_id, parts, is_error, name=wire.name or "")

    def _answered(self, wire: WireResult) -> Call | None:
        """Return the call that a result is of, and open no more; None where there is none."""
        if not self._open:
            return None
        oldest_id, oldest = self._open[0]
        if oldest_id == wire.id if wire.id else oldest.name == wire.name:
            return self._open.pop(0)[1]
        names = [call.name for _, call in self._open]
        ids = [call_id for call_id, _ in self._open]
        if wire.id and wire.id in ids:
            return self._open.pop(ids.index(wire.id))[1]
        return self._open.pop(names.index(wire.name))[1] if wire.name in names else None

    def _take_model(self, parts: list[WirePart], index: int) -> None:
        if self._is_answered:
            self._open.clear()
            self._is_answered = False
        start = len(self.items)
        for number, part in enumerate(parts):
            if not part.thought_signature:
                if part.function_call is not None:
                    self._call(part.function_call, UNSIGNED, (index, number))
                    continue
                if part.text and not part.thought and len(self.items) == start:
                    self.items.append(Message("assistant", (Text(part.text),)))
                    continue
            signed = read_signature(part.thought_signature)
            if signed.reasonings:
                self._drop_unsigned(start)
                self.items += signed.reasonings
            self._take_said(part, signed, start, (index, number))

    def _take_said(self, part: WirePart, signed: Signed, start: int, place: Place) -> None:
        last = self.items[-1] if len(self.items) > start else None
        if part.function_call is not None:
            self._call(part.function_call, signed, place)
        elif part.function_response is not None:
            self.items.append(self._result(part.function_response))
        elif part.thought:
            self._think(part.text or "", signed, last)
        elif part.text is not None:
            if part.text or signed.state is not None:
                self._say(Text(part.text, state=signed.state), last)
        elif not signed.reasonings:
            self._say(_part(part, place), last)
            if signed.state is not None:
                self._say(Text("", state=signed.state), self.items[-1])

    def _call(self, wire: WireCall, signed: Signed, place: Place) -> None:
        if not wire.name:
            where = f"{_path(place)}.functionCall.name"
            raise InvalidRequest("A function call needs the name of its function.", param=where)
        call_id = wire.id or signed.call_id or f"{_MADE_ID}{self._calls}"
        call = Call(call_id, wire.name, arguments_of(wire), state=signed.state)
        self._calls += 1
        self._open.append((wire.id or "", call))
        self.items.append(call)

    def _think(self, text: str, signed: Signed, last: Item | None) -> None:
        """A client that keeps each chunk of a stream sends one thought in many parts; it is one all the same."""
        if isinstance(last, Reasoning) and last.state is None and not signed.reasonings:
            self.items.pop()
            text = "".join(last.texts) + text
        self.items.append(Reasoning((text,) if text else (), is_summary=True, state=signed.state))

    def _say(self, part: Part, last: Item | None) -> None:
        """Words in many parts are one text, but for what is signed: that stays as it was."""
        if not isinstance(last, Message):
            self.items.append(Message("assistant", (part,)))
            return
        *before, end = last.parts
        if isinstance(end, Text) and isinstance(part, Text) and end.state is None and part.state is None:
            self.items[-1] = Message("assistant", (*before, Text(end.text + part.text)))
        else:
            self.items[-1] = Message("assistant", (*last.parts, part))

    def _drop_unsigned(self, start: int) -> None:
        """The thoughts that a client was shown come back whole with their signature."""
        while len(self.items) > start and isinstance(last := self.items[-1], Reasoning) and last.state is None:
            self.items.pop()


def _path(place: Place) -> str:
    return "contents[{}].parts[{}]".format(*place)


def _part(part: WirePart, place: Place) -> Part:
    if part.text is not None:
        return Text(part.text)
    taken = media_part(part.inline_data, part.file_data) or foreign_part(part)
    if taken is None:
        raise InvalidRequest("The part holds nothing that is known here.", param=_path(place))
    return taken


def _result_parts(wire: WireResult) -> tuple[tuple[Part, ...], bool]:
    """Return what a result says, and whether it says that the tool failed."""
    if not wire.parts and (told := _told(wire.response)) is not None:
        return (Text(told),), False
    value = raw_value(wire.response)
    wrapper = None
    words: list[Part] = []
    if value is not None:
        fields = _object.decode(value) if value.startswith(b"{") else {}
        wrapper = _WRAPPERS.get(frozenset(fields))
        words.append(Text(_text_of(value if wrapper is None else bytes(fields[wrapper]))))
    if not wire.parts:
        return tuple(words), wrapper == "error"
    media = [media_part(part.inline_data, part.file_data) for part in wire.parts]
    return (*words, *(part for part in media if part is not None)), wrapper == "error"


def _told(response: msgspec.Raw) -> str | None:
    """Return the words of a result that is nothing else, as most are."""
    try:
        return _words.decode(response).output
    except msgspec.DecodeError:
        return None


def _text_of(value: bytes) -> str:
    return _string.decode(value) if value.startswith(b'"') else value.decode()
