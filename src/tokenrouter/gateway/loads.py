"""How busy targets are, and how long they let requests wait: what choosing by load and by speed goes by.

Waiting is remembered as Finagle's "peak EWMA" does (twitter.github.io/finagle, "Metrics", read 2026-11): a longer wait
counts at once, shorter ones little by little, the more the longer ago the last one was; so a target that stalls is
noticed with the first request that stalls. Streams are measured by their first token. Of whole answers nobody sees the
first token, and long ones are not slow ones, so they are measured by the token. What one data process sees is enough:
whatever makes a target slow, each process meets it.
"""

import math
import time
from collections.abc import Callable
from typing import Final

from tokenrouter.domain.errors import GatewayError

FADE_S: Final = 10.0
"""After so long an average is made up of newer waits by two thirds."""
PAUSE_S: Final = 0.05
"""So often an average is made; what comes in between says nothing new, and would cost each request a microsecond."""
FAILED_S: Final = 5.0
"""A failure counts like a wait of at least this; else whatever fails at once would be the fastest."""
LEAST_TOKENS: Final = 16
"""An answer that has fewer tokens is measured as if it had these: what it took is not a matter of its length."""
MAX_TARGETS: Final = 4096
"""Targets that are remembered; an alias with a pattern lets clients name models without end."""


class PeakAverage:
    """A running average that follows a rise at once. `value` is 0.0 before anything was seen."""

    __slots__ = ("seen_at_s", "value")

    def __init__(self) -> None:
        self.value = 0.0
        self.seen_at_s = -math.inf

    def learn(self, value: float, now_s: float) -> None:
        """Take in one more; of those that come at one time and are no longer than what is known, one is enough."""
        if value < self.value:
            if now_s < self.seen_at_s + PAUSE_S:
                return
            kept = math.exp((self.seen_at_s - now_s) / FADE_S)
            value += kept * (self.value - value)
        self.value = value
        self.seen_at_s = now_s


class Load:
    """One target.

    Attributes:
        in_flight: requests that it is working on.
        first_s: seconds until a stream's first token.
        token_s: seconds for each token of a whole answer.
    """

    __slots__ = ("first_s", "in_flight", "token_s")

    def __init__(self) -> None:
        self.in_flight = 0
        self.first_s = PeakAverage()
        self.token_s = PeakAverage()

    def began(self, after_s: float, now_s: float) -> None:
        """Note that a stream's first token took so long."""
        self.first_s.learn(after_s, now_s)

    def failed(self, error: GatewayError, began_s: float, now_s: float) -> None:
        """Note that it failed, whatever was asked; what the client has to mend says nothing of it."""
        if error.fault != "provider":
            return
        wait_s = max(now_s - began_s, FAILED_S)
        self.first_s.learn(wait_s, now_s)
        self.token_s.learn(wait_s / LEAST_TOKENS, now_s)

    def answered(self, output_tokens: int, began_s: float, now_s: float) -> None:
        """Note that a whole answer of so many tokens came."""
        tokens = output_tokens if output_tokens > LEAST_TOKENS else LEAST_TOKENS
        self.token_s.learn((now_s - began_s) / tokens, now_s)

    def wait(self, *, stream: bool) -> float:
        """Return how long a request waits, to be compared with others of its kind; 0.0 when nobody knows."""
        return (self.first_s if stream else self.token_s).value

    def is_unseen(self, now_s: float, for_s: float, *, stream: bool) -> bool:
        """Return whether nothing was seen of it for so long, and nobody looks now."""
        seen = self.first_s if stream else self.token_s
        return not self.in_flight and now_s - seen.seen_at_s > for_s


class LoadBook:
    """The load of every target that aliases lead to. One per data process.

    Attributes:
        clock: monotonic, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._targets: dict[str, Load] = {}

    def of(self, target: str) -> Load:
        """Return the load of `target`; where there are too many, the oldest is forgotten."""
        known = self._targets.get(target)
        if known is None:
            if len(self._targets) >= MAX_TARGETS:
                del self._targets[next(iter(self._targets))]
            known = self._targets[target] = Load()
        return known
