"""What was decided for a request, and why: the record that its ledger row has and that an explanation shows.

A name that leads to one place needs no record of its own: how that was found is the same for every request and stands
in the subject that they share. Where something is decided for each request, the record is put together while it runs
and written with its end, bounded and without anything that is secret.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

MAX_LEFT_OUT: Final = 16
MAX_ATTEMPTS: Final = 16
MAX_WISHES: Final = 8
MAX_NAME_CHARS: Final = 96
"""With these bounds a record has less than 48 KiB, even of names of which every character has to be escaped."""

WHY: Final[Mapping[str, str]] = {
    "gone": "there is no such provider",
    "unusable": "the provider's settings cannot be used",
    "disabled": "the provider is disabled",
    "automatic": "the provider joined by itself, and is asked by its prefix only",
    "no_key": "the provider has no key",
    "not_offered": "the provider's allowed_models leave it out",
    "not_allowed": "this key may not use it",
    "circle": "the alias leads in a circle",
    "no_target": "the alias has no target in the active profile",
    "not_found": "nobody offers a model of this name",
    "not_in_only": "provider.only does not name the provider",
    "ignored": "provider.ignore names the provider",
    "not_in_order": "provider.order does not name the provider, and allow_fallbacks is false",
    "not_first": "allow_fallbacks is false, and another provider comes first",
    "too_dear": "it costs more than provider.max_price",
    "unpriced": "nobody said what it costs, and provider.max_price bounds it",
    "too_many": "a request is sent to eight places at most",
    "no_operation": "it is not offered for this operation",
    "model_unpriced": "nobody said what it costs, and this key or a limit of costs wants to know",
}
"""Why a place is left out, by the word that stands in the record."""


class LeftOut(NamedTuple):
    """A place to which a request does not go, `provider/model` or a name, and why: a key of `WHY`."""

    target: str
    why: str


Facts = Mapping[str, Any]
"""What a record begins with, as it is shown."""


@dataclass(slots=True)
class DecisionRecord:
    """The record of one request.

    Attributes:
        request_id: under which it is found.
        facts: what was known before the places were put in order.
        order: the places, the first one first.
        cooling: those of them that are left alone for a while, and why.
        attempts: those after which another one followed.
    """

    request_id: str
    facts: Facts
    order: Sequence[str] = ()
    cooling: Mapping[str, str] = field(default_factory=dict)
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def noted(self, target: str, outcome: str, status: int) -> None:
        """Note an attempt after which another one follows, or beside which another one was faster."""
        if len(self.attempts) < MAX_ATTEMPTS:
            self.attempts.append({"target": short(target), "outcome": outcome, "status": status})

    def ended(self, target: str, outcome: str, status: int) -> str:
        """Return the record as JSON, as it is after an attempt at `target`."""
        facts = self.told()
        facts["attempts"] = [*self.attempts, {"target": short(target), "outcome": outcome, "status": status}]
        return _encode(facts).decode()

    def told(self) -> dict[str, Any]:
        """Return what was decided before anybody was asked, as it is shown."""
        facts = {**self.facts, "order": list(map(short, self.order))}
        if self.cooling:
            facts["cooling"] = {short(name): why for name, why in self.cooling.items()}
        return facts

    @property
    def header(self) -> bytes:
        """The header line by which a client finds it."""
        return b"x-tokenrouter-decision: %b\r\n" % self.request_id.encode()


def facts_of(by: str, left_out: Sequence[LeftOut] = (), **more: object) -> Facts:
    """Return what a record begins with; what is empty of `more` is not told."""
    facts = {"by": by, **{name: value for name, value in more.items() if value}}
    if left_out:
        facts["left_out"] = {short(target): why for target, why in left_out[:MAX_LEFT_OUT]}
    return facts


def with_left_out(facts: Facts, left_out: Iterable[LeftOut]) -> Facts:
    """Return `facts` with more that was left out."""
    known = facts.get("left_out", {})
    more = [LeftOut(target, why) for target, why in (*known.items(), *left_out)]
    return facts_of(**{**facts, "left_out": more})


def usual_decision(facts: Facts) -> str:
    """Return the record of all requests that go to one place, as JSON."""
    return _encode(facts).decode()


def short(name: str) -> str:
    """Return a name as a record has it."""
    return name if len(name) <= MAX_NAME_CHARS else f"{name[: MAX_NAME_CHARS - 1]}…"


_encode: Final = msgspec.json.encode
