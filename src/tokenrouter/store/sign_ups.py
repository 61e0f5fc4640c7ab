"""Accounts that people make by themselves, with an access code or because of their e-mail domain.

Everything is one transaction: the use of the code, the person, the team, the quota. A name that keys, limits or the
file know already is nobody's to take: whoever had it would see that one's use, and be charged for it.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from tokenrouter.domain.limit_text import limit_id, parse_window
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.people import Membership, User
from tokenrouter.store.access_codes import AccessCode, use_access_code
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import SignUpRefused, UserTaken
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.limits import create_limit
from tokenrouter.store.schema import tr_keys, tr_limits
from tokenrouter.store.teams import set_member
from tokenrouter.store.users import NewUser, add_user

GIVEN_BY: Final = "sign-up"


@dataclass(frozen=True, slots=True)
class SignUp:
    """Somebody who wants an account. `code` is None where none is needed."""

    name: str
    email: str
    password_hash: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


def sign_up(
    store: Store, wanted: SignUp, *, reserved: Collection[str], pepper: bytes, now_s: float
) -> tuple[User, AccessCode | None]:
    """Make the account; return it with the code that it was made by. `reserved` are names that the file knows.

    Raises:
        SignUpRefused: the code is not good, or the name or address is taken; which of them is not told.
        InvalidField: a field cannot be used as it is.
    """
    with store.write() as connection:
        code = use_access_code(connection, wanted.code, pepper=pepper, now_s=now_s) if wanted.code is not None else None
        if wanted.code is not None and code is None:
            raise SignUpRefused
        if wanted.name in reserved or is_mentioned(connection, wanted.name):
            raise SignUpRefused
        new = NewUser(wanted.name, wanted.email, password_hash=wanted.password_hash, comment="signed up")
        try:
            user = add_user(store, connection, new, now_s=now_s)
        except UserTaken:
            raise SignUpRefused from None
        if code is not None and code.team:
            set_member(store, connection, Membership(code.team, user.name, given_by=GIVEN_BY))
        if code is not None and code.quota_tokens is not None:
            quota = _quota(user.name, code.quota_tokens)
            joined = JoinedStore(store, connection)
            create_limit(joined, quota, comment="of an access code", made_by=code.id, now_s=now_s)
    return user, code


def is_mentioned(connection: Connection, name: str) -> bool:
    """Whether keys or limits of the database charge to a user of this name."""
    keys = select(tr_keys.c.id).where(tr_keys.c.user == name).limit(1)
    limits = select(tr_limits.c.id).where(tr_limits.c.scope == f"user:{name}").limit(1)
    return any(connection.execute(query).first() is not None for query in (keys, limits))


def _quota(user: str, tokens: int) -> Limit:
    scope, window = f"user:{user}", parse_window("lifetime")
    return Limit(limit_id(scope, "tokens", window, "hard"), scope, "tokens", window, tokens)
