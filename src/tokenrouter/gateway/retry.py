"""What to do when a provider has failed: go to the next one, ask the same one again, or give up (pure).

One table decides, by what went wrong and never by a message's wording. Going on is always preferred to waiting: another
target answers now, the one that just failed may not. So the same provider is asked again only where there is no other,
and only what may pass by itself: a full house, an overload, a connection that did not come about. What the client can
mend is never tried again, nor anything once the client has content of an answer, unless another target can go on from
there. That is not bound to the time of the request, which is for its first content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tokenrouter.domain.errors import (
    ContentRefused,
    ContextTooLong,
    GatewayError,
    LimitReached,
    ModelNotFound,
    ProviderCredentialsRejected,
    ProviderCut,
    ProviderProtocolError,
    ProviderRefused,
    ProviderSlow,
    ProviderTimeout,
    ProviderUnreachable,
)

Failure = Literal[
    "unreachable",
    "silent",
    "slow",
    "late",
    "cut",
    "malformed",
    "full",
    "overloaded",
    "credentials",
    "unpaid",
    "missing",
    "context",
    "refused",
    "client",
    "limit",
    "gateway",
]
"""What went wrong, as far as it decides what to do."""
FIRST_PAUSE_S: Final = 0.25
MAX_PAUSE_S: Final = 4.0
MAX_WAIT_S: Final = 10.0
"""A provider that wants to be left alone for longer is not waited for: the client is told when to come back."""
_OVERLOADED: Final = frozenset({408, 409, 425})
"""Statuses below 500 after which the same request may succeed, as the vendors' own SDKs hold."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of failure allows.

    Attributes:
        elsewhere: whether another target may succeed.
        again: how often the same one is asked again.
        resumes: whether another target may go on with an answer of which the client has the beginning.
    """

    elsewhere: bool
    again: int = 0
    resumes: bool = False


RULES: Final[Mapping[Failure, Rule]] = {
    "unreachable": Rule(elsewhere=True, again=2, resumes=True),
    "silent": Rule(elsewhere=True, resumes=True),
    "slow": Rule(elsewhere=True),
    "late": Rule(elsewhere=False),
    "cut": Rule(elsewhere=True, resumes=True),
    "malformed": Rule(elsewhere=True, resumes=True),
    "full": Rule(elsewhere=True, again=2, resumes=True),
    "overloaded": Rule(elsewhere=True, again=2, resumes=True),
    "credentials": Rule(elsewhere=True, resumes=True),
    "unpaid": Rule(elsewhere=True, resumes=True),
    "missing": Rule(elsewhere=True, resumes=True),
    "context": Rule(elsewhere=True, resumes=True),
    "refused": Rule(elsewhere=False),
    "client": Rule(elsewhere=False),
    "limit": Rule(elsewhere=False),
    "gateway": Rule(elsewhere=False),
}
"""A silent, slow, cut or malformed answer may have been made and billed: the same provider is not asked to make it
twice. What is late is over: the request's own time has passed. What a provider refuses for its content is the
client's to mend, unless the operator says that others may be asked (`Situation.moves_refused`)."""

ACCOUNTS: Final[frozenset[Failure]] = frozenset({"full", "credentials", "unpaid", "missing"})
"""What is wrong with an account, and not with the host: the same model of the same provider may answer another
credential. Whatever else goes wrong would go wrong again there."""


@dataclass(frozen=True, slots=True)
class Again:
    """Ask the same target once more, after a pause."""

    after_s: float


@dataclass(frozen=True, slots=True)
class Next:
    """Ask the next target now."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Tell the client."""


Decision = Again | Next | GiveUp
NEXT: Final = Next()
GIVE_UP: Final = GiveUp()


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a request stands when an attempt has failed.

    Attributes:
        attempts: how often this target was asked, this time included.
        others_left: whether there are targets that were not asked.
        has_content: whether the client has any content of the answer.
        can_resume: whether one of the targets left can go on from there.
        is_resumption: whether this target was asked to go on; what it refuses then is not its client's to mend.
        left_s: seconds until the whole request must be over.
        moves_refused: whether what one refuses for its content may be asked of another.
        may_repeat: whether the provider's budget for being asked again allows it.
        chance: from 0 to below 1; spreads pauses, so that not all who failed together come back together.
    """

    attempts: int
    others_left: bool
    has_content: bool = False
    can_resume: bool = False
    is_resumption: bool = False
    left_s: float = float("inf")
    moves_refused: bool = False
    may_repeat: bool = True
    chance: float = 0.5


_KINDS: Final[tuple[tuple[type[GatewayError], Failure], ...]] = (
    (ContextTooLong, "context"),
    (ContentRefused, "refused"),
    (ProviderCredentialsRejected, "credentials"),
    (ProviderUnreachable, "unreachable"),
    (ProviderSlow, "slow"),
    (ProviderCut, "cut"),
    (ProviderProtocolError, "malformed"),
    (ModelNotFound, "missing"),
    (LimitReached, "limit"),
)
_OF_ACCOUNTS: Final[Mapping[int, Failure]] = {402: "unpaid", 404: "missing"}
"""402 is what vendors of prepaid credit say when there is none left (DeepSeek's and OpenRouter's pages on errors, read
2026-11)."""
_PHASES: Final[Mapping[str, Failure]] = {"connect": "unreachable", "deadline": "late"}


def failure_of(error: GatewayError) -> Failure:
    """Return which kind of failure `error` is."""
    if isinstance(error, ProviderTimeout):
        return _PHASES.get(error.phase, "silent")
    for kind, failure in _KINDS:
        if isinstance(error, kind):
            return failure
    if isinstance(error, ProviderRefused):
        return _refusal(error.status)
    return "client" if error.fault == "client" else "gateway"


def _refusal(status: int) -> Failure:
    if status == 429:
        return "full"
    if status >= 500 or status in _OVERLOADED:
        return "overloaded"
    return _OF_ACCOUNTS.get(status, "client")


def decide(error: GatewayError, at: Situation) -> Decision:
    """Return what to do after `error`."""
    failure = failure_of(error)
    rule = RULES[failure]
    if at.has_content:
        resumes = rule.resumes or (failure == "client" and at.is_resumption)
        return NEXT if at.can_resume and resumes else GIVE_UP
    if at.left_s <= 0:
        return GIVE_UP
    if at.others_left:
        return NEXT if rule.elsewhere or (failure == "refused" and at.moves_refused) else GIVE_UP
    if at.attempts > rule.again or not at.may_repeat:
        return GIVE_UP
    pause_s = _pause_s(error, at)
    return Again(pause_s) if pause_s < min(at.left_s, MAX_WAIT_S) else GIVE_UP


def _pause_s(error: GatewayError, at: Situation) -> float:
    """Return how long to wait: what the provider says, or twice as long each time, spread over its upper half."""
    backoff_s: float = min(FIRST_PAUSE_S * 2 ** (at.attempts - 1), MAX_PAUSE_S) * (0.5 + at.chance / 2)
    return backoff_s if error.retry_after_s is None else max(error.retry_after_s, 0.0) + backoff_s / 10
