"""What a dialect cannot carry, and what becomes of it: one table for each codec.

An encoder does not decide in its code what happens to a thing it has no place for: it notes the thing by
its name, and the row of that name says whether it is emulated, dropped (the client is told in a header)
or refused. So the table is the truth, and the documentation is made from it.

Names are those of the hub: `sampling.top_k` is a field of `Request`, `part.audio` a kind of part,
`result.image` one inside a call's output, `tool.custom` a kind of tool, `item.…` a kind of item; a field
that only the client's dialect has goes by its own name there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Literal

from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.requests import Request, Tool

TOOL_MARK: Final = "type"
"""A key in `Tool.extra` that says what a client's function really is; it is no field that could be lost."""

Fate = Literal["emulated", "dropped", "refused"]


@dataclass(frozen=True, slots=True)
class Loss:
    """One row: `how` says what is done instead (emulated), what is missing then (dropped), or what to do (refused)."""

    feature: str
    fate: Fate
    how: str


LossTable = Mapping[str, Loss]


def loss_table(*rows: tuple[str, Fate, str]) -> LossTable:
    """Return the rows by their features."""
    return {feature: Loss(feature, fate, how) for feature, fate, how in rows}


class Losses:
    """Collects what one request loses on its way into one dialect."""

    __slots__ = ("_noted", "_table")

    def __init__(self, table: LossTable) -> None:
        self._table = table
        self._noted: dict[str, Loss] = {}

    def note(self, feature: str) -> None:
        """Look up what becomes of `feature`.

        Raises:
            InvalidRequest: the table refuses it.
            KeyError: the table has no such row, which is a mistake in the codec.
        """
        if feature in self._noted:
            return
        loss = self._table[feature]
        if loss.fate == "refused":
            raise InvalidRequest(f"The provider of this model does not take {feature!r}: {loss.how}", param=feature)
        self._noted[feature] = loss

    def note_unknown(self, name: str) -> None:
        """Note that a field of the client's own dialect goes, whatever it means."""
        self._noted.setdefault(name, Loss(name, "dropped", "Only the client's dialect has it."))

    def note_only_there(self, tool: Tool, carried: frozenset[str] = frozenset()) -> None:
        """Note the fields of `tool` that only the client's dialect has, but for those `carried`."""
        for name in tool.extra:
            if name not in carried and name != TOOL_MARK:
                self.note_unknown(f"tool.{name}")

    def note_settings(self, request: Request, carried: frozenset[str]) -> None:
        """Note every setting of `SETTINGS` that `request` uses and that is not `carried`, and all of its `extra`.

        Raises:
            InvalidRequest: the table refuses one.
        """
        for name, wish in SETTINGS.items():
            if name not in carried and wish(request) not in _UNSET:
                self.note(name)
        for name in request.extra:
            if name not in carried:
                self.note_unknown(name)

    def noted(self) -> tuple[Loss, ...]:
        """Return the rows in the order in which they were noted."""
        return tuple(self._noted.values())


_UNSET: Final[tuple[object, ...]] = (None, "", (), False)

SETTINGS: Final[Mapping[str, Callable[[Request], object]]] = {
    "parallel_calls": lambda request: request.parallel_calls is False,
    "output_format": attrgetter("output_format"),
    "reasoning": attrgetter("reasoning"),
    "sampling.temperature": attrgetter("sampling.temperature"),
    "sampling.top_p": attrgetter("sampling.top_p"),
    "sampling.top_k": attrgetter("sampling.top_k"),
    "sampling.stop": attrgetter("sampling.stop"),
    "sampling.answers": lambda request: request.sampling.answers > 1,
    "sampling.seed": attrgetter("sampling.seed"),
    "sampling.presence_penalty": attrgetter("sampling.presence_penalty"),
    "sampling.frequency_penalty": attrgetter("sampling.frequency_penalty"),
    "sampling.logprobs": attrgetter("sampling.logprobs"),
    "sampling.logit_bias": attrgetter("sampling.logit_bias"),
    "service.user": attrgetter("service.user"),
    "service.metadata": attrgetter("service.metadata"),
    "service.tier": attrgetter("service.tier"),
    "service.cache_key": attrgetter("service.cache_key"),
    "service.cache_retention": attrgetter("service.cache_retention"),
    "service.stored": attrgetter("service.stored"),
    "service.previous_id": attrgetter("service.previous_id"),
    "service.cached_content": attrgetter("service.cached_content"),
    "verbosity": attrgetter("verbosity"),
    "modalities": attrgetter("modalities"),
    "cache": attrgetter("cache"),
}
"""The settings that a dialect may lack, and how to see whether a request makes a wish there.

Several calls in one turn, and an answer that is not stored, are what every vendor does unasked: asking for
them is no wish that could be lost.
"""
