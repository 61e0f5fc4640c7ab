"""`/admin/api/access-tokens`: keys with their quotas, as TokenRouter-Go's client and scripts make and remove them.

An administrator has all of them; a keymaster those directly below its own key, without quotas, of the role inferrer,
and whatever else there may be does not exist for it. The key is chosen by whoever makes it: that is how `toro` knows a
temporary key without asking for it. A keymaster's choice must be as hard to guess as one of ours.
"""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_body import Lenient, sent
from tokenrouter.admin.compat.go_quotas import Quota, limits_of, shown_quota
from tokenrouter.admin.key_bodies import NewKey
from tokenrouter.admin.key_rules import keys_named, sight, visible_keys
from tokenrouter.admin.keys import key_request, refuse_declared
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.catalog import Key, Role
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.domain.limits import Limit
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.store.errors import KeyTaken, KeyUnknown
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.key_quotas import change_with_quota, create_with_quota, revoke_with_quota
from tokenrouter.store.keys import KeyChanges

router: Final = APIRouter(prefix="/admin/api/access-tokens", include_in_schema=False)

Reading = Annotated[Grant, needs("tokens.read")]
Writing = Annotated[Grant, needs("tokens.write")]

MIN_KEYMASTERS_KEY_CHARS: Final = 40
"""Shortest key that a keymaster may choose: one of ours has 46 characters, one of `toro`'s 72."""
_ROLES: Final[tuple[Role, ...]] = ("admin", "keymaster", "inferrer")


class Token(Lenient):
    """What a key is to be; `expires_at` is RFC 3339, "" for never."""

    name: Text = ""
    role: str = ""
    expires_at: str = ""
    quota: Quota | None = None


class NewToken(Token):
    """A key to be made. `parent_id` is an addition of ours: an administrator's key may answer to another, too."""

    key: Text = ""
    parent_id: Text = ""


@router.get("")
def list_tokens(state: State, grant: Reading) -> list[dict[str, Any]]:
    """Return the keys that the caller may see; none of them can be read from it."""
    figures, now_s = state.limit_figures(), state.clock()
    by_scope: dict[str, list[Limit]] = {}
    for limit in state.catalog().limits:
        by_scope.setdefault(limit.scope, []).append(limit)
    return [_shown(key, by_scope, figures, now_s) for key in visible_keys(state, grant)]


@router.post("", status_code=201)
def create(state: State, grant: Writing, wanted: Annotated[NewToken, Depends(sent(NewToken))]) -> dict[str, str]:
    """Make a key of the caller's choice."""
    if not wanted.key:
        raise Problem(400, "invalid_field", "key is required")
    role = _role(wanted.role or "inferrer")
    _check(wanted)
    _refuse_to_keymaster(grant, role, wanted)
    request = key_request(
        state,
        grant,
        NewKey(
            name=wanted.name,
            role=role,
            key=wanted.key,
            parent=wanted.parent_id or None,
            expires_at=_expiry(wanted),
        ),
        may_choose=True,
    )
    quota, now_s = limits_of(wanted.quota, wanted.name), state.clock()
    try:
        with grant.store.write() as connection:
            joined, made_by = JoinedStore(grant.store, connection), grant.caller
            made = create_with_quota(joined, request, quota, pepper=state.pepper, made_by=made_by.id, now_s=now_s)
            for limit in quota:  # an earlier key of this name may have used some of it
                reset_limit(joined, limit, None, made_by=made_by.actor.name, reason="a new key", now_s=now_s)
    except KeyTaken:
        raise Problem(409, "key_exists", "token already exists") from None
    state.keys_changed()
    return {"status": "ok", "id": made.stored.id}


@router.put("/{token_id}")
def change(
    state: State, grant: Writing, token_id: str, wanted: Annotated[Token, Depends(sent(Token))]
) -> dict[str, str]:
    """Change a key's role, expiry and quota; what was used of a quota stays used."""
    key = _find(state, grant, token_id)
    _check(wanted)
    if not wanted.role:
        raise Problem(400, "invalid_field", "role is required")
    role = _role(wanted.role)
    _refuse_to_keymaster(grant, role, wanted)
    if wanted.name != key.name:
        raise Problem(
            400, "invalid_field", "the name of a key cannot be changed, since the books know it; make another"
        )
    expires_at = _expiry(wanted)
    changes = KeyChanges(
        role=role,
        expires_at_s=expires_at.timestamp() if expires_at else None,
        never_expires=expires_at is None,
    )
    quota = limits_of(wanted.quota, key.name)
    try:
        change_with_quota(
            grant.store,
            key.id,
            changes,
            quota,
            check=_still_below(grant),
            made_by=grant.caller.id,
            now_s=state.clock(),
        )
    except KeyUnknown:
        raise _not_found(grant) from None
    state.keys_changed()
    return {"status": "ok"}


@router.delete("/{token_id}")
def remove(state: State, grant: Writing, token_id: str) -> dict[str, str]:
    """Revoke a key and every key below it."""
    key = _find(state, grant, token_id)
    try:
        revoke_with_quota(grant.store, key.id, check=_still_below(grant))
    except KeyUnknown:
        raise _not_found(grant) from None
    state.keys_changed()
    return {"status": "ok"}


def _shown(key: Key, by_scope: dict[str, list[Limit]], figures: LimitFigures, now_s: float) -> dict[str, Any]:
    scope = f"key:{key.name}"
    quota = shown_quota(by_scope.get(scope, []), scope, figures, now_s)
    optional = {"parent_id": key.parent_id, "quota": quota, "expires_at": time_text(key.expires_at_s)}
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _role(text: str) -> Role:
    """Return the role that is meant.

    Raises:
        Problem: there is none of that name.
    """
    for role in _ROLES:
        if text.lower() == role:
            return role
    raise Problem(400, "invalid_field", f"role must be one of {', '.join(_ROLES)}")


def _check(wanted: Token) -> None:
    if not wanted.name:
        raise Problem(400, "invalid_field", "name is required")


def _expiry(wanted: Token) -> datetime | None:
    """Return when the key is to end.

    Raises:
        Problem: it is no time.
    """
    if not wanted.expires_at:
        return None
    try:
        moment = datetime.fromisoformat(wanted.expires_at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem(400, "invalid_field", "expires_at must be RFC3339")
    return moment


def _refuse_to_keymaster(grant: Grant, role: Role, wanted: Token) -> None:
    if grant.is_for_all:
        return
    if role != "inferrer":
        raise RoleNotAllowed("keymaster can only create inferrer tokens")
    if wanted.quota is not None:
        raise RoleNotAllowed("subordinate tokens cannot define quota")
    if isinstance(wanted, NewToken) and len(wanted.key) < MIN_KEYMASTERS_KEY_CHARS:
        words = f"a key that a keymaster chooses has at least {MIN_KEYMASTERS_KEY_CHARS} characters"
        raise Problem(400, "invalid_field", words)


def _find(state: ControlState, grant: Grant, token_id: str) -> Key:
    """Return a key of the database that is the caller's to change.

    Raises:
        Problem: there is none, or the file declares it.
        RoleNotAllowed: a keymaster asks for another's, or for none.
    """
    seen = sight(grant)
    for key in keys_named(state, token_id):
        if key.id == token_id and (seen is None or seen.covers(key)):
            refuse_declared(state, key)
            return key
    raise _not_found(grant)


def _not_found(grant: Grant) -> Exception:
    """Return what tells of a key that is not there; a keymaster cannot tell it from one that is another's."""
    if grant.is_for_all:
        return Problem(404, "key_not_found", "token not found")
    return RoleNotAllowed("forbidden")


def _still_below(grant: Grant) -> Any:
    """Return what looks, in the transaction of a change, whether the key is still one of the caller's."""

    def check(key: Key) -> None:
        own = grant.caller.key
        if not grant.is_for_all and (own is None or key.parent_id != own.id):
            raise RoleNotAllowed("forbidden")

    return check
