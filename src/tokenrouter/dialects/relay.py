"""A stream on its way from provider to client in one and the same dialect.

The bytes pass through as they are. On the way the relay picks out what the ledger needs (usage, how
much the model said), takes out the usage event that only the gateway asked for, and knows whether the
stream came to its proper end, so that a stream that was cut is never shown as one that succeeded.
"""

from collections.abc import Callable
from typing import Final, Protocol

from tokenrouter.dialects import sse
from tokenrouter.dialects.answer_reading import count_content
from tokenrouter.dialects.base import StreamReading
from tokenrouter.dialects.json import is_object
from tokenrouter.dialects.openai.errors import error_event
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Usage

_NULL_USAGE: Final = (b',"usage":null', b', "usage": null')
_TAIL_BYTES: Final = 64 * 2**10
"""How much of an event too long to hold is kept to find its usage: it stands near the end."""


Tell = Callable[[GatewayError, str, bytes], bytes]
"""Makes an error event: see `Dialect.error_event`."""


class Relay(Protocol):
    """A stream on its way to its client, passed on as it is (`StreamRelay`) or translated.

    Attributes:
        usage: what the provider reported last, or None.
        content_bytes: bytes of model output so far, as JSON text.
        content_started: whether more than frames that announce a stream came.
        ended: whether the dialect's last event has come; it is in what `feed` returned last.
        error_payload: the JSON of the provider's error event, if one came; the client's is in what `feed` returned.
        is_mid_event: whether what `feed` returned last ends within an event, so that nothing may be put after it.
    """

    @property
    def usage(self) -> Usage | None: ...
    @property
    def content_bytes(self) -> int: ...
    @property
    def content_started(self) -> bool: ...
    @property
    def ended(self) -> bool: ...
    @property
    def error_payload(self) -> bytes | None: ...
    @property
    def is_mid_event(self) -> bool: ...

    def feed(self, chunk: bytes) -> bytes:
        """Return what goes to the client now; nothing before the first content.

        Raises:
            ProviderProtocolError: the stream cannot be read.
        """

    def close(self) -> bytes | None:
        """Return what is still to be sent at the provider's end of stream, or None when the stream was cut short."""

    def cut(self, usage: Usage) -> bytes:
        """Return what ends the client's stream here, as if the bound of its answer had been reached."""

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        """Return what ends the client's stream because of `error`: its dialect's own terminal error."""


class StreamRelay:
    """Relays one stream as it is; see `Relay`."""

    __slots__ = (
        "_alternatives",
        "_begun",
        "_cutter",
        "_findall",
        "_is_last",
        "_lead",
        "_previous",
        "_reading",
        "_strip_usage",
        "_tail",
        "_tell",
        "_usage_mark",
        "content_bytes",
        "content_started",
        "ended",
        "error_payload",
        "usage",
    )

    def __init__(
        self, reading: StreamReading, *, strip_usage: bool, tell: Tell = error_event, alternatives: int = 0
    ) -> None:
        """`tell` makes the dialect's error event; `strip_usage`: take out what only the gateway asked for.

        `alternatives`: how many the stream has, if it may be `cut`; else 0.
        """
        self._alternatives = alternatives
        self._begun = b""
        self._reading = reading
        self._tell = tell
        self._findall = reading.content.findall
        self._usage_mark = reading.usage_mark
        self._strip_usage = strip_usage
        self._cutter = sse.EventCutter()
        self._lead = b""
        self._previous = b""
        self._tail = b""
        self._is_last = False
        self.usage: Usage | None = None
        self.content_bytes = 0
        self.content_started = False
        self.ended = False
        self.error_payload: bytes | None = None

    @property
    def is_mid_event(self) -> bool:
        return bool(self._tail)

    def feed(self, chunk: bytes) -> bytes:
        """Return what goes to the client now; nothing before the first content."""
        cutter = self._cutter
        events = chunk if cutter.is_clean and chunk.endswith(b"\n\n") else cutter.feed(chunk)
        if not events:
            return b""
        if cutter.oversize or self._tail:
            return self._pass_oversize(events)
        for text in self._findall(events):
            self.content_bytes += len(text)
        if b'"error"' in events:
            self._look_for_error(events)
        if self._usage_mark in events:
            events = self._without_usage(events)
        if self._reading.ends(events):
            self.ended = True
        self._previous = events
        return events if self.content_started else self._lead_in(events)

    def close(self) -> bytes | None:
        """Return what is still to be sent at the provider's end of stream, or None when the stream was cut short."""
        rest = self.feed(b"\n\n") if _is_whole(self._cutter.pending) else b""
        if self.ended or (rest and self.error_payload is not None):
            return self._lead_out(rest)
        closing = self._reading.closing(self._previous)
        return None if closing is None else self._lead_out(rest + closing)

    def cut(self, usage: Usage) -> bytes:
        events = self._reading.cut(
            self._begun, self._previous, usage, tells_usage=not self._strip_usage, answers=self._alternatives
        )
        return self._lead_out(b"\n\n" + events if self.is_mid_event else events)

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        event = self._tell(error, request_id, (self._begun or self._lead) + self._previous)
        return self._lead_out(b"\n\n" + event if self.is_mid_event else event)

    def _lead_in(self, events: bytes) -> bytes:
        self._lead += events
        if not self._reading.starts_content(events) and not self.ended:
            return b""
        self.content_started = True
        self._begun = self._lead
        return self._lead_out(b"")

    def _lead_out(self, more: bytes) -> bytes:
        lead, self._lead = self._lead, b""
        return lead + more

    def _look_for_error(self, events: bytes) -> None:
        for event in sse.split_events(events):
            payload = sse.payload_of(event)
            if self._reading.is_error(payload):
                self.error_payload = payload

    def _without_usage(self, events: bytes) -> bytes:
        """Take in reported usage; return the events without what only the gateway asked for."""
        telling = _without_null_usage(events)
        if self._strip_usage:
            events = telling
        return self._read_usage(events) if self._usage_mark in telling else events

    def _read_usage(self, events: bytes) -> bytes:
        kept = []
        for event in sse.split_events(events):
            payload = sse.payload_of(event)
            usage = self._reading.usage(payload, self.usage) if self._usage_mark in payload else None
            if usage is not None:
                self.usage = usage
            if not (self._strip_usage and usage is not None and self._reading.is_only_usage(payload)):
                kept.append(event)
        return b"".join(kept)

    def _pass_oversize(self, piece: bytes) -> bytes:
        """Let a piece of a very long event through; look at its beginning and at its end only."""
        if not self._tail:
            self._is_last = self._reading.ends(piece[:_TAIL_BYTES])
        self.content_bytes += count_content(self._reading.content, piece)
        self._tail = (self._tail + piece)[-_TAIL_BYTES:]
        if not self._cutter.oversize:
            self.ended = self._is_last or self._reading.ends(self._tail)
            self.usage = self._reading.usage(self._tail, self.usage) or self.usage
            self._previous, self._tail = self._tail, b""
        if not self.content_started:
            self.content_started = True
            return self._lead_out(piece)
        return piece


def _is_whole(event: bytes) -> bool:
    """Whether an event without its blank line says all it has to: of one that was cut, nobody can read the rest."""
    payload = sse.payload_of(event)
    return payload == b"[DONE]" or is_object(payload)


def _without_null_usage(events: bytes) -> bytes:
    for text in _NULL_USAGE:
        events = events.replace(text, b"")
    return events
