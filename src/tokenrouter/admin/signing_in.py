"""Signing in: what is checked, in which order, and what is written down.

Every way in goes through here: pages, the JSON API, and the paths of predecessors. An attempt is counted before the
secret is looked at; what is wrong is never told apart, neither in words nor in the work that is done; and whoever gets
in gets a session of their own, with a new cookie.
"""

import hmac
import math
from contextlib import suppress
from typing import Final

from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import Visitor, password_owner
from tokenrouter.admin.state import ControlState
from tokenrouter.domain.actors import Actor
from tokenrouter.domain.errors import AddressNotAllowed, InvalidKey, Overloaded
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.people import User
from tokenrouter.gateway.directory import Principal
from tokenrouter.store.accounts import account_of, replace_hash
from tokenrouter.store.sessions import LONGEST_S, SessionOwner, begin_session, refuse_session
from tokenrouter.store.sign_in_waits import Guesser, attempt_succeeded, begin_attempt
from tokenrouter.store.users import signed_in

MAX_SECRET_CHARS: Final = 1000
WRONG_PASSWORD: Final = "This e-mail address and password do not fit together."  # noqa: S105 - a message
WRONG_SECRET: Final = "This is neither a key that is good here nor the administrator’s password."  # noqa: S105 - a message
_ADMIN_PASSWORD: Final = "ADMIN_PASSWORD"  # noqa: S105 - the variable's name


def person_with_password(state: ControlState, visitor: Visitor, email: str, password: str) -> User:
    """Return the person whose e-mail address and password these are.

    Raises:
        Problem: 401 when they do not fit together, 429 when somebody has tried too often.
        Overloaded: too many are signing in at this moment.
    """
    guesser = Guesser(visitor.address, email)
    count_attempt(state, guesser)
    account = account_of(state.store, email)
    user = account.user if account.user is not None and account.user.enabled else None
    kept = user.password_hash if user is not None else ""
    try:
        verdict = state.passwords.check(kept, password, some_are_imported=account.some_are_imported)
    except Overloaded:
        attempt_succeeded(state.store, Guesser(visitor.address))  # nothing was tried
        raise
    if user is None or not verdict.is_right:
        refuse(state, visitor, way="password", account=email, reason="wrong e-mail address or password")
        raise Problem(401, "wrong_password", WRONG_PASSWORD)
    attempt_succeeded(state.store, guesser)
    if verdict.is_outdated:
        with suppress(Overloaded):  # another sign-in will do it
            replace_hash(state.store, user, state.passwords.hash(password))
    return user


def sign_in_person(state: ControlState, visitor: Visitor, user: User, *, way: str, longest_s: float = LONGEST_S) -> str:
    """Begin a session of a person who has proved who they are, and return its cookie."""
    now_s = state.clock()
    actor = visitor.actor_for(user)
    signed_in(state.store, user.id, now_s=now_s)
    return _begin(state, visitor, actor, SessionOwner("person", user.id), way, longest_s)


def sign_in_with_secret(state: ControlState, visitor: Visitor, secret: str) -> str:
    """Begin a session of an API key, or of `ADMIN_PASSWORD`, and return its cookie.

    A good key is let in whatever the throttle says of the password: it cannot be guessed.

    Raises:
        Problem: 401 when it is neither, 429 when somebody has tried too often.
    """
    count_attempt(state, Guesser(visitor.address))
    principal = _principal(state, secret.strip(), visitor.address)
    if principal is not None:
        attempt_succeeded(state.store, Guesser(visitor.address))
        key = principal.key
        actor = Actor("key", key.id, key.name, visitor.address)
        return _begin(state, visitor, actor, SessionOwner("key", key_digest=key.digest), "key", LONGEST_S)
    _check_admin_password(state, visitor, secret)
    actor = Actor("password", name=_ADMIN_PASSWORD, address=visitor.address)
    return _begin(state, visitor, actor, password_owner(state), "admin-password", LONGEST_S)


def count_attempt(state: ControlState, guesser: Guesser) -> None:
    """Count an attempt to get in.

    Raises:
        Problem: 429, with `Retry-After`, when it has to wait.
    """
    wait_s = begin_attempt(state.store, guesser, now_s=state.clock())
    if wait_s > 0:
        seconds = math.ceil(wait_s)
        detail = f"Too many attempts; try again in {seconds} seconds."
        raise Problem(429, "too_many_attempts", detail, headers={"retry-after": str(seconds)})


def refuse(state: ControlState, visitor: Visitor, *, way: str, account: str, reason: str) -> None:
    """Write down that somebody did not get in."""
    acting = state.store.acting(Actor("system", address=visitor.address))
    refuse_session(acting, way=way, account=account, reason=reason)


def _check_admin_password(state: ControlState, visitor: Visitor, secret: str) -> None:
    guesser, wanted = Guesser(account=_ADMIN_PASSWORD), state.settings.admin_password.encode()
    if wanted:
        count_attempt(state, guesser)
        if hmac.compare_digest(secret.encode("utf-8", "replace"), wanted):
            attempt_succeeded(state.store, Guesser(visitor.address, _ADMIN_PASSWORD))
            return
    refuse(state, visitor, way="key", account="", reason="neither a key nor ADMIN_PASSWORD")
    raise Problem(401, "wrong_secret", WRONG_SECRET)


def _principal(state: ControlState, key: str, address: str) -> Principal | None:
    try:
        return state.directory().principal(key_digest(key, state.pepper), state.clock(), address) if key else None
    except (InvalidKey, AddressNotAllowed, UnicodeEncodeError):
        return None


def _begin(state: ControlState, visitor: Visitor, actor: Actor, owner: SessionOwner, way: str, longest_s: float) -> str:
    return begin_session(
        state.store.acting(actor),
        owner,
        way=way,
        address=visitor.address,
        agent=visitor.agent,
        now_s=state.clock(),
        longest_s=longest_s,
        before=visitor.cookie,
    )
