"""What the files of a journal are called.

A writer's name begins with the time of its start, so names sort by age; its segments are numbered. Only
`.journal` files hold records; `.spare` and `.reserve` are room that a writer keeps for
itself, `.damaged` is what a person should look at.
"""

from pathlib import Path
from typing import Final

SUFFIX: Final = ".journal"
SPARE_SUFFIX: Final = ".spare"
RESERVE_SUFFIX: Final = ".reserve"
DAMAGED_SUFFIX: Final = ".damaged"


def segment_name(writer: str, number: int) -> str:
    """Return the name of the segment `number` of `writer`."""
    return f"{writer}-{number:06d}{SUFFIX}"


def writer_of(path: Path) -> str:
    """Return the name of the process that wrote `path`; its segments share it."""
    return path.name.removesuffix(SUFFIX).rpartition("-")[0]


def room_of(folder: Path, writer: str) -> tuple[Path, ...]:
    """Return the files in which `writer` keeps room; they may be missing."""
    return tuple(folder / f"{writer}{suffix}" for suffix in (SPARE_SUFFIX, RESERVE_SUFFIX))
