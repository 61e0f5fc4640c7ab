"""Gemini's other stream: one JSON array instead of server-sent events, for clients that do not ask for `alt=sse`.

Providers are always asked for events, because an array cannot be told apart until it ends. For such clients each
event's payload becomes an element as it comes (as Google sends them, seen 2026-11).
"""

from typing import Final

from tokenrouter.dialects.event_payloads import EventPayloads

CONTENT_TYPE: Final = b"application/json; charset=UTF-8"


class ArrayFraming:
    """Turns one stream's events into the elements of an array, however they are cut."""

    __slots__ = ("_lead", "_payloads")

    def __init__(self, provider: str = "") -> None:
        self._payloads = EventPayloads(provider)
        self._lead = b"["

    def feed(self, events: bytes) -> bytes:
        """Return the elements that `events` complete.

        Raises:
            ProviderProtocolError: an event is larger than any answer.
        """
        return self._framed(self._payloads.feed(events))

    def close(self) -> bytes:
        """Return the end of the array; an answer without any event is an empty one."""
        last = self._framed(self._payloads.close())
        return last + (b"[]" if self._lead == b"[" else b"]")

    def _framed(self, payloads: list[bytes]) -> bytes:
        out = []
        for payload in payloads:
            out.append(b"%b%b\n" % (self._lead, payload))
            self._lead = b",\r\n"
        return b"".join(out)
