"""Teams and the people in them.

Keys, limits and ledger rows name teams and users by name; these are the subjects behind such names, where somebody
has made them. A name that only a key mentions works as well, and has nothing that could be switched off.
"""

from dataclasses import dataclass
from typing import Final, Literal

PersonRole = Literal["owner", "admin", "member"]
PERSON_ROLES: Final = ("owner", "admin", "member")


@dataclass(frozen=True, slots=True)
class Team:
    """A group that use is charged to, as `team:NAME`.

    Attributes:
        enabled: whether keys of it are good.
        allowed_models: what its keys may use at most, as patterns; empty = all.
        created_at_s: seconds since the epoch.
    """

    id: str
    name: str
    enabled: bool = True
    comment: str = ""
    allowed_models: tuple[str, ...] = ()
    created_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class User:
    """A person, whom use is charged to as `user:NAME`, and who may sign in.

    Attributes:
        email: in lower case, or None; no two have the same.
        role: of all teams; who administers one team is a member whose `Membership` says so.
        enabled: whether the person may sign in and their keys are good.
        password_hash: argon2id, or bcrypt where it was imported; "" for none.
        oidc_issuer, oidc_subject: the account elsewhere that this person signs in with; "" for none.
        signed_in_at_s: when that was last; None for never.
    """

    id: str
    name: str
    email: str | None = None
    role: PersonRole = "member"
    enabled: bool = True
    comment: str = ""
    password_hash: str = ""
    oidc_issuer: str = ""
    oidc_subject: str = ""
    created_at_s: float = 0.0
    signed_in_at_s: float | None = None

    def __repr__(self) -> str:
        return f"User({self.name!r}, {self.role})"


@dataclass(frozen=True, slots=True)
class Membership:
    """That a person is in a team. `given_by` is "" for people's doing, or `oidc:NAME` where groups decide."""

    team: str
    user: str
    admin: bool = False
    given_by: str = ""
