"""A conversation as providers insist on it: every call has one output, and ids tell calls apart.

Clients send what they have: an interrupted turn leaves a call without output, a trimmed history an output
without its call, and some vendors number the calls of every turn from 0. Providers answer all of it with 400,
on every later turn as well, so it is mended here, once for all dialects.
"""

from collections.abc import Iterable
from operator import is_
from typing import Final

from msgspec.structs import replace

from tokenrouter.dialects.call_ids import MAX_CHARS, IdRule, provider_call_id
from tokenrouter.dialects.carried_state import unseal
from tokenrouter.domain.items import (
    Call,
    CallOutput,
    Foreign,
    Item,
    Message,
    Part,
    ProviderState,
    Reasoning,
    Text,
    text_of,
)

_INTERRUPTED: Final = "The call was interrupted; there is no output."


def repaired(items: tuple[Item, ...], rule: IdRule) -> tuple[Item, ...]:
    """Return `items` with ids that `rule` accepts, each used once, and every call with its output right behind it.

    Outputs follow the calls of their turn, in the order of the calls; an output without a call becomes a user's
    words; a call without an output gets one that says so.
    """
    orderly = _in_order(items, rule)
    return _Repair(rule).run(items) if orderly is None else orderly


def _in_order(items: tuple[Item, ...], rule: IdRule) -> tuple[Item, ...] | None:
    """Return a history that needs no more than the tools' names at its outputs, as most do; None for any other."""
    out: list[Item] = []
    waiting: list[Call] = []
    used: set[str] = set()
    is_named = True
    for item in items:
        if type(item) is Call:
            call_id = item.call_id
            is_late = waiting and type(out[-1]) is CallOutput
            if is_late or call_id in used or provider_call_id(call_id, rule) != call_id:
                return None
            used.add(call_id)
            waiting.append(item)
            out.append(item)
        elif type(item) is CallOutput:
            if not waiting or waiting[0].call_id != item.call_id:
                return None
            call = waiting.pop(0)
            knows = item.name == call.name and item.kind == call.kind
            out.append(item if knows else _output_of(call, item))
            is_named = is_named and knows
        elif waiting:
            return None
        else:
            out.append(item)
    if waiting:
        return None
    return items if is_named else tuple(out)


def _output_of(call: Call, output: CallOutput) -> CallOutput:
    return CallOutput(call.call_id, output.parts, output.is_error, call.kind, call.name, output.cache, output.id)


class _Repair:
    def __init__(self, rule: IdRule) -> None:
        self._rule = rule
        self._used: set[str] = set()
        self._open: dict[str, list[Call]] = {}
        self._outputs: dict[str, CallOutput] = {}
        self._out: list[Item] = []
        self._turn: list[Call] = []

    def run(self, items: Iterable[Item]) -> tuple[Item, ...]:
        for item in items:
            if type(item) is Call:
                self._take_call(item)
            elif type(item) is CallOutput:
                self._take_output(item)
            else:
                self._take_other(item)
        self._end_turn()
        return tuple(self._out)

    def _take_call(self, call: Call) -> None:
        if self._outputs:
            self._end_turn()
        call_id = provider_call_id(call.call_id, self._rule)
        if call_id in self._used:
            call_id = self._numbered(call_id)
        self._used.add(call_id)
        named = call if call_id == call.call_id else replace(call, call_id=call_id)
        self._open.setdefault(call.call_id, []).append(named)
        self._turn.append(named)
        self._out.append(named)

    def _numbered(self, call_id: str) -> str:
        """The same id again belongs to another call: number it, in the space that the id rule leaves."""
        candidate, count = call_id, 2
        while candidate in self._used:
            tail = str(count)
            room = MAX_CHARS.get(self._rule, MAX_CHARS["safe"]) - len(tail)
            candidate = call_id[:room] + tail if self._rule == "nine" else f"{call_id[: room - 1]}_{tail}"
            count += 1
        return candidate

    def _take_output(self, output: CallOutput) -> None:
        waiting = self._open.get(output.call_id)
        if not waiting:
            self._orphan(output)
            return
        call = waiting.pop(0)
        self._outputs[call.call_id] = _output_of(call, output)

    def _orphan(self, output: CallOutput) -> None:
        self._end_turn()
        lead = f"Output of the tool call {output.call_id}:"
        self._out.append(Message("user", (Text(f"{lead}\n{text_of(output.parts)}"), *_not_text(output))))

    def _take_other(self, item: Item) -> None:
        """What else the model says or does belongs to the turn that called; anything of anybody else ends it."""
        is_model = (
            type(item) is Reasoning or type(item) is Foreign or (type(item) is Message and item.role == "assistant")
        )
        if self._turn and (self._outputs or not is_model):
            self._end_turn()
        self._out.append(item)

    def _end_turn(self) -> None:
        for call in self._turn:
            output = self._outputs.get(call.call_id)
            if output is None:
                output = CallOutput(call.call_id, (Text(_INTERRUPTED),), is_error=True, kind=call.kind, name=call.name)
            self._out.append(output)
        self._turn.clear()
        self._outputs.clear()
        self._open.clear()


def _not_text(output: CallOutput) -> tuple[Part, ...]:
    return tuple(part for part in output.parts if type(part) is not Text)


def with_own_state(items: tuple[Item, ...], family: str, origin: str) -> tuple[Item, ...]:
    """Return `items` with the provider state that this target wrote, and no other: it answers 400 to another's.

    State that a client carried for another provider is unsealed first. State without an origin came in the client's
    own dialect and passes where that is the target's family too. The same tuple comes back where nothing changes.
    """
    if not _hold_state(items):
        return items
    own = tuple([_with_own_state(item, family, origin) for item in items])
    return items if all(map(is_, own, items)) else own


def _hold_state(items: tuple[Item, ...]) -> bool:
    """Whether there is any provider state; most conversations have none, and this is asked of every one."""
    for item in items:
        if type(item) is Message:
            for part in item.parts:
                if type(part) is Text and part.state is not None:
                    return True
        elif (type(item) is Call or type(item) is Reasoning) and item.state is not None:
            return True
    return False


def count_states(items: tuple[Item, ...]) -> int:
    """Return how many pieces of provider state `items` hold."""
    return sum(
        sum(isinstance(part, Text) and part.state is not None for part in item.parts)
        if isinstance(item, Message)
        else isinstance(item, Reasoning | Call) and item.state is not None
        for item in items
    )


def _with_own_state(item: Item, family: str, origin: str) -> Item:
    if isinstance(item, Message):
        return _message_with_own_state(item, family, origin)
    if isinstance(item, Reasoning | Call) and item.state is not None:
        state = _own(item.state, family, origin)
        return item if state is item.state else replace(item, state=state)
    return item


def _message_with_own_state(message: Message, family: str, origin: str) -> Message:
    for part in message.parts:
        if type(part) is Text and part.state is not None:
            break
    else:
        return message
    parts = [
        replace(part, state=_own(part.state, family, origin)) if isinstance(part, Text) and part.state else part
        for part in message.parts
    ]
    return replace(message, parts=tuple(parts))


def _own(state: ProviderState, family: str, origin: str) -> ProviderState | None:
    unsealed = unseal(state)
    return unsealed if unsealed.family == family and unsealed.origin in ("", origin) else None
