"""The Classroom system's way in, `X-Admin-Password`, beside our own.

It works where the operator has set `ADMIN_PASSWORD`, and guesses are counted together with those at the sign-in page.
Where the header is sent nothing else is looked at: who mistypes a password shall hear of that, and not of a key.
"""

import hmac
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request

from tokenrouter.admin.callers import Caller, Credentials, Grant, Needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import visitor_of
from tokenrouter.admin.signing_in import count_attempt, refuse
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.actors import Actor
from tokenrouter.store.sign_in_waits import Guesser, attempt_succeeded

PASSWORD_HEADER: Final = "x-admin-password"  # noqa: S105 - a name
ACCOUNT: Final = "ADMIN_PASSWORD"
"""Under which its guesses are counted, those at the sign-in page among them."""


class NeedsOrPassword(Needs):
    """A dependency that lets those pass who may do `action`, and whoever knows the administrator's password."""

    def __call__(  # FastAPI reads the signature: a header more
        self,
        request: Request,
        state: State,
        credentials: Credentials,
        x_admin_password: Annotated[str | None, Header(max_length=1000)] = None,
    ) -> Grant:
        """Return what the caller was granted.

        Raises:
            InvalidKey, RoleNotAllowed: as `Needs`.
            Problem: 401 for a wrong password, 429 after too many.
        """
        if x_admin_password is None:
            return super().__call__(request, state, credentials)
        return self.grant(state, _caller_with_password(state, request, x_admin_password))


def needs_or_password(action: str) -> Any:
    """Return what a route is annotated with for its caller to be granted `action`, by key, session or password.

    Raises:
        KeyError: the table of permissions has no such action.
    """
    return Depends(NeedsOrPassword(action))


def _caller_with_password(state: ControlState, request: Request, sent: str) -> Caller:
    visitor = visitor_of(request)
    guesser = Guesser(visitor.address, ACCOUNT)
    count_attempt(state, guesser)
    password = state.settings.admin_password
    if not password or not hmac.compare_digest(password.encode(), sent.encode("utf-8", "replace")):
        refuse(state, visitor, way=PASSWORD_HEADER, account="", reason="not ADMIN_PASSWORD")
        raise Problem(401, "wrong_password", "Invalid admin password.")
    attempt_succeeded(state.store, guesser)
    return Caller("admin", Actor("password", name=ACCOUNT, address=visitor.address))
