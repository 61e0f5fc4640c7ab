"""Links with which a person sets a password once: an invitation, or a lost password.

The link is shown to whoever made it and kept as a digest. It is found without being used up, because mail scanners open
links; setting the password uses it up, with every other link of that person, and ends all of their sessions.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, delete, insert, select

from tokenrouter.store.audit import note
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_password_links

LinkKind = Literal["invitation", "reset"]
LIFETIME_S: Final[dict[LinkKind, float]] = {"invitation": 7 * 24 * 3600.0, "reset": 24 * 3600.0}
PASSWORD_PATH: Final = "/admin/password"  # noqa: S105 - a path


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A link that is good now."""

    user_id: str
    kind: LinkKind
    expires_at_s: float


def create_password_link(store: Store, user_id: str, user_name: str, kind: LinkKind, *, now_s: float) -> str:
    """Return the path and query of a new link for a person; those of the same kind before it are good no more."""
    token = secrets.token_urlsafe(32)
    links = tr_password_links
    with store.write() as connection:
        connection.execute(delete(links).where(links.c.expires_at_s <= now_s))
        connection.execute(delete(links).where(links.c.user_id == user_id, links.c.kind == kind))
        expires_at_s = now_s + LIFETIME_S[kind]
        row = {"digest": _digest(token), "user_id": user_id, "kind": kind, "expires_at_s": expires_at_s}
        connection.execute(insert(links).values(row))
        action = "user.invite" if kind == "invitation" else "user.password_link"
        note(store, connection, action, ("user", user_id, user_name), None, {"expires_at_s": expires_at_s})
    return f"{PASSWORD_PATH}?token={token}"


def find_password_link(connection: Connection, token: str, *, now_s: float) -> PasswordLink | None:
    """Return what `token` is good for; None when it is unknown, too old, or used up."""
    links = tr_password_links.c
    query = select(links.user_id, links.kind, links.expires_at_s)
    row = connection.execute(query.where(links.digest == _digest(token), links.expires_at_s > now_s)).first()
    return None if row is None else PasswordLink(row.user_id, row.kind, row.expires_at_s)


def is_invited(connection: Connection, user_id: str, *, now_s: float) -> bool:
    """Whether there is an invitation of this person that is good now."""
    links = tr_password_links.c
    which = (links.user_id == user_id, links.kind == "invitation", links.expires_at_s > now_s)
    return connection.execute(select(links.user_id).where(*which).limit(1)).first() is not None


def use_up_links(connection: Connection, user_id: str) -> None:
    """Make every link of a person good no more."""
    connection.execute(delete(tr_password_links).where(tr_password_links.c.user_id == user_id))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
