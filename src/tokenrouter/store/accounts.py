"""What a person signs in by: e-mail and password, or an account at an identity provider.

Changing what opens an account ends the account's sessions in the same transaction, so nobody stays in by a password
that is no more. Hashes never leave here but to be compared, and never get into the audit log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, update

from tokenrouter.domain.people import Membership, PersonRole, User
from tokenrouter.store.engine import Store
from tokenrouter.store.password_links import find_password_link, use_up_links
from tokenrouter.store.schema import tr_members, tr_users
from tokenrouter.store.sessions import SessionOwner, end_sessions_in
from tokenrouter.store.teams import set_member, unset_member
from tokenrouter.store.users import UserChanges, change_user

_IMPORTED: Final = "$2%"


@dataclass(frozen=True, slots=True)
class Account:
    """A person as a sign-in finds them. `some_are_imported`: whether anybody's hash is a predecessor's."""

    user: User | None
    some_are_imported: bool = False


def account_of(store: Store, email: str) -> Account:
    """Return the person of an e-mail address, in whatever case it is typed."""
    columns = tr_users.c
    with store.read() as connection:
        imported = select(columns.id).where(columns.password_hash.like(_IMPORTED)).limit(1)
        return Account(user_with_email(connection, email), connection.execute(imported).first() is not None)


def user_with_email(connection: Connection, email: str) -> User | None:
    """Return the person of an e-mail address, in whatever case it is typed."""
    address = email.strip().lower().replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    row = connection.execute(select(tr_users).where(tr_users.c.email == address)).mappings().first()
    return None if row is None else User(**row)


def user_with_id(connection: Connection, user_id: str) -> User | None:
    """Return the person with this id."""
    row = connection.execute(select(tr_users).where(tr_users.c.id == user_id)).mappings().first()
    return None if row is None else User(**row)


def replace_hash(store: Store, user: User, new_hash: str) -> None:
    """Keep the same password under a hash that was made another way, unless it was changed meanwhile."""
    same = (tr_users.c.id == user.id, tr_users.c.password_hash == user.password_hash)
    with store.write() as connection:
        connection.execute(update(tr_users).where(*same).values(password_hash=new_hash))


def set_password(store: Store, user: User, password_hash: str, *, but: str = "") -> None:
    """Give a person another password; every session but the one with the id `but` ends, and every link."""
    with store.write() as connection:
        set_password_in(store, connection, user, password_hash, but=but)


def set_password_in(store: Store, connection: Connection, user: User, password_hash: str, *, but: str = "") -> None:
    """Do so in a transaction of `store.write()` that does more."""
    change_user(store, connection, user.id, UserChanges(password_hash=password_hash))
    use_up_links(connection, user.id)
    end_sessions_in(store, connection, SessionOwner("person", user.id), but=but)


def use_password_link(store: Store, token: str, password_hash: str, *, now_s: float) -> User | None:
    """Use a link up and set the password; None when the link is not good, or the person is gone or disabled."""
    with store.write() as connection:
        link = find_password_link(connection, token, now_s=now_s)
        user = user_with_id(connection, link.user_id) if link is not None else None
        if user is None or not user.enabled:
            return None
        set_password_in(store, connection, user, password_hash)
    return user


def link_identity(store: Store, connection: Connection, user: User, issuer: str, subject: str) -> User:
    """Let a person sign in with an account of an identity provider; invitations are used up."""
    use_up_links(connection, user.id)
    return change_user(store, connection, user.id, UserChanges(oidc_issuer=issuer, oidc_subject=subject))


def replace_rights(
    store: Store, connection: Connection, user: User, role: PersonRole, given_by: str, wanted: Iterable[Membership]
) -> User:
    """Give a person a role, and the teams that `given_by` decides; teams that others gave stay as they are."""
    rows = connection.execute(select(tr_members).where(tr_members.c.user == user.name)).mappings()
    before = [Membership(**row) for row in rows]
    others = {one.team for one in before if one.given_by != given_by}
    fresh = {one.team: one for one in wanted if one.team not in others}
    for one in before:
        if one.given_by == given_by and one.team not in fresh:
            unset_member(store, connection, one.team, user.name)
    for one in fresh.values():
        if one not in before:
            set_member(store, connection, one)
    return user if role == user.role else change_user(store, connection, user.id, UserChanges(role=role))
