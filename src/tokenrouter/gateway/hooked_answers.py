"""An answer on its way through hooks: what it holds is read, shown, and written again where it was changed."""

from typing import Final

from tokenrouter.dialects.answer_texts import READINGS, OpenText, StreamTexts, with_texts_seen
from tokenrouter.dialects.gemini.array import ArrayFraming
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import Operation
from tokenrouter.gateway.passing import Passing
from tokenrouter.gateway.ports import Responder

MAX_WHOLE_BYTES: Final = 64 * 2**20
"""Longest whole answer that is held to be looked into; some pictures in base64 fit."""
_STREAM: Final = b"text/event-stream"


class HookedAnswer(Passing):
    """Takes an answer from the road, and gives it to the client as its hooks leave it; see `ports.Responder`.

    Errors pass as they are: what the client is told by us or by the provider is not the model's.
    """

    __slots__ = ("_array", "_begun", "_headers", "_held", "_open_text", "_operation", "_stream")

    def __init__(
        self,
        inner: Responder,
        operation: Operation,
        open_text: OpenText | None,
        *,
        headers: bytes = b"",
        is_array: bool = False,
    ) -> None:
        """`headers` are added to the answer's; `is_array`: the client wants a stream as a JSON array."""
        super().__init__(inner)
        self._operation = operation
        self._open_text = open_text
        self._headers = headers
        self._array = ArrayFraming() if is_array else None
        self._stream: StreamTexts | None = None
        self._begun: tuple[int, bytes] | None = None
        self._held = bytearray()

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        if self._open_text is not None and _is_json(status, headers):
            body = with_texts_seen(body, self._open_text)
        self._inner.answer(status, headers + self._headers, body)

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        """Begin an answer in pieces; a long one that is no stream is held, since its texts may be anywhere."""
        headers += self._headers
        if self._open_text is None:
            self._inner.start(status, headers, length)
        elif _STREAM in headers and self._operation in READINGS:
            self._stream = StreamTexts(READINGS[self._operation], self._open_text)
            if self._array is not None:
                headers = headers.replace(_STREAM, b"application/json")
            self._inner.start(status, headers, None)
        elif _is_json(status, headers):
            self._begun = status, headers
        else:
            self._inner.start(status, headers, length)

    def write(self, data: bytes) -> None:
        if self._begun is not None:
            self._hold(data)
        elif self._stream is not None:
            self._write(self._seen(self._stream, data))
        else:
            self._write(data)

    def finish(self) -> None:
        if self._begun is not None and self._open_text is not None:
            status, headers = self._begun
            self._inner.answer(status, headers, with_texts_seen(bytes(self._held), self._open_text))
            return
        if self._stream is not None:
            stream, self._stream = self._stream, None
            self._write(stream.close())
        if self._array is not None and self._inner.started:
            self._inner.write(self._array.close())
        self._inner.finish()

    def _seen(self, stream: StreamTexts, data: bytes) -> bytes:
        """Return what goes out of `data`; when a hook ends the answer, what comes after is the end that we write."""
        try:
            return stream.feed(data)
        except BaseException:
            self._stream = None
            raise

    def _write(self, data: bytes) -> None:
        if self._array is not None:
            data = self._array.feed(data)
        if data:
            self._inner.write(data)

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > MAX_WHOLE_BYTES:
            raise ProviderProtocolError(
                f"The answer has more than {MAX_WHOLE_BYTES} bytes, too much to look into.", provider=""
            )


def _is_json(status: int, headers: bytes) -> bool:
    return status < 300 and b"application/json" in headers
