"""What every dialect offers: peek at a request, prepare it, relay the answer, tell an error.

A dialect is a client's or a provider's wire format for one operation. The gateway holds one object
per dialect and never asks which one it is.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from tokenrouter.dialects.json import RawObject
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Operation, Usage

Fields = dict[str, msgspec.Raw | bytes]
"""Top-level fields on their way to a provider, as JSON."""
AnswerKind = Literal["text", "media", "bytes"]
"""What a whole answer is: JSON that grows with what the model said, JSON with files in it, or no JSON at all."""


class RequestBody(Protocol):
    """A body, split so that single fields of it can be changed."""

    @property
    def fields(self) -> RawObject:
        """Its top-level JSON fields as they were sent; none where it is no JSON."""

    def with_value(self, name: str, value: bytes) -> list[bytes | memoryview]:
        """Return the body in pieces, with `value` (as JSON) in the place of the field `name`, which it has."""

    def changed(self, changes: Mapping[str, msgspec.Raw | bytes]) -> list[bytes | memoryview]:
        """Return the body in pieces, with `changes` (as JSON) in the place of the fields of that name or at the end."""

    def without(self, names: Collection[str]) -> "RequestBody":
        """Return the body without the fields of those `names`."""


@dataclass(slots=True)
class Head:
    """What the road needs to know of a request body.

    Attributes:
        body: its top-level fields as they were sent.
        max_output_tokens: the client's own bound, or None.
        wants_usage: whether the client asked for a usage report in its stream (True for whole answers).
        answers: how many alternatives are asked for (`n`).
        size: bytes of the body, as far as it is text; a file counts as the text of as many tokens.
        answer: what a whole answer will be.
        headers: header lines that the provider needs to read this body, where the lane's head does not have them.
        least_output_tokens: what is to be held for the answer at least.
        unheard: wishes of the request that cannot be kept, by their fields.
        least_bound: the least bound on the answer that its provider takes with what else is asked for.
    """

    body: RequestBody
    model: str
    stream: bool
    max_output_tokens: int | None
    wants_usage: bool
    answers: int
    size: int
    answer: AnswerKind = "text"
    headers: bytes = b""
    least_output_tokens: int = 0
    least_bound: int = 1
    unheard: tuple[str, ...] = ()


class StreamReading(Protocol):
    """How to read one dialect's stream without decoding each event."""

    @property
    def content(self) -> re.Pattern[bytes]:
        """Group 1 of each match is text that the model produced, still JSON-escaped."""

    @property
    def usage_mark(self) -> bytes:
        """What an event that reports usage surely holds, such as `"usage"` in its quotes."""

    def starts_content(self, events: bytes) -> bool:
        """Whether `events` hold more than the frames that only say a stream has begun."""

    def ends(self, events: bytes) -> bool:
        """Whether `events` hold the dialect's last event."""

    def closing(self, last_events: bytes) -> bytes | None:
        """Return what is missing at the end of a stream that stopped after `last_events`, or None if it was cut."""

    def cut(self, begun: bytes, last: bytes, usage: Usage, *, tells_usage: bool, answers: int) -> bytes:
        """Return the events that end a stream here as if its answer's bound had been reached.

        `begun` are the events with which it began, `last` those that were passed on last; `usage` is what is charged.
        """

    def usage(self, payload: bytes, before: Usage | None) -> Usage | None:
        """Return the usage that one event's JSON reports, if it does.

        `before` is what earlier events reported; some dialects tell the input first and the output later.
        """

    def is_only_usage(self, payload: bytes) -> bool:
        """Whether the event exists just to report usage, so that it goes when the client did not ask."""

    def is_error(self, payload: bytes) -> bool:
        """Whether the event is the dialect's error event."""


class Dialect(Protocol):
    """One wire format of one operation."""

    @property
    def name(self) -> str:
        """Stable, part of the API; its codec of conversations has the same."""

    @property
    def operation(self) -> Operation:
        """What it asks for."""

    @property
    def reading(self) -> StreamReading:
        """How its streams are read."""

    @property
    def id_header(self) -> bytes:
        """Where its clients look for the id of their request."""

    @property
    def forwarded(self) -> tuple[bytes, ...]:
        """Headers of the client's that change what the provider does and say nothing about who asks."""

    @property
    def default_headers(self) -> Mapping[bytes, bytes]:
        """What a provider of this dialect demands of them where the client left it out."""

    @property
    def keep_alive(self) -> bytes:
        """What may be sent in a silent stream without meaning anything; empty where there is nothing such."""

    def peek(self, body: bytes, model: str | None = None, stream: bool | None = None) -> Head:
        """Return what the road needs of `body`; `model` and `stream` are from the path where a dialect has them there.

        Raises:
            InvalidRequest: not JSON, no model, or a field of the wrong type; the error names it.
        """

    def model_field(self, model: str) -> bytes | None:
        """Return the value of the request's `model` field, or None in dialects that have it in the path."""

    def asking_usage(self, head: Head) -> Fields:
        """Return the request fields that make a provider report usage in its stream."""

    def bounding_output(self, head: Head, max_output_tokens: int) -> Fields:
        """Return the request fields that bound the answer."""

    def whole_usage(self, body: bytes) -> Usage | None:
        """Return the usage that a whole answer reports.

        Raises:
            ProviderProtocolError: it is not JSON.
        """

    def usage_at_end(self, tail: bytes) -> Usage | None:
        """Return the usage that the last part of a very long answer reports."""

    def content_bytes(self, body: bytes) -> int:
        """Return how many bytes of model output a whole answer holds, for an estimate where no usage is reported."""

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        """Return the body of an HTTP error answer."""

    def error_event(self, error: GatewayError, request_id: str, told: bytes = b"") -> bytes:
        """Return the event that ends a stream which has already begun.

        `told`: its first and its last events, where any went out: a dialect may want its end to fit to them.
        """
