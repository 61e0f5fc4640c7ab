"""Server-sent events for a reader that needs every payload: bytes in, `data` out, no I/O.

Framing is WHATWG HTML 9.2.6. Unlike `sse.EventCutter`, which passes bytes on and may let a long event
through in pieces, this holds each event until it is whole, so the bound is as large as the largest thing
that models answer with (pictures, in base64).
"""

from typing import Final

from tokenrouter.domain.errors import ProviderProtocolError

MAX_EVENT_BYTES: Final = 32 * 2**20
"""Most bytes of one unfinished event; a 20 MiB picture fits, in base64."""

_LEAD: Final = b"data: "


class EventPayloads:
    """Turns the chunks of one body into the payloads of its events, comments and names left out."""

    __slots__ = ("_held", "_provider", "_seen")

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._held = bytearray()
        self._seen = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the payloads that `chunk` completes, oldest first.

        Raises:
            ProviderProtocolError: an event grew past `MAX_EVENT_BYTES`.
        """
        if not self._held:
            if chunk.endswith(b"\r\n\r\n"):
                return _payloads(chunk.replace(b"\r\n", b"\n"))
            if chunk.endswith(b"\n\n") and b"\r" not in chunk:
                return _payloads(chunk)
        self._held += chunk
        if len(self._held) > MAX_EVENT_BYTES:
            raise ProviderProtocolError(
                f"Provider {self._provider!r} sent an event of more than {MAX_EVENT_BYTES} bytes.",
                provider=self._provider,
            )
        end = self._end()
        if end == 0:
            return []
        text = bytes(self._held[:end])
        del self._held[:end]
        self._seen = 0
        return _payloads(text.replace(b"\r\n", b"\n") if b"\r" in text else text)

    def close(self) -> list[bytes]:
        """Return the payload of a last event that has no blank line after it."""
        text, self._held = bytes(self._held), bytearray()
        return _payloads(text.replace(b"\r\n", b"\n"))

    def _end(self) -> int:
        """Return the index after the last blank line, looking only at what no earlier look has seen."""
        start = max(0, self._seen - 3)
        self._seen = len(self._held)
        return max(_after(self._held, b"\n\n", start), _after(self._held, b"\n\r\n", start))


def _after(text: bytearray, blank: bytes, start: int) -> int:
    at = text.rfind(blank, start)
    return 0 if at < 0 else at + len(blank)


def _payloads(text: bytes) -> list[bytes]:
    payloads = []
    for event in text.split(b"\n\n"):
        if event.startswith(_LEAD) and b"\n" not in event:
            payloads.append(event[6:])
        elif event and (payload := _data_lines(event)):
            payloads.append(payload)
    return payloads


def _data_lines(event: bytes) -> bytes:
    lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(lines)
