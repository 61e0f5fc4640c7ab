"""What stands between the road and a client's side of one answer, as far as it is always the same."""

from tokenrouter.gateway.ports import Flow, Responder


class Passing:
    """Passes an answer on as it is; who changes or keeps something of it overrides that part. See `ports.Responder`."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Responder) -> None:
        """`inner` takes what passes."""
        self._inner = inner

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
        self._inner.answer(status, headers, body)

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        self._inner.start(status, headers, length)

    def write(self, data: bytes) -> None:
        self._inner.write(data)

    def finish(self) -> None:
        self._inner.finish()
