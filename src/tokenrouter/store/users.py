"""Users of the database: people who sign in, or only have keys.

A user's name is their identity in keys, limits and the ledger, so it does not change; the e-mail address may. There is
always an owner left once there was one, or nobody could undo what an admin did.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tokenrouter.domain.people import PersonRole, User
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import PersonRefused, UserTaken, UserUnknown
from tokenrouter.store.names import check_comment, check_name, normal_email
from tokenrouter.store.schema import tr_members, tr_sessions, tr_users

ID_PREFIX: Final = "usr_"
Check = Callable[[User], None]


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be made; `password_hash` and the account elsewhere as in `domain.people.User`."""

    name: str
    email: str | None = None
    role: PersonRole = "member"
    comment: str = ""
    password_hash: str = ""
    oidc_issuer: str = ""
    oidc_subject: str = ""


@dataclass(frozen=True, slots=True)
class UserChanges:
    """What of a user is to change; None leaves a field as it is, and "" takes an e-mail address away."""

    email: str | None = None
    role: PersonRole | None = None
    enabled: bool | None = None
    comment: str | None = None
    password_hash: str | None = None
    oidc_issuer: str | None = None
    oidc_subject: str | None = None


def create_user(store: Store, wanted: NewUser, *, now_s: float) -> User:
    """Make a user.

    Raises:
        InvalidField: a field cannot be used as it is.
        UserTaken: another has the name or the e-mail address.
    """
    with store.write() as connection:
        return add_user(store, connection, wanted, now_s=now_s)


def add_user(store: Store, connection: Connection, wanted: NewUser, *, now_s: float) -> User:
    """Make a user in a transaction of `store.write()` that makes more; raises as `create_user`."""
    check_name(wanted.name, "user")
    check_comment(wanted.comment)
    fields = {**asdict(wanted), "email": normal_email(wanted.email) if wanted.email else None}
    user = User(id=ID_PREFIX + secrets.token_hex(8), created_at_s=now_s, **fields)
    _write(connection, user, insert(tr_users).values(asdict(user)))
    raise_catalog_version(connection, keys=())
    note(store, connection, "user.create", _subject(user), None, told(user))
    return user


def list_users(store: Store) -> tuple[User, ...]:
    """Return every user of the database, by name."""
    with store.read() as connection:
        return users_in(connection)


def has_user_in_role(store: Store, roles: Iterable[PersonRole]) -> bool:
    """Whether any user who is enabled has one of these roles."""
    wanted = select(tr_users.c.id).where(tr_users.c.role.in_(list(roles)), tr_users.c.enabled).limit(1)
    with store.read() as connection:
        return connection.execute(wanted).first() is not None


def users_in(connection: Connection) -> tuple[User, ...]:
    """Return every user, by name."""
    return tuple(User(**row) for row in connection.execute(select(tr_users).order_by(tr_users.c.name)).mappings())


def find_user(store: Store, name_or_id: str) -> User:
    """Return the user of this id, or else of this name, or else of this e-mail address.

    Raises:
        UserUnknown
    """
    with store.read() as connection:
        return user_in(connection, name_or_id)


def user_in(connection: Connection, name_or_id: str) -> User:
    """Return the user of this id, or else of this name, or else of this e-mail address.

    Raises:
        UserUnknown
    """
    columns = tr_users.c
    places = ((columns.id, name_or_id), (columns.name, name_or_id), (columns.email, name_or_id.strip().lower()))
    for column, value in places:
        row = connection.execute(select(tr_users).where(column == value)).mappings().first()
        if row is not None:
            return User(**row)
    raise UserUnknown(f"there is no user {name_or_id!r} in the database")


def user_of_account(store: Store, issuer: str, subject: str) -> User | None:
    """Return the user who signs in with this account elsewhere."""
    which = tr_users.c.oidc_issuer == issuer, tr_users.c.oidc_subject == subject
    with store.read() as connection:
        row = connection.execute(select(tr_users).where(*which)).mappings().first()
    return User(**row) if row is not None else None


def update_user(store: Store, name_or_id: str, changes: UserChanges, *, check: Check | None = None) -> User:
    """Change a user and return them as they are now; `check` is asked about them as they were.

    Raises:
        UserUnknown
        InvalidField: a field cannot be used as it is.
        UserTaken: another has the e-mail address.
        PersonRefused: no owner would be left.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        return change_user(store, connection, name_or_id, changes, check=check)


def change_user(
    store: Store, connection: Connection, name_or_id: str, changes: UserChanges, *, check: Check | None = None
) -> User:
    """Change a user in a transaction of `store.write()` that changes more; raises as `update_user`."""
    check_comment(changes.comment or "")
    before = user_in(connection, name_or_id)
    if check is not None:
        check(before)
    said = {name: value for name, value in asdict(changes).items() if value is not None}
    if "email" in said:
        said["email"] = normal_email(said["email"]) if said["email"] else None
    after = replace(before, **said)
    _keep_an_owner(connection, before, after)
    _write(connection, after, update(tr_users).where(tr_users.c.id == before.id).values(asdict(after)))
    raise_catalog_version(connection, keys=())
    action = "user.password" if said.keys() == {"password_hash"} else "user.change"
    note(store, connection, action, _subject(before), told(before), told(after))
    return after


def remove_user(store: Store, name_or_id: str, *, check: Check | None = None) -> User:
    """Remove a user with their memberships and sessions, and return them.

    Raises:
        UserUnknown
        PersonRefused: no owner would be left.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        gone = user_in(connection, name_or_id)
        if check is not None:
            check(gone)
        _keep_an_owner(connection, gone, None)
        connection.execute(delete(tr_members).where(tr_members.c.user == gone.name))
        connection.execute(delete(tr_sessions).where(tr_sessions.c.user_id == gone.id))
        connection.execute(delete(tr_users).where(tr_users.c.id == gone.id))
        raise_catalog_version(connection, keys=())
        note(store, connection, "user.remove", _subject(gone), told(gone), None)
    return gone


def signed_in(store: Store, user_id: str, *, now_s: float) -> None:
    """Note that a user has signed in now."""
    with store.write() as connection:
        connection.execute(update(tr_users).where(tr_users.c.id == user_id).values(signed_in_at_s=now_s))


def told(user: User) -> dict[str, Any]:
    """Return what the audit log tells of a user: whether there is a password, never more of it."""
    return {**asdict(user), "password_hash": "set" if user.password_hash else ""}


def _subject(user: User) -> tuple[str, str, str]:
    return ("user", user.id, user.name)


def _write(connection: Connection, user: User, statement: Any) -> None:
    try:
        with connection.begin_nested():  # PostgreSQL answers nothing more in a transaction that has failed
            connection.execute(statement)
    except IntegrityError as error:
        others = select(tr_users.c.id).where(tr_users.c.name == user.name, tr_users.c.id != user.id)
        if connection.execute(others).first() is not None:
            raise UserTaken(f"there is a user named {user.name!r} already") from error
        raise UserTaken("another user has this e-mail address") from error


def _keep_an_owner(connection: Connection, before: User, after: User | None) -> None:
    """Refuse what would leave nobody who may do everything."""
    was_owner = before.role == "owner" and before.enabled
    is_owner = after is not None and after.role == "owner" and after.enabled
    if not was_owner or is_owner:
        return
    owners = select(func.count()).where(tr_users.c.role == "owner", tr_users.c.enabled)
    if connection.execute(owners).scalar_one() <= 1:
        raise PersonRefused(f"{before.name!r} is the last owner; make another one first")
