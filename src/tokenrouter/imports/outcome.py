"""What an import is written into, and what came of it."""

from dataclasses import dataclass, field

from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.settings import Settings
from tokenrouter.imports.found import LeftBehind, SourceKind


class ImportConflicts(Exception):
    """Names that are taken by something else; nothing was written."""

    def __init__(self, conflicts: tuple[LeftBehind, ...]) -> None:
        super().__init__("; ".join(f"{one.what}: {one.why}" for one in conflicts))
        self.conflicts = conflicts


@dataclass(frozen=True, slots=True)
class Installation:
    """What is imported into: the declared configuration, and what hashes short keys and wraps secrets."""

    settings: Settings
    pepper: bytes = field(repr=False)
    ring: KeyRing = field(repr=False)


@dataclass(slots=True)
class Outcome:
    """What an import did, or a dry run would do.

    Attributes:
        added, present: how many of each kind (`teams`, `keys`, …) are new, and were there already.
    """

    kind: SourceKind
    added: dict[str, int] = field(default_factory=dict)
    present: dict[str, int] = field(default_factory=dict)
    left_behind: list[LeftBehind] = field(default_factory=list)
    conflicts: list[LeftBehind] = field(default_factory=list)

    def count(self, what: str, *, is_new: bool, number: int = 1) -> None:
        """Count one more, or `number`."""
        counts = self.added if is_new else self.present
        counts[what] = counts.get(what, 0) + number
