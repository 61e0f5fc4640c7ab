"""What was found in another gateway's configuration and database, in our terms and not written anywhere yet.

Every source is read into this one value, so that names, conflicts, dry runs and reports are the same for all of them,
and a source's reader knows nothing of our tables. Whatever a reader cannot carry it says in `left_behind`, in words for
the operator: an import that is silent about what is missing would be found out by a user.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from tokenrouter.domain.aliases import Alias
from tokenrouter.domain.catalog import Provider, Role
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.people import PersonRole

SourceKind = Literal["tokenrouter-go", "llm-proxy", "classroom", "tokentracer", "litellm", "one-api"]
SOURCE_KINDS: Final[tuple[SourceKind, ...]] = (
    "tokenrouter-go",
    "llm-proxy",
    "classroom",
    "tokentracer",
    "litellm",
    "one-api",
)


class SourceUnreadable(Exception):
    """The source cannot be read, is not what it was said to be, or is larger than anything that is imported."""


@dataclass(frozen=True, slots=True)
class FoundTeam:
    """A team; fields as in `domain.people.Team`."""

    name: str
    enabled: bool = True
    comment: str = ""
    allowed_models: tuple[str, ...] = ()
    created_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class FoundUser:
    """A person; fields as in `domain.people.User`.

    Attributes:
        teams: whose member the person is.
        leads: those of `teams` that the person administers.
    """

    name: str
    email: str | None = None
    role: PersonRole = "member"
    enabled: bool = True
    comment: str = ""
    password_hash: str = field(default="", repr=False)
    created_at_s: float = 0.0
    teams: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key, in clear or as the SHA-256 of it.

    Attributes:
        secret: the key itself, or None where the source has kept only its digest.
        digest: the SHA-256 of the key where there is no `secret`.
        other_secret: a second form in which clients send the same key, or None.
        parent: the name of the key that answers for it, "" for none.
        allow_unpriced: whether it may use models without a price under a budget, which then does not count them.
    """

    name: str
    secret: str | None = field(default=None, repr=False)
    digest: bytes = field(default=b"", repr=False)
    other_secret: str | None = field(default=None, repr=False)
    role: Role = "inferrer"
    parent: str = ""
    team: str = ""
    user: str = ""
    allowed_models: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()
    created_at_s: float = 0.0
    expires_at_s: float | None = None
    enabled: bool = True
    hint: str = ""
    comment: str = ""
    allow_unpriced: bool = False

    @property
    def id(self) -> str:
        """Our id for it: the same whenever, and from wherever, the same key is imported."""
        return key_id(self.digest or hashlib.sha256((self.secret or "").encode()).digest())


@dataclass(frozen=True, slots=True)
class FoundLimit:
    """A limit, and how much of it was used in the window that was running there.

    `window_started_s` is seconds since the epoch, None where the window is ours to begin.
    """

    limit: Limit
    used: int = 0
    window_started_s: float | None = None


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """Something that was not carried, and why, with what to do instead where there is anything."""

    what: str
    why: str


def _no_history() -> Iterable[LedgerEntry]:
    return ()


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that a source holds.

    Attributes:
        providers: with their secrets in clear; `origin` is of no account.
        prices: by `provider/model`, as the operator of the source had set them, in the words of `[[prices]]`.
        history: yields the ledger rows, as often as it is called; the source must still be open.
        history_name: what is noted with the newest time that was imported, for histories in which the same use appears
            again in other rows; "" where a row is itself for ever.
    """

    kind: SourceKind
    teams: tuple[FoundTeam, ...] = ()
    users: tuple[FoundUser, ...] = ()
    keys: tuple[FoundKey, ...] = ()
    limits: tuple[FoundLimit, ...] = ()
    providers: tuple[Provider, ...] = ()
    default_provider: str = ""
    aliases: tuple[Alias, ...] = ()
    active_profile: str = ""
    prices: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: Callable[[], Iterable[LedgerEntry]] = _no_history
    history_name: str = ""
    left_behind: tuple[LeftBehind, ...] = ()

    def leaving(self, *more: LeftBehind) -> "Found":
        """Return the same with `more` left behind."""
        return replace(self, left_behind=(*self.left_behind, *more))


def key_id(digest: bytes) -> str:
    """Return our id of a key that is imported; `digest` is the SHA-256 of it, also where it is a short one."""
    return "key_" + hashlib.sha256(b"imported key " + digest).hexdigest()[:16]


def row_id(started_us: int, *identity: object) -> str:
    """Return the id of a ledger row: in the form of a UUIDv7, so that rows sort by time, and always the same.

    `identity` is whatever tells the row from all others, be it of another installation of the same program.
    """
    said = hashlib.sha256("\0".join(map(str, identity)).encode()).digest()
    milliseconds = (max(started_us, 0) // 1000) & (1 << 48) - 1
    number = milliseconds << 80 | 7 << 76 | (int.from_bytes(said[:10], "big") & (1 << 76) - 1)
    number = number & ~(3 << 62) | 2 << 62
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
