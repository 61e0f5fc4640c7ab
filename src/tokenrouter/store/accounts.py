"""What a person signs in by: e-mail and password, or an account at an identity provider.

Changing what opens an account ends the account's sessions in the same transaction, so nobody stays in by a password
that is no more. Hashes never leave here but to be compared, and never get into the audit log.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from tokenrouter.domain.people import Membership, User
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.password_links import find_password_link, use_up_links
from tokenrouter.store.schema import tr_members, tr_users
from tokenrouter.store.sessions import SessionOwner, end_sessions_in

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
        return Account(
            _find(connection, columns.email == email.strip().lower()), connection.execute(imported).first() is not None
        )


def user_with_id(connection: Connection, user_id: str) -> User | None:
    """Return the person with this id."""
    return _find(connection, tr_users.c.id == user_id)


def user_of_identity(connection: Connection, issuer: str, subject: str) -> User | None:
    """Return the person who signs in with this account of an identity provider."""
    if not issuer or not subject:
        return None
    return _find(connection, (tr_users.c.oidc_issuer == issuer) & (tr_users.c.oidc_subject == subject))


def memberships_of(connection: Connection, user_name: str) -> tuple[Membership, ...]:
    """Return the teams that a person is in."""
    columns = tr_members.c
    rows = connection.execute(select(tr_members).where(columns.user == user_name).order_by(columns.team)).mappings()
    return tuple(Membership(**row) for row in rows)


def signed_in(store: Store, user: User, *, now_s: float, new_hash: str = "") -> None:
    """Note that a person has signed in; `new_hash` replaces the hash of the same password, made another way."""
    values: dict[str, Any] = {"signed_in_at_s": now_s}
    columns = tr_users.c
    with store.write() as connection:
        connection.execute(update(tr_users).where(columns.id == user.id).values(values))
        if new_hash:
            same = (columns.id == user.id, columns.password_hash == user.password_hash)
            connection.execute(update(tr_users).where(*same).values(password_hash=new_hash))


def set_password(store: Store, user: User, password_hash: str, *, but: str = "") -> None:
    """Give a person another password; every session but the one with the id `but` ends, and every link."""
    with store.write() as connection:
        _set_password(store, connection, user, password_hash, but=but)


def use_password_link(store: Store, token: str, password_hash: str, *, now_s: float) -> User | None:
    """Use a link up and set the password; None when the link is not good, or the person is gone or disabled."""
    with store.write() as connection:
        link = find_password_link(connection, token, now_s=now_s)
        user = user_with_id(connection, link.user_id) if link is not None else None
        if user is None or not user.enabled:
            return None
        _set_password(store, connection, user, password_hash)
    return user


def link_identity(store: Store, connection: Connection, user: User, issuer: str, subject: str) -> None:
    """Let a person sign in with an account of an identity provider; invitations are used up."""
    who = {"oidc_issuer": issuer, "oidc_subject": subject}
    connection.execute(update(tr_users).where(tr_users.c.id == user.id).values(who))
    use_up_links(connection, user.id)
    before = {"oidc_issuer": user.oidc_issuer, "oidc_subject": user.oidc_subject}
    note(store, connection, "user.link", ("user", user.id, user.name), before, who)


def insert_account(store: Store, connection: Connection, user: User, memberships: tuple[Membership, ...]) -> None:
    """Keep a new person, in these teams; the caller has seen that neither name nor e-mail address is taken."""
    row = {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "enabled": user.enabled,
        "comment": user.comment,
        "password_hash": user.password_hash,
        "oidc_issuer": user.oidc_issuer,
        "oidc_subject": user.oidc_subject,
        "created_at_s": user.created_at_s,
    }
    connection.execute(insert(tr_users).values(row))
    for one in memberships:
        values = {"team": one.team, "user": one.user, "admin": one.admin, "given_by": one.given_by}
        connection.execute(insert(tr_members).values(values))
    shown = {"email": user.email, "role": user.role, "teams": [one.team for one in memberships]}
    note(store, connection, "user.create", ("user", user.id, user.name), None, shown)
    raise_catalog_version(connection)


def replace_rights(
    store: Store, connection: Connection, user: User, role: str, given_by: str, wanted: tuple[Membership, ...]
) -> bool:
    """Give a person the role and the teams that `given_by` decides, and leave teams that others gave; False when all is
    so already.
    """
    before = memberships_of(connection, user.name)
    others = {one.team for one in before if one.given_by != given_by}
    ours = {one for one in before if one.given_by == given_by}
    fresh = {one for one in wanted if one.team not in others}
    if ours == fresh and role == user.role:
        return False
    connection.execute(delete(tr_members).where(tr_members.c.user == user.name, tr_members.c.given_by == given_by))
    for one in sorted(fresh, key=lambda one: one.team):
        connection.execute(insert(tr_members).values(team=one.team, user=user.name, admin=one.admin, given_by=given_by))
    connection.execute(update(tr_users).where(tr_users.c.id == user.id).values(role=role))
    old, new = (
        {"role": said, "teams": {one.team: "admin" if one.admin else "member" for one in sorted(teams, key=str)}}
        for said, teams in ((user.role, ours), (role, fresh))
    )
    note(store, connection, "user.change", ("user", user.id, user.name), old, new)
    raise_catalog_version(connection)
    return True


def _set_password(store: Store, connection: Connection, user: User, password_hash: str, *, but: str = "") -> None:
    connection.execute(update(tr_users).where(tr_users.c.id == user.id).values(password_hash=password_hash))
    use_up_links(connection, user.id)
    end_sessions_in(store, connection, SessionOwner("person", user.id), but=but)
    had = {"password": "set" if user.password_hash else ""}
    note(store, connection, "user.password", ("user", user.id, user.name), had, {"password": "set anew"})


def _find(connection: Connection, condition: Any) -> User | None:
    row = connection.execute(select(tr_users).where(condition)).mappings().first()
    return None if row is None else _user(row)


def _user(row: RowMapping) -> User:
    return User(**{name: row[name] for name in tr_users.c.keys()})  # noqa: SIM118 - names, not columns
