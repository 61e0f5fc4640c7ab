"""The client's side where nobody waits any more: the client has left, or another answer was faster."""

from tokenrouter.gateway.ports import Flow


class Nobody:
    """Takes everything and sends nothing."""

    started = True
    flow: Flow | None = None

    def answer(self, status: int, headers: bytes, body: bytes) -> None: ...

    def start(self, status: int, headers: bytes, length: int | None) -> None: ...

    def write(self, data: bytes) -> None: ...

    def finish(self) -> None: ...
