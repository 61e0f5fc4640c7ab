"""An answer on its way to a client that is told one thing more in its head."""

from tokenrouter.gateway.ports import Flow, Responder


class Labelled:
    """The client's side of one answer, with a header line more; see `ports.Responder`."""

    __slots__ = ("_inner", "_line")

    def __init__(self, inner: Responder, line: bytes) -> None:
        """`line` is a header line, ended by CRLF."""
        self._inner = inner
        self._line = line

    @property
    def started(self) -> bool:
        return self._inner.started

    @property
    def flow(self) -> Flow | None:
        return self._inner.flow

    @flow.setter
    def flow(self, flow: Flow | None) -> None:
        self._inner.flow = flow

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        self._inner.answer(status, headers + self._line, body)

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        self._inner.start(status, headers + self._line, length)

    def write(self, data: bytes) -> None:
        self._inner.write(data)

    def finish(self) -> None:
        self._inner.finish()
