"""Whose session a cookie is, as that person, key or password is at this moment.

The database is asked with every request, so what ends a session ends it at once, on every node.
"""

import hmac
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response

from tokenrouter.admin.state import ControlState
from tokenrouter.domain.actors import Actor
from tokenrouter.domain.errors import AddressNotAllowed, InvalidKey
from tokenrouter.domain.people import Membership, User
from tokenrouter.gateway.directory import Principal
from tokenrouter.store.accounts import user_with_id
from tokenrouter.store.sessions import LONGEST_S, Session, SessionOwner, find_session, see_session
from tokenrouter.store.teams import memberships_of

COOKIE: Final = "tokenrouter_session"
MAX_AGENT_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and who it belongs to: a person, a key, or (neither) whoever knows `ADMIN_PASSWORD`."""

    session: Session
    user: User | None = None
    memberships: tuple[Membership, ...] = ()
    principal: Principal | None = None

    @property
    def is_admin(self) -> bool:
        """Whether everything is theirs to see."""
        if self.user is not None:
            return self.user.role in ("owner", "admin")
        return self.principal is None or self.principal.role == "admin"

    @property
    def name(self) -> str:
        """What they are called."""
        if self.user is not None:
            return self.user.name
        return self.principal.key.name if self.principal is not None else "ADMIN_PASSWORD"

    def actor(self, address: str) -> Actor:
        """Return who stands in the audit log for what is done in this session."""
        if self.user is not None:
            return Actor("person", self.user.id, self.user.name, address)
        if self.principal is not None:
            return Actor("key", self.principal.key.id, self.principal.key.name, address)
        return Actor("password", name=self.name, address=address)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands at the door: an address and a browser, and the cookie that it came with.

    Attributes:
        is_https: whether the browser's connection is encrypted, as far as we or a trusted proxy can tell.
    """

    address: str
    agent: str = ""
    cookie: str = ""
    is_https: bool = False

    def actor_for(self, user: User) -> Actor:
        """Return who stands in the audit log when this visitor has proved to be `user`."""
        return Actor("person", user.id, user.name, self.address)


def visitor_of(request: Request) -> Visitor:
    """Return who sent `request`; the data process wrote the two headers, whatever the client said."""
    return Visitor(
        request.headers.get("x-forwarded-for", "")[:100],
        request.headers.get("user-agent", "")[:MAX_AGENT_CHARS],
        request.cookies.get(COOKIE, ""),
        request.headers.get("x-forwarded-proto", "") == "https",
    )


def find_signed_in(state: ControlState, visitor: Visitor) -> SignedIn | None:
    """Return whose session the visitor's cookie is; None when there is none, or its owner may not be in any more."""
    if not visitor.cookie:
        return None
    now_s = state.clock()
    with state.store.read() as connection:
        session = find_session(connection, visitor.cookie, now_s=now_s)
        user = user_with_id(connection, session.owner.user_id) if session and session.owner.kind == "person" else None
    found = _owned(state, session, user, visitor.address) if session is not None else None
    if found is not None:
        see_session(state.store, found.session, now_s=now_s)
    return found


def password_owner(state: ControlState) -> SessionOwner:
    """Return whose the sessions of `ADMIN_PASSWORD` are: of that very password, told by a digest with our secret."""
    said = b"ADMIN_PASSWORD\0" + state.settings.admin_password.encode()
    return SessionOwner("password", key_digest=hmac.digest(state.pepper, said, "sha256"))


def give_cookie(answer: Response, visitor: Visitor, cookie: str, *, longest_s: float = LONGEST_S) -> None:
    """Hand the cookie of a new session to the browser."""
    answer.set_cookie(
        COOKIE, cookie, max_age=int(longest_s), path="/", httponly=True, samesite="strict", secure=visitor.is_https
    )


def take_cookie(answer: Response, visitor: Visitor) -> None:
    """Have the browser forget its cookie."""
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=visitor.is_https)


def _owned(state: ControlState, session: Session, user: User | None, address: str) -> SignedIn | None:
    owner = session.owner
    if owner.kind == "person":
        if user is None or not user.enabled:
            return None
        return SignedIn(session, user, memberships_of(state.store, user.name))
    if owner.kind == "password":
        return SignedIn(session) if state.settings.admin_password and owner == password_owner(state) else None
    try:
        return SignedIn(session, principal=state.directory().principal(owner.key_digest or b"", state.clock(), address))
    except (InvalidKey, AddressNotAllowed):
        return None
