"""A future that wakes whoever waits in the very call that fulfils it.

An `asyncio.Future` wakes its waiter in the loop's next turn, by way of two queues. Here the network
protocol that has just read an answer resumes the request itself, which costs half as much (measured;
DESIGN.md, "Speed"). A real `asyncio.Task` that waits is woken through the loop, as it must be.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from functools import partial
from typing import Any


class Wakeup:
    """Fulfilled once, awaited by one. Fits where asyncio looks for a future by shape."""

    __slots__ = ("_asyncio_future_blocking", "_callback", "_done", "_error", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._callback: Callable[..., object] | None = None
        self._done = False
        self._error: BaseException | None = None
        self._loop = loop

    def __await__(self) -> Generator[Any, None, None]:
        if not self._done:
            self._asyncio_future_blocking = True
            yield self
        self.result()

    def wake(self, error: BaseException | None = None) -> None:
        """Let the waiter go on, with `error` raised there if there is one; the first call counts."""
        if self._done:
            return
        self._done = True
        self._error = error
        callback, self._callback = self._callback, None
        if callback is not None:
            callback(self)

    # What asyncio and `edge.eager` ask of a future.

    def add_done_callback(self, callback: Callable[..., object], *, context: Context | None = None) -> None:
        """Call `callback` when woken: at once, or through the loop for a task, which brings its context."""
        if context is None:
            self._callback = callback
        else:
            self._callback = partial(self._loop.call_soon, callback, context=context)

    def result(self) -> None:
        """Raise what the waiter is to be told, if anything."""
        if self._error is not None:
            raise self._error

    def cancel(self, msg: object = None) -> bool:
        """Let the waiter be cancelled; False when it was woken before."""
        if self._done:
            return False
        self.wake(asyncio.CancelledError(*([] if msg is None else [msg])))
        return True

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop it belongs to."""
        return self._loop
