"""What hard limits leave one request: how long its answer may become.

A request holds what it is expected to need, and under a hard limit nothing may be used that is not held. So before a
provider is asked it must be known how much more would fit, in tokens of the answer, whatever the limits count.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from tokenrouter.domain.limits import Amounts, LimitState, Metric
from tokenrouter.domain.prices import MILLION, Ceiling

USED_BY_ANSWERS: Final[frozenset[Metric]] = frozenset(("tokens", "input_tokens", "output_tokens", "cost_usd"))
"""Metrics that count more of a request the longer its answer is."""
ENDLESS: Final = 2**62
"""Stands for "as much as it likes"."""


class Room(NamedTuple):
    """What one request may use in all, what it holds already included; `ENDLESS` where no hard limit counts it."""

    tokens: int = ENDLESS
    input_tokens: int = ENDLESS
    output_tokens: int = ENDLESS
    cost_nano_usd: int = ENDLESS

    def narrowed(self, metric: Metric, left: int) -> "Room":
        """Return the room with a limit in it that leaves `left` of `metric`; other metrics bound no answer."""
        tokens, input_tokens, output_tokens, cost = self
        if metric == "tokens":
            return Room(min(tokens, left), input_tokens, output_tokens, cost)
        if metric == "input_tokens":
            return Room(tokens, min(input_tokens, left), output_tokens, cost)
        if metric == "output_tokens":
            return Room(tokens, input_tokens, min(output_tokens, left), cost)
        return Room(tokens, input_tokens, output_tokens, min(cost, left)) if metric == "cost_usd" else self

    @property
    def counts_input(self) -> bool:
        """Whether a limit counts what is sent, and not only what is answered."""
        return min(self.tokens, self.input_tokens, self.cost_nano_usd) != ENDLESS

    def output_within(self, input_tokens: int, ceiling: Ceiling | None) -> int:
        """Return how many tokens an answer may have whose request has `input_tokens`; negative if not even those fit.

        Without a `ceiling` no cost is counted.
        """
        if input_tokens > self.input_tokens:
            return -1
        most = min(self.tokens - input_tokens, self.output_tokens)
        if ceiling is None or self.cost_nano_usd == ENDLESS:
            return most
        steps, request_nano = ceiling
        _, input_rate, output_rate = steps[0]
        for above, dearer_input, dearer_output in steps[1:]:
            if input_tokens > above:
                input_rate, output_rate = dearer_input, dearer_output
        left = (self.cost_nano_usd - request_nano) * MILLION - input_tokens * input_rate
        if left < 0:
            return -1
        return min(most, left // output_rate) if output_rate else most


ANY_ROOM: Final = Room()


def room_in(states: Iterable[LimitState], held: Amounts) -> Room | None:
    """Return the room that limits leave to a request which holds `held` of them; None where none bounds its answer.

    It may be less than nothing: what was used before a limit was lowered is over it.
    """
    room = None
    for state in states:
        metric = state.limit.metric
        if state.limit.mode == "hard" and metric in USED_BY_ANSWERS:
            left = state.amount - state.used - state.held + held.of(metric)
            room = (room or ANY_ROOM).narrowed(metric, left)
    return room
