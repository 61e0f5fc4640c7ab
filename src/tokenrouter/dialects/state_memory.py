"""Signatures and encrypted reasoning for clients whose dialect has no place for them.

A Chat Completions client returns a call's id and nothing else of what the provider wants back, so the gateway remembers
it under that id, apart for each tenant, and puts it in its place when the id returns. The memory is bounded and lost at
a restart; a provider that insists on its state then says so, and the conversation has to begin that turn anew.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from tokenrouter.dialects.carried_state import unseal
from tokenrouter.domain.answers import (
    Answer,
    ItemBegun,
    ItemEnded,
    ReasoningGrew,
    StateArrived,
    StreamEvent,
)
from tokenrouter.domain.items import Call, CallOutput, Item, Message, ProviderState, Reasoning

MAX_BYTES: Final = 16 * 2**20
"""Most text that is remembered of all tenants; the oldest goes first."""
MAX_TURN_BYTES: Final = 2**20
"""Most text of one turn's reasoning; longer ones are not remembered."""
_ENTRY_BYTES: Final = 200
"""What an entry costs beside its text."""


@dataclass(frozen=True, slots=True)
class KeptState:
    """What a provider wants back with one call: the reasoning before it, and the call's own state."""

    reasoning: tuple[Reasoning, ...]
    state: ProviderState | None


class StateMemory:
    """What is remembered. One per data process."""

    __slots__ = ("_bytes", "_kept", "_max_bytes")

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, str], KeptState] = OrderedDict()

    def remember(self, tenant: str, call_id: str, kept: KeptState) -> None:
        """Keep what belongs to a call; what was kept under the same id before goes."""
        key = (tenant, call_id)
        self._forget(key)
        self._kept[key] = kept
        self._bytes += _size(kept)
        while self._bytes > self._max_bytes:
            self._forget(next(iter(self._kept)))

    def recall(self, tenant: str, call_id: str) -> KeptState | None:
        """Return what belongs to a call, or None."""
        kept = self._kept.get((tenant, call_id))
        if kept is not None:
            self._kept.move_to_end((tenant, call_id))
        return kept

    def _forget(self, key: tuple[str, str]) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= _size(kept)


def _size(kept: KeptState) -> int:
    states = [kept.state, *(each.state for each in kept.reasoning)]
    texts = sum(len(text) for each in kept.reasoning for text in each.texts)
    return _ENTRY_BYTES + texts + sum(len(state.value) for state in states if state is not None)


def with_kept_state(items: tuple[Item, ...], memory: StateMemory, tenant: str) -> tuple[Item, ...]:
    """Return `items` with what is remembered of their calls; the same tuple where there is nothing."""
    if not any(type(item) is Call and item.state is None and memory.recall(tenant, item.call_id) for item in items):
        return items
    out: list[Item] = []
    turn_start = 0
    for item in items:
        if not _is_models(item):
            turn_start = len(out) + 1
        kept = memory.recall(tenant, item.call_id) if isinstance(item, Call) and item.state is None else None
        if isinstance(item, Call) and kept is not None:
            _put_reasoning(out, turn_start, kept.reasoning)
            out.append(replace(item, state=kept.state))
        else:
            out.append(item)
    return tuple(out)


def _is_models(item: Item) -> bool:
    return not isinstance(item, CallOutput) and not (isinstance(item, Message) and item.role != "assistant")


def _put_reasoning(out: list[Item], turn_start: int, reasoning: tuple[Reasoning, ...]) -> None:
    """Put the reasoning where it stood: at the beginning of its turn, or before its call when the turn had more.

    Reasoning that the client itself sent back in this turn, without its state, is the same text: it goes. Where the
    client sent the state as well, there is nothing to put.
    """
    sent = {_told(item.state) for item in out[turn_start:] if isinstance(item, Reasoning) and item.state is not None}
    if not reasoning or any(each.state is not None and _told(each.state) in sent for each in reasoning):
        return
    has_calls = any(isinstance(item, Call) for item in out[turn_start:])
    kept = [item for item in out[turn_start:] if not (isinstance(item, Reasoning) and item.state is None)]
    out[turn_start:] = [*kept, *reasoning] if has_calls else [*reasoning, *kept]


def _told(state: ProviderState) -> tuple[str, str, str]:
    """Return what tells states apart; where they are bound to, not every dialect brings back."""
    own = unseal(state)
    return own.family, own.kind, own.value


class StateWatcher:
    """Remembers what an answer's calls will need."""

    __slots__ = ("_call_states", "_calls", "_memory", "_open", "_pending", "_size", "_tenant")

    def __init__(self, memory: StateMemory, tenant: str) -> None:
        self._memory = memory
        self._tenant = tenant
        self._open: dict[int, tuple[Reasoning, list[str]]] = {}
        self._pending: list[Reasoning] = []
        self._calls: dict[int, tuple[str, tuple[Reasoning, ...]]] = {}
        self._call_states: dict[int, ProviderState] = {}
        self._size = 0

    def see(self, events: Iterable[StreamEvent]) -> None:
        """Take in the next events of a stream, with the ids that the client gets."""
        for event in events:
            if isinstance(event, ReasoningGrew):
                self._grow(event)
            elif isinstance(event, ItemBegun):
                self._begin(event)
            elif isinstance(event, StateArrived):
                self._take_state(event)
            elif isinstance(event, ItemEnded) and event.index in self._calls:
                self._end_call(event.index)

    def see_answer(self, answer: Answer) -> None:
        """Take in a whole answer, with the ids that the client gets."""
        for choice in answer.choices:
            self._see_items(choice.items)

    def _see_items(self, items: Sequence[Item]) -> None:
        pending: list[Reasoning] = []
        for item in items:
            if isinstance(item, Reasoning) and item.state is not None:
                pending.append(item)
            elif isinstance(item, Call):
                self._keep(item.call_id, tuple(pending), item.state)
                pending = []

    def _begin(self, begun: ItemBegun) -> None:
        item = begun.item
        if isinstance(item, Reasoning):
            self._open[begun.index] = (item, [])
            if item.state is not None:
                self._take_state(StateArrived(begun.index, item.state))
        elif isinstance(item, Call):
            self._calls[begun.index] = (item.call_id, tuple(self._pending))
            self._pending = []
            if item.state is not None:
                self._call_states[begun.index] = item.state

    def _grow(self, grew: ReasoningGrew) -> None:
        if grew.index not in self._open or self._size > MAX_TURN_BYTES:
            return
        texts = self._open[grew.index][1]
        self._size += len(grew.text)
        while len(texts) <= grew.section:
            texts.append("")
        texts[grew.section] += grew.text

    def _take_state(self, arrived: StateArrived) -> None:
        if arrived.index in self._calls:
            self._call_states[arrived.index] = arrived.state
        elif arrived.index in self._open and self._size <= MAX_TURN_BYTES:
            item, texts = self._open[arrived.index]
            self._pending.append(replace(item, texts=tuple(texts), state=arrived.state))

    def _end_call(self, index: int) -> None:
        call_id, reasoning = self._calls.pop(index)
        self._keep(call_id, reasoning, self._call_states.pop(index, None))

    def _keep(self, call_id: str, reasoning: tuple[Reasoning, ...], state: ProviderState | None) -> None:
        if reasoning or state is not None:
            self._memory.remember(self._tenant, call_id, KeptState(reasoning, state))
