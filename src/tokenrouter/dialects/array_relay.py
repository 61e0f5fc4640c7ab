"""A stream for a client that wants one JSON array instead of events."""

from tokenrouter.dialects.gemini.array import ArrayFraming
from tokenrouter.dialects.relay import StreamRelay
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Usage


class ArrayRelay:
    """Puts what a relay passes on into an array; see `relay.Relay`."""

    __slots__ = ("_framing", "_relay")

    def __init__(self, relay: StreamRelay) -> None:
        self._relay = relay
        self._framing = ArrayFraming()

    @property
    def usage(self) -> Usage | None:
        return self._relay.usage

    @property
    def content_bytes(self) -> int:
        return self._relay.content_bytes

    @property
    def content_started(self) -> bool:
        return self._relay.content_started

    @property
    def ended(self) -> bool:
        return self._relay.ended

    @property
    def error_payload(self) -> bytes | None:
        return self._relay.error_payload

    @property
    def is_mid_event(self) -> bool:
        return self._relay.is_mid_event

    def feed(self, chunk: bytes) -> bytes:
        return self._framing.feed(self._relay.feed(chunk))

    def close(self) -> bytes | None:
        last = self._relay.close()
        return None if last is None else self._framing.feed(last) + self._framing.close()

    def cut(self, usage: Usage) -> bytes:
        return self._framing.feed(self._relay.cut(usage)) + self._framing.close()

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return self._framing.feed(self._relay.fail(error, request_id)) + self._framing.close()
