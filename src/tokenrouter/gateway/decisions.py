"""What was decided for a request, and why: the record that its ledger row has and that an explanation shows.

A name that leads to one place needs no record of its own: how that was found is the same for every request and stands
in the subject that they share. Where something is decided for each request, the record is put together while it runs
and written with its end, bounded and without anything that is secret.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

import msgspec

MAX_LEFT_OUT: Final = 16
MAX_ATTEMPTS: Final = 16
MAX_WISHES: Final = 8
MAX_NAME_CHARS: Final = 96
"""With these bounds a record has less than 48 KiB, even of names of which every character has to be escaped."""

USUAL_STATUS: Final = 200
MAX_TEXTS: Final = 64
"""Texts that are kept for each name: as many orders of its places, and ways to end."""

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


class Facts:
    """What the records of a name's requests have in common, and the whole texts of those that are alike in all.

    Attributes:
        told: as it is shown.
    """

    __slots__ = ("_sticky", "_texts", "told")

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told
        self._sticky: Facts | None = None
        self._texts: dict[tuple[tuple[str, ...], str, str, int], str] = {}

    @property
    def sticky(self) -> "Facts":
        """The same for a request that is kept where its conversation is."""
        if self._sticky is None:
            self._sticky = Facts({**self.told, "sticky": True})
        return self._sticky

    def text(self, order: tuple[str, ...], target: str, outcome: str, status: int) -> str:
        """Return the record of a request of one attempt, as JSON; most are such, and of few kinds."""
        key = order, target, outcome, status
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= MAX_TEXTS:
                self._texts.clear()
            text = self._texts[key] = _text(
                {**self.told, "order": list(map(short, order))}, [], target, outcome, status
            )
        return text


class Record(Protocol):
    """How a request was decided."""

    def ended(self, target: str, outcome: str, status: int) -> str:
        """Return the record as JSON, as it is after an attempt at `target`."""

    def header(self, request_id: str) -> bytes:
        """Return the header line by which a client finds it, in the answer to the attempt `request_id`."""


class UsualRecord:
    """That of requests which their first place answers, all of them well: for all of the same order it is one."""

    __slots__ = ("_answered", "_facts", "_order")

    def __init__(self, facts: Facts, order: tuple[str, ...]) -> None:
        """`order` has the places, the first one first."""
        self._facts = facts
        self._order = order
        self._answered = ""

    def ended(self, target: str, outcome: str, status: int) -> str:
        """Return the record as JSON, as it is after an attempt at the first place."""
        if outcome != "completed" or status != USUAL_STATUS:
            return self._facts.text(self._order, target, outcome, status)
        if not self._answered:
            self._answered = self._facts.text(self._order, target, outcome, status)
        return self._answered

    def header(self, request_id: str) -> bytes:
        """Return the header line by which a client finds it."""
        return b"x-tokenrouter-decision: %b\r\n" % request_id.encode()


class DecisionRecord:
    """The record of one request.

    Attributes:
        request_id: under which it is found.
    """

    __slots__ = ("_attempts", "_cooling", "_facts", "_order", "request_id")

    def __init__(
        self, request_id: str, facts: Facts, order: tuple[str, ...], cooling: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`order` has the places, the first one first; `cooling` those that are left alone for a while, and why."""
        self.request_id = request_id
        self._facts = facts
        self._order = order
        self._cooling = cooling
        self._attempts: list[dict[str, Any]] = []

    def noted(self, target: str, outcome: str, status: int) -> None:
        """Note an attempt after which another one follows, or beside which another one was faster."""
        if len(self._attempts) < MAX_ATTEMPTS:
            self._attempts.append({"target": short(target), "outcome": outcome, "status": status})

    def ended(self, target: str, outcome: str, status: int) -> str:
        """Return the record as JSON, as it is after an attempt at `target`."""
        if not self._attempts and not self._cooling:
            return self._facts.text(self._order, target, outcome, status)
        return _text(self.told(), self._attempts, target, outcome, status)

    def told(self) -> dict[str, Any]:
        """Return what was decided before anybody was asked, as it is shown."""
        told = {**self._facts.told, "order": list(map(short, self._order))}
        if self._cooling:
            told["cooling"] = {short(name): why for name, why in self._cooling.items()}
        return told

    def header(self, _request_id: str) -> bytes:
        """Return the header line by which a client finds it: that of the request, whichever attempt it was."""
        return b"x-tokenrouter-decision: %b\r\n" % self.request_id.encode()


def facts_of(by: str, left_out: Sequence[LeftOut] = (), **more: object) -> Facts:
    """Return what a record begins with; what is empty of `more` is not told."""
    told = {"by": by, **{name: value for name, value in more.items() if value}}
    if left_out:
        told["left_out"] = {short(target): why for target, why in left_out[:MAX_LEFT_OUT]}
    return Facts(told)


def with_left_out(facts: Facts, left_out: Iterable[LeftOut]) -> Facts:
    """Return `facts` with more that was left out."""
    known = facts.told.get("left_out", {})
    more = [LeftOut(target, why) for target, why in (*known.items(), *left_out)]
    return facts_of(**{**facts.told, "left_out": more})


def usual_decision(facts: Facts) -> str:
    """Return the record of all requests that go to one place, as JSON."""
    return _encode(facts.told).decode()


def _text(told: dict[str, Any], attempts: Sequence[Any], target: str, outcome: str, status: int) -> str:
    told["attempts"] = [*attempts, {"target": short(target), "outcome": outcome, "status": status}]
    return _encode(told).decode()


def short(name: str) -> str:
    """Return a name as a record has it."""
    return name if len(name) <= MAX_NAME_CHARS else f"{name[: MAX_NAME_CHARS - 1]}…"


_encode: Final = msgspec.json.encode
NO_FACTS: Final = Facts({})
