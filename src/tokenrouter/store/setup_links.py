"""Single-use links that make the owner's account, or an administrator's key.

Whoever can read the server's terminal may set it up; nobody else. A link is random, kept as a digest,
good for half an hour and for one use.
"""

import hashlib
import secrets
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from tokenrouter.store.audit import note
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_setup_links

LINK_LIFETIME_S: Final = 30 * 60.0
SETUP_PATH: Final = "/admin/setup"


def create_setup_link(store: Store, *, now_s: float) -> str:
    """Return the path and query of a new link, to be put behind the server's address."""
    token = secrets.token_urlsafe(32)
    with store.write() as connection:
        connection.execute(delete(tr_setup_links).where(tr_setup_links.c.expires_at_s <= now_s))
        connection.execute(
            insert(tr_setup_links).values(token_digest=_digest(token), expires_at_s=now_s + LINK_LIFETIME_S)
        )
        note(store, connection, "setup-link.create", ("setup-link", "", ""))
    return f"{SETUP_PATH}?token={token}"


def use_setup_token(store: Store, token: str, *, now_s: float) -> bool:
    """Use `token` up; False when it is unknown, too old, or used already."""
    with store.write() as connection:
        return use_setup_token_in(connection, token, now_s=now_s)


def use_setup_token_in(connection: Connection, token: str, *, now_s: float) -> bool:
    """Do so in a transaction that makes what the link is for."""
    used = update(tr_setup_links).where(*_is_good(token, now_s)).values(used_at_s=now_s)
    return connection.execute(used).rowcount == 1


def is_good_setup_token(store: Store, token: str, *, now_s: float) -> bool:
    """Whether `token` could be used up now."""
    with store.read() as connection:
        good = select(tr_setup_links.c.token_digest).where(*_is_good(token, now_s))
        return connection.execute(good).first() is not None


def _is_good(token: str, now_s: float) -> tuple[ColumnElement[bool], ...]:
    links = tr_setup_links.c
    return links.token_digest == _digest(token), links.used_at_s.is_(None), links.expires_at_s > now_s


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
