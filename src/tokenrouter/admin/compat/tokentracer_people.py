"""Who calls TokenTracer's API: a person, by the token that `/auth/login` gave.

The token is that of a session of ours, shown as bearer in place of a cookie: it ends after 24 hours, with the
password, the account, or by hand, which its JWTs did not. API keys do not open these paths: who finds one could make
others with it.
"""

from dataclasses import replace
from typing import Any, Final

from fastapi import Depends, Request

from tokenrouter.admin.callers import Credentials, Grant, Needs, caller_signed_in
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import SignedIn, Visitor, find_signed_in, visitor_of
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.people import User
from tokenrouter.store.sessions import SessionOwner, begin_session

TOKEN_S: Final = 24 * 3600.0
"""As long as its tokens were good."""
WAY: Final = "auth-login"
"""How these sessions are told from those of browsers, whose cookies are no tokens."""


class PersonNeeds(Needs):
    """A dependency that lets persons pass who may do `action`."""

    def __call__(self, request: Request, state: State, credentials: Credentials) -> Grant:
        """Return what the person was granted.

        Raises:
            Problem: 401, no token, or one that is not good.
            RoleNotAllowed
        """
        found = person_of(state, request)
        return self.grant(state, caller_signed_in(found, visitor_of(request).address))


def person_needs(action: str) -> Any:
    """Return what a route is annotated with for its caller to be a person who is granted `action`."""
    return Depends(PersonNeeds(action))


def give_token(state: ControlState, visitor: Visitor, user: User) -> str:
    """Begin a session of a person who has proved who they are, and return its token."""
    return begin_session(
        state.store.acting(visitor.actor_for(user)),
        SessionOwner("person", user.id),
        way=WAY,
        address=visitor.address,
        agent=visitor.agent,
        now_s=state.clock(),
        longest_s=TOKEN_S,
    )


def person_of(state: ControlState, request: Request) -> SignedIn:
    """Return the person whose token the request shows.

    Raises:
        Problem: 401, in its words.
    """
    header = request.headers.get("authorization")
    if not header:
        raise Problem(401, "missing_token", "Missing Authorization header")
    scheme, _, token = header.partition(" ")
    if scheme != "Bearer" or not token:
        raise Problem(401, "invalid_token", "Invalid Authorization header")
    found = find_signed_in(state, replace(visitor_of(request), cookie=token))
    if found is None or found.user is None or found.session.way != WAY:
        raise Problem(401, "invalid_token", "Invalid token")
    return found
