"""What a check finds, and what it is given to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from tokenrouter.app.running import RunningServer
    from tokenrouter.config.applied import Applied
    from tokenrouter.config.problems import Problem
    from tokenrouter.config.settings import Paths, Settings

Level = Literal["ok", "note", "warning", "problem"]
LEVELS: Final[tuple[Level, ...]] = ("ok", "note", "warning", "problem")
"""`note`: good to know; `warning`: works, and will not for ever; `problem`: does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what it is, such as `database` or `provider openai`.
        says: what was found.
        do: what to do about it, or "".
        mended: whether it was wrong and has been set right just now.
    """

    level: Level
    subject: str
    says: str
    do: str = ""
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Patient:
    """The installation that is looked at.

    Attributes:
        environ: the running server's environment where it can be seen, else our own.
        settings: None where the configuration is wrong; `problems` says why.
        server: the one that runs here, or None; `applied` is what it, or the last one, has taken in.
        offline: whether nothing outside of this installation is to be asked.
        fix: whether to mend what is safe to mend.
    """

    paths: "Paths"
    environ: Mapping[str, str]
    settings: "Settings | None"
    problems: "tuple[Problem, ...]" = ()
    server: "RunningServer | None" = None
    applied: "Applied | None" = None
    offline: bool = False
    fix: bool = False


def amount(size: int) -> str:
    """Return a size in bytes as people read it: `540 KiB`."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} GiB"
