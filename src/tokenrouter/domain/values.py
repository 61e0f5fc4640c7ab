"""Values that are made by the hundred for each request: frozen for whoever writes code, quick to make when it runs.

A frozen dataclass sets each field through a call of `object.__setattr__`: a `Text` takes 1.3 µs instead of 0.35, and
the values of one translated request a quarter of its time (Python 3.11, `python -m bench.translation`). So it is mypy
that refuses to change them, everywhere in this project, and at run time they are plain slots. What crosses less often
than conversations do is an ordinary frozen dataclass.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, slots: bool):
        """Return a decorator that makes dataclasses with the equality and the hash of frozen ones."""
        return dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["value"]
