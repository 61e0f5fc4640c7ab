"""The calls in a Chat Completions stream, told apart and put together.

A piece belongs to the call of its `index`. Vendors that number every call 0, or none, are told by a new id
with a new name; a name or id that is repeated or empty adds nothing. A call is told when its name is known, and is
ended when the next thing begins and its arguments are whole, or at the end of the stream.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.call_ids import made_call_id
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.json_progress import JsonProgress
from tokenrouter.dialects.openai_chat.request_decoder import FAMILY
from tokenrouter.dialects.openai_chat.wire import WireCall, WireFunction
from tokenrouter.dialects.wire_reading import raw_value
from tokenrouter.domain.answers import ArgumentsGrew, ItemBegun, ItemEnded, StateArrived, StreamEvent
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Call, CallKind, ProviderState

MAX_EARLY_CHARS: Final = 64 * 2**10
"""Most arguments that are kept for a call whose name has not come."""


class _OpenCall:
    """One call in the making. `index` is None until its name is known; till then arguments wait in `early`."""

    __slots__ = ("call_id", "early", "index", "kind", "progress")

    def __init__(self, kind: CallKind) -> None:
        self.index: int | None = None
        self.call_id = ""
        self.kind = kind
        self.early = ""
        self.progress: JsonProgress | None = None


class CallGatherer:
    """Keeps the open calls of one alternative.

    Attributes:
        has_calls: whether there was any.
    """

    __slots__ = ("_at", "_done", "_open", "_target", "has_calls")

    def __init__(self, target: Target) -> None:
        self._target = target
        self._open: list[_OpenCall] = []
        self._at: dict[int | None, _OpenCall] = {}
        self._done: set[str] = set()
        self.has_calls = False

    def take(self, wire: WireCall, choice: int, next_index: int, answer_id: str) -> list[StreamEvent]:
        """Return the events of one piece; `next_index` is the number of the next item, if it begins one.

        Raises:
            ProviderProtocolError: a call has arguments and no name.
        """
        if wire.id and wire.id in self._done:
            return []
        call = self._call_of(wire)
        events = [] if call is not None else self.end_whole()
        if call is None:
            call = self._begin(wire)
        text = _arguments_in(wire)
        if call.index is None:
            call.early += text
            if not (name := _name_in(wire)):
                self._require_name_soon(call)
                return events
            text, call.early, call.index = call.early, "", next_index
            call.call_id = call.call_id or wire.id or made_call_id(answer_id, next_index)
            self.has_calls = True
            events.append(ItemBegun(next_index, Call(call.call_id, name, "", call.kind), choice))
        if text:
            _grow(call, call.index, text, events)
        if (details := raw_value(wire.extra_content)) is not None:
            state = ProviderState(FAMILY, "details", details.decode(), self._target.origin)
            events.append(StateArrived(call.index, state))
        return events

    def end_whole(self) -> list[StreamEvent]:
        """Return the ends of the calls whose arguments are whole."""
        return self._end([call for call in self._open if call.progress is not None and call.progress.is_whole])

    def end_all(self) -> list[StreamEvent]:
        """Return the ends of all open calls."""
        return self._end(list(self._open))

    def _end(self, calls: list[_OpenCall]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for call in calls:
            self._open.remove(call)
            self._done.add(call.call_id)
            events += _ended(call)
        return events

    def _begin(self, wire: WireCall) -> _OpenCall:
        call = self._at[wire.index] = _OpenCall("custom" if wire.custom is not None else "function")
        call.call_id = wire.id or ""
        self._open.append(call)
        return call

    def _call_of(self, wire: WireCall) -> _OpenCall | None:
        """Return the open call that a piece belongs to, None where it begins another."""
        if wire.id and (twin := next((call for call in self._open if call.call_id == wire.id), None)):
            return twin
        call = self._at.get(wire.index)
        if call is None or call not in self._open:
            return self._open[-1] if wire.index is None and self._open and not _name_in(wire) else None
        return None if _begins_another(call, wire) else call

    def _require_name_soon(self, call: _OpenCall) -> None:
        if len(call.early) > MAX_EARLY_CHARS:
            provider = self._target.provider
            raise ProviderProtocolError(f"Provider {provider!r} sent a tool call without a name.", provider=provider)


def _begins_another(call: _OpenCall, wire: WireCall) -> bool:
    """Whether a piece with the index of `call` is the beginning of the next: it has a name, and another id or none."""
    if call.index is None or not _name_in(wire):
        return False
    if wire.id:
        return wire.id != call.call_id
    return call.progress is not None and call.progress.is_whole and bool(_arguments_in(wire))


def _grow(call: _OpenCall, index: int, text: str, events: list[StreamEvent]) -> None:
    if call.progress is None:
        if not text.strip() and call.kind == "function":
            return
        call.progress = JsonProgress()
    if call.kind == "function":
        call.progress.feed(text)
    events.append(ArgumentsGrew(index, text))


def _ended(call: _OpenCall) -> list[StreamEvent]:
    """A call without arguments gets an empty object; one that never got a name was none."""
    if call.index is None:
        return []
    if call.progress is None and call.kind == "function":
        return [ArgumentsGrew(call.index, "{}"), ItemEnded(call.index)]
    return [ItemEnded(call.index)]


def _name_in(wire: WireCall) -> str:
    named = wire.function if wire.function is not None else wire.custom
    return "" if named is None else named.name or ""


def _arguments_in(wire: WireCall) -> str:
    if wire.custom is not None:
        return wire.custom.input or ""
    return "" if wire.function is None else _text_of(wire.function)


def _text_of(function: WireFunction) -> str:
    arguments = function.arguments
    if isinstance(arguments, dict):
        return msgspec.json.encode(arguments).decode()
    return arguments or ""
