"""Running one request's coroutine without a task of its own.

An `asyncio.Task` starts in the loop's next turn and is woken in a turn after the one that had the news.
An eager task begins in the call that starts it and goes on in the call that wakes it (see
`upstream.wakeup`), so a short request takes as few turns of the loop as it has network reads. It may
await anything that asyncio can; only `asyncio.timeout` needs a real task around it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class EagerTask:
    """Drives one coroutine to its end."""

    __slots__ = ("_cancelled", "_coroutine", "_on_end", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], on_end: Callable[[Exception | None], None]) -> None:
        """`on_end` is called once, with what the coroutine raised; cancellation just ends it."""
        self._coroutine = coroutine
        self._on_end = on_end
        self._waits_for: Any = None
        self._cancelled: object = None

    def start(self) -> None:
        """Run until the coroutine first has to wait."""
        self._step()

    def cancel(self, reason: str) -> None:
        """Raise `CancelledError(reason)` where the coroutine waits, or will wait next."""
        if self._waits_for is None or not self._waits_for.cancel(reason):
            self._cancelled = reason

    def _step(self, _: Any = None) -> None:
        """Go on until the next wait; also what is called when that is over."""
        self._waits_for = None
        try:
            awaited = self._coroutine.send(None)
        except (StopIteration, asyncio.CancelledError):
            self._on_end(None)
        except Exception as error:  # noqa: BLE001 - whoever started it is told
            self._on_end(error)
        else:
            if awaited is None:
                asyncio.get_running_loop().call_soon(self._step)
                return
            awaited._asyncio_future_blocking = False
            self._waits_for = awaited
            awaited.add_done_callback(self._step)
            if self._cancelled is not None:
                reason, self._cancelled = self._cancelled, None
                awaited.cancel(reason)
