"""Which targets are worth asking: cool-downs, and a breaker for each target (pure, given a clock).

A target that says when to come back is left alone until then. One that fails again and again is left alone for a
while, which grows while it goes on; then a single request tries it, and only its success opens it to all. A failure
while it is left alone already says nothing new and makes nothing longer, so that many requests in flight which fail
together count as one. Cooling is advice: whoever has nowhere else to go asks the one that is over first.

Where a provider is asked with several credentials, each is a target of its own, `provider/model#2`. What is wrong with
its account is known of it alone; what is wrong with the host is known of `provider/model`, and so of all of them.

A provider that was found to be away beside requests is left alone too, until a request finds it well or a look does.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tokenrouter.domain.conditions import Condition, Status
from tokenrouter.domain.errors import GatewayError
from tokenrouter.gateway.retry import ACCOUNTS, Failure, failure_of

TRIP_AFTER: Final = 3
"""So many failures, one after the other, and a target is left alone."""
COOL_S: Final = 5.0
MAX_COOL_S: Final = 300.0
MAX_ASKED_S: Final = 900.0
"""Longest that a target's own word is believed."""
REFUSED_S: Final = 60.0
"""How long a target is left alone that does not accept our credentials, or has no such model."""
PROBE_S: Final = 30.0
"""A single try that has not come back by then is thought lost."""
MAX_TARGETS: Final = 4096
"""Targets of which anything is remembered; an alias with a pattern lets clients name models without end."""
AWAY: Final[frozenset[Status]] = frozenset({"offline", "auth problem", "blocked"})
"""What a look may find a provider to be that is left alone then."""
MAX_TOLD: Final = 100
"""Most targets that are told of to people."""
_AT_ONCE: Final[frozenset[Failure]] = frozenset({"credentials", "unpaid", "missing"})
_TELLING: Final[frozenset[Failure]] = frozenset(
    {"unreachable", "silent", "slow", "cut", "malformed", "full", "overloaded", "credentials", "missing", "unpaid"}
)
"""Failures that say something of the target, not of the request."""

State = Literal["open", "cooling", "trying"]
"""Open to all; left alone; to be tried by one."""


@dataclass(slots=True)
class Health:
    """One target.

    Attributes:
        failures: in a row.
        cool_until_s: by the clock; 0 when it is open.
        reason: code of the error that began the cool-down.
        cooled: how often in a row it was left alone.
        trying_since_s: when the single try began; -1 when there is none.
    """

    failures: int = 0
    cool_until_s: float = 0.0
    reason: str = ""
    cooled: int = 0
    trying_since_s: float = -1.0

    def state(self, now_s: float) -> State:
        """Return whether it may be asked."""
        if not self.cool_until_s:
            return "open"
        if now_s < self.cool_until_s or 0 <= self.trying_since_s > now_s - PROBE_S:
            return "cooling"
        return "trying"


class HealthBook:
    """The health of every target that is not simply well. One per data process."""

    def __init__(self, clock: Callable[[], float], wall_clock: Callable[[], float] = time.time) -> None:
        """`clock` is monotonic, `wall_clock` the one by which providers are looked at."""
        self._clock = clock
        self._wall_clock = wall_clock
        self._targets: dict[str, Health] = {}
        self._away: dict[str, Condition] = {}
        self._was_well_at_s: dict[str, float] = {}

    def of(self, target: str) -> Health | None:
        """Return what is known of `target`; None when it is well."""
        return self._targets.get(target)

    def is_quiet(self, targets: Iterable[str]) -> bool:
        """Return whether nothing is known against any of `targets`; as a rule nothing is against anybody."""
        if not self._targets and not self._away:
            return True
        return not any(
            _provider_of(target) in self._away or any(name in self._targets for name in _names(target))
            for target in targets
        )

    def is_open(self, target: str) -> bool:
        """Return whether `target` is open to all."""
        if self._targets:
            now_s = self._clock()
            if any(health.state(now_s) != "open" for health in self._known(target)):
                return False
        return not (self._away and _provider_of(target) in self._away)

    def tell(self, conditions: Mapping[str, Condition]) -> None:
        """Take over how providers are, by name; what a request has found out since a look counts more than the look."""
        well = self._was_well_at_s = {name: at_s for name, at_s in self._was_well_at_s.items() if name in conditions}
        self._away = {
            name: one
            for name, one in conditions.items()
            if one.status in AWAY and one.checked_at_s > well.get(name, -math.inf)
        }

    def ordered(self, targets: Iterable[str]) -> list[str]:
        """Return `targets` in the order to ask them: those that may be asked, then the others, the soonest first."""
        if not self._targets and not self._away:
            return list(targets)
        now_s = self._clock()
        cooling: list[tuple[float, str]] = []
        ready: list[str] = []
        for target in targets:
            until_s = self._left_alone_until_s(target, now_s)
            if until_s:
                cooling.append((until_s, target))
            else:
                ready.append(target)
        cooling.sort(key=lambda one: one[0])
        return ready + [target for _, target in cooling]

    def _left_alone_until_s(self, target: str, now_s: float) -> float:
        """Return when a target is to be asked again: 0 for now, infinity where nobody knows."""
        cooling = [health.cool_until_s for health in self._known(target) if health.state(now_s) == "cooling"]
        if cooling:
            return max(cooling)
        return math.inf if self._away and _provider_of(target) in self._away else 0.0

    def left_alone(self, targets: Iterable[str]) -> dict[str, str]:
        """Return which of `targets` are left alone now, with the code of the error that began it and for how long."""
        if not self._targets and not self._away:
            return {}
        states = {target: self.state_of(target) for target in targets}
        return {target: _told(state) for target, state in states.items() if state[0] in ("cooling", "away")}

    def state_of(self, target: str) -> tuple[State | Literal["away"], str, float]:
        """Return whether a target may be asked; where not, why and for how many seconds, 0 where nobody knows.

        Why is the code of the error that began it, or what a look at its provider found.
        """
        now_s = self._clock()
        closed = [health for health in self._known(target) if health.state(now_s) != "open"]
        if closed:
            health = max(closed, key=lambda one: one.cool_until_s)
            return health.state(now_s), health.reason, max(0.0, health.cool_until_s - now_s)
        away = self._away.get(_provider_of(target))
        return ("open", "", 0.0) if away is None else ("away", away.status, 0.0)

    def began(self, target: str) -> None:
        """Note that a target is asked; of one that cools no more, this is the single try."""
        if self._targets:
            now_s = self._clock()
            for health in self._known(target):
                if health.state(now_s) == "trying":
                    health.trying_since_s = now_s

    def succeeded(self, target: str) -> None:
        """Note that it answered as it should."""
        if self._targets:
            for name in _names(target):
                self._targets.pop(name, None)
        if self._away and self._away.pop(_provider_of(target), None) is not None:
            self._was_well_at_s[_provider_of(target)] = self._wall_clock()

    def failed(self, target: str, error: GatewayError) -> None:
        """Note how it failed; what the client did wrong says nothing of it."""
        failure = failure_of(error)
        if failure not in _TELLING:
            return
        now_s = self._clock()
        target = target if failure in ACCOUNTS else _names(target)[-1]
        health = self._targets.get(target) or self._remember(target)
        was_tried = health.trying_since_s >= 0
        if now_s < health.cool_until_s:
            return
        health.failures += 1
        health.trying_since_s = -1.0
        asked_s = error.retry_after_s if failure in ("full", "overloaded") else None
        if asked_s is not None and asked_s > 0:
            self._cool(health, min(asked_s, MAX_ASKED_S), error)
        elif failure in _AT_ONCE:
            self._cool(health, REFUSED_S, error)
        elif health.failures >= TRIP_AFTER or was_tried:
            self._cool(health, min(COOL_S * 2**health.cooled, MAX_COOL_S), error)

    def cooling(self) -> list[tuple[str, str, float]]:
        """Return targets that are left alone, why, and for how many seconds yet; the longest first, `MAX_TOLD`."""
        now_s = self._clock()
        found = [
            (target, health.reason, health.cool_until_s - now_s)
            for target, health in self._targets.items()
            if health.cool_until_s > now_s
        ]
        return sorted(found, key=lambda one: -one[2])[:MAX_TOLD]

    def _remember(self, target: str) -> Health:
        """Begin to remember one more; where there are too many, the oldest is forgotten."""
        if len(self._targets) >= MAX_TARGETS:
            del self._targets[next(iter(self._targets))]
        health = self._targets[target] = Health()
        return health

    def left_idle(self, target: str) -> None:
        """Note that a try ended without telling anything, such as by a client that left."""
        for health in self._known(target):
            health.trying_since_s = -1.0

    def _known(self, target: str) -> list[Health]:
        """Return what is known of a target, and of its host."""
        return [self._targets[name] for name in _names(target) if name in self._targets]

    def _cool(self, health: Health, length_s: float, error: GatewayError) -> None:
        health.cool_until_s = self._clock() + length_s
        health.cooled += 1
        health.reason = error.code


def _told(state: tuple[str, str, float]) -> str:
    _, why, left_s = state
    return f"{why}, {left_s:.0f} s" if left_s else why


def _provider_of(target: str) -> str:
    return target.partition("/")[0]


def _names(target: str) -> tuple[str, ...]:
    """Return under which names something may be known of a target: its own, and then that of its host."""
    host, mark, number = target.rpartition("#")
    return (target, host) if mark and number.isdecimal() else (target,)
