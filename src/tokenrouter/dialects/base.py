"""What every dialect offers: peek at a request, prepare it, relay the answer, tell an error.

A dialect is a client's or a provider's wire format for one operation. The gateway holds one object
per dialect and never asks which one it is.
"""

import re
from dataclasses import dataclass
from typing import Protocol

import msgspec

from tokenrouter.dialects.json import JsonObject
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Operation, Usage

Fields = dict[str, msgspec.Raw | bytes]
"""Top-level fields on their way to a provider, as JSON."""


@dataclass(slots=True)
class Head:
    """What the road needs to know of a request body.

    Attributes:
        body: its top-level fields as they were sent.
        max_output_tokens: the client's own bound, or None.
        wants_usage: whether the client asked for a usage report in its stream (True for whole answers).
        answers: how many alternatives are asked for (`n`).
        size: bytes of the body.
    """

    body: JsonObject
    model: str
    stream: bool
    max_output_tokens: int | None
    wants_usage: bool
    answers: int
    size: int


class StreamReading(Protocol):
    """How to read one dialect's stream without decoding each event."""

    content: re.Pattern[bytes]
    """Group 1 of each match is text that the model produced, still JSON-escaped."""

    def starts_content(self, events: bytes) -> bool:
        """Whether `events` hold more than the frames that only say a stream has begun."""

    def ends(self, events: bytes) -> bool:
        """Whether `events` hold the dialect's last event."""

    def closing(self, last_events: bytes) -> bytes | None:
        """Return what is missing at the end of a stream that stopped after `last_events`, or None if it was cut."""

    def usage(self, payload: bytes) -> Usage | None:
        """Return the usage that one event's JSON reports, if it does."""

    def is_only_usage(self, payload: bytes) -> bool:
        """Whether the event exists just to report usage, so that it goes when the client did not ask."""

    def is_error(self, payload: bytes) -> bool:
        """Whether the event is the dialect's error event."""


class Dialect(Protocol):
    """One wire format of one operation."""

    name: str
    operation: Operation
    reading: StreamReading
    keep_alive: bytes
    """What may be sent in a silent stream without meaning anything."""

    def peek(self, body: bytes) -> Head:
        """Return what the road needs of `body`.

        Raises:
            InvalidRequest: not JSON, no model, or a field of the wrong type; the error names it.
        """

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

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """Return the event that ends a stream which has already begun."""
