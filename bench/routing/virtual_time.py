"""An event loop whose time passes at once.

Where a real loop would wait for its next timer, this one only moves its clock there. So half an hour of requests is
over in seconds, and every run with the same seed is the same to the last microsecond.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Never(selectors.SelectSelector):
    """A selector that does not wait: it tells the loop how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits for something that will never happen")
        if timeout > 0:
            self.now_s += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. Its clock begins at 0."""

    def __init__(self) -> None:
        self._clock = _Never()
        super().__init__(self._clock)

    def time(self) -> float:
        """Return the seconds that have passed, by its own clock."""
        return self._clock.now_s


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main` to its end in virtual time, and return what it returns.

    Raises:
        RuntimeError: it waits for something that will never happen.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
