"""An answer on its way to a client that is told one thing more in its head."""

from tokenrouter.gateway.passing import Passing
from tokenrouter.gateway.ports import Responder


class Labelled(Passing):
    """The client's side of one answer, with a header line more; see `ports.Responder`."""

    __slots__ = ("_line",)

    def __init__(self, inner: Responder, line: bytes) -> None:
        """`line` is a header line, ended by CRLF."""
        super().__init__(inner)
        self._line = line

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        self._inner.answer(status, headers + self._line, body)

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        self._inner.start(status, headers + self._line, length)
