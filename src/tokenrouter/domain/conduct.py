"""How requests to an alias are to be carried: whether they stay together, how long they are tried, what is ventured.

Apart from where an alias leads, because it concerns the attempts of a request and not the choice among targets. Of an
alias that leads to another, the one that was asked for says how.
"""

from dataclasses import dataclass
from typing import Final

ATTEMPTS_S: Final = 120.0
"""Clients give up after some minutes; an answer in one piece may take longer, and is waited for."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """What an alias says of it.

    Attributes:
        sticky: whether the requests of one conversation go to one target, so that its prompt cache stays warm.
        deadline_s: how long after the request came its client waits for the first of an answer; then no attempt begins,
            and one that has given nothing is ended. 0: none is ended, and none begins after `ATTEMPTS_S`.
        hedge: whether a second target is asked when the first one lets a client wait, and the faster answer counts.
        hedge_after_s: how long the first one has; 0 for as long as all but one of twenty take.
        hedge_percent: most requests for which that is done, of a hundred.
        min_tokens_per_s: a stream that begins more slowly is taken elsewhere; 0 for no such guard.
        probe_s: how long a stream is held back to see how fast it is.
        continue_streams: whether a stream that breaks after its first content is gone on with by another target.
        refused_elsewhere: whether what one provider refuses for its content is asked of the next one.
    """

    sticky: bool = True
    deadline_s: float = 0.0
    hedge: bool = False
    hedge_after_s: float = 0.0
    hedge_percent: float = 5.0
    min_tokens_per_s: float = 0.0
    probe_s: float = 5.0
    continue_streams: bool = False
    refused_elsewhere: bool = False

    @property
    def attempts_s(self) -> float:
        """No attempt begins later after the request came."""
        return self.deadline_s or ATTEMPTS_S


USUAL: Final = Conduct()
"""Of an alias that says nothing, and of names that are none."""
