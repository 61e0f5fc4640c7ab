"""Letting others have their turn in the middle of long work, without knowing of any event loop."""

from collections.abc import Generator
from types import coroutine


@coroutine
def turn() -> Generator[None, None, None]:
    """Let everything else that waits run first; to be awaited within a task."""
    yield
