"""Who may use the admin API: admins everything, keymasters their own children's keys.

The rules for a key (digest, parents, expiry) are the data plane's own, so both planes always agree.
"""

import hmac
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.gateway.directory import Principal

bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key of this gateway.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


def authenticate(state: ControlState, credentials: HTTPAuthorizationCredentials | None) -> Principal:
    """Return who calls.

    Raises:
        InvalidKey: no key, or one that is unknown, expired or disabled.
    """
    keys = (credentials.credentials.encode("utf-8", "replace"),) if credentials and credentials.credentials else ()
    return state.directory().authenticate(keys, state.clock())


def admin(state: State, credentials: Credentials) -> Principal:
    """Return the admin who calls.

    Raises:
        InvalidKey, RoleNotAllowed
    """
    principal = authenticate(state, credentials)
    if principal.role != "admin":
        raise RoleNotAllowed(f"This needs a key of the role admin; {principal.key.name!r} is {principal.role}.")
    return principal


def key_maker(state: State, credentials: Credentials) -> Principal:
    """Return the admin or keymaster who calls.

    Raises:
        InvalidKey, RoleNotAllowed
    """
    principal = authenticate(state, credentials)
    if principal.role == "inferrer":
        raise RoleNotAllowed(
            f"This needs a key of the role admin or keymaster; {principal.key.name!r} is {principal.role}."
        )
    return principal


def metrics_reader(state: State, credentials: Credentials) -> None:
    """Let an admin pass, and whoever has the metrics token.

    Raises:
        InvalidKey, RoleNotAllowed
    """
    token = state.settings.metrics_token
    if (
        token
        and credentials
        and hmac.compare_digest(token.encode(), credentials.credentials.encode("utf-8", "replace"))
    ):
        return
    admin(state, credentials)


Admin = Annotated[Principal, Depends(admin)]
KeyMaker = Annotated[Principal, Depends(key_maker)]
