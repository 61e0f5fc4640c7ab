"""Rules for keys that are made for one run of a program: they end within a day, and stand below who made them.

A key of any role may make some below its own, which are charged to it: `toro` gives one to every program that it
starts. An inferrer makes nothing else, and at most twenty at a time.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tokenrouter.admin.callers import Caller, Grant
from tokenrouter.admin.key_bodies import NewKey
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState
from tokenrouter.domain.catalog import Key
from tokenrouter.store.errors import TooManyKeys
from tokenrouter.store.keys import MAX_TEMPORARY_S, KeyRequest, temporary_keys_beside

MAX_TEMPORARY_KEYS: Final = 20
"""Most that come from one inferrer at a time, those made by its temporary keys among them."""
USUAL_TTL_S: Final = 8 * 3600.0


def with_end(state: ControlState, wanted: NewKey) -> NewKey:
    """Return `wanted` with the moment at which its `ttl_s` is over.

    Raises:
        Problem: 422, it says both.
    """
    if wanted.ttl_s is None:
        return wanted
    if wanted.expires_at is not None:
        raise Problem(422, "invalid_field", "ttl_s, expires_at: say one of them, not both.")
    return wanted.model_copy(update={"ttl_s": None, "expires_at": _moment(state.clock() + wanted.ttl_s)})


def as_temporary(state: ControlState, caller: Caller, wanted: NewKey) -> NewKey:
    """Return `wanted` as an inferrer may make it: for a while, and one of a few.

    Raises:
        TooManyKeys: there are as many already.
    """
    own = caller.key
    if own is not None and temporary_keys_beside(state.store, own, state.clock()) >= MAX_TEMPORARY_KEYS:
        raise TooManyKeys(
            f"an inferrer has at most {MAX_TEMPORARY_KEYS} temporary keys at a time; revoke one first, or wait until "
            "one ends"
        )
    ends = wanted.expires_at or _moment(state.clock() + USUAL_TTL_S)
    return wanted.model_copy(update={"temporary": True, "expires_at": ends})


def check_temporary(state: ControlState, wanted: NewKey) -> None:
    """Refuse a temporary key that does not end, or not soon; only such a one has a heartbeat.

    Raises:
        Problem: 422.
    """
    if not wanted.temporary:
        if wanted.heartbeat:
            raise Problem(422, "invalid_field", "heartbeat: only a temporary key has one; set `temporary` too.")
        return
    if wanted.expires_at is None or wanted.expires_at.timestamp() > state.clock() + MAX_TEMPORARY_S:
        raise Problem(422, "invalid_field", "expires_at: a temporary key ends within 24 hours.")


def stands_below_caller(wanted: NewKey) -> bool:
    """Whether a key that may make any is to answer for this one: it is temporary, and nobody else was said to."""
    return wanted.temporary and not (wanted.parent or wanted.team or wanted.user)


_OF_PARENT: Final = ("passthrough", "unpriced", "allow_unpriced", "unbounded_input")
"""What a key may besides; a temporary one may it as its parent does, where its maker says nothing else."""


def as_parent_may(wanted: NewKey, parent: Key | None) -> NewKey:
    """Return a temporary key that may what its parent may; a key is never freer than those above it anyway."""
    if parent is None or not wanted.temporary:
        return wanted
    unsaid = [name for name in _OF_PARENT if name not in wanted.model_fields_set]
    return wanted.model_copy(update={name: getattr(parent, name) for name in unsaid})


def bounded(grant: Grant, request: KeyRequest) -> KeyRequest:
    """Return a temporary key as it is made at most: not longer than its parents last, and one of a few."""
    if not request.temporary:
        return request
    is_of_inferrer = grant.caller.role == "inferrer"
    return replace(
        request,
        expires_at_s=_earlier(request.expires_at_s, request.parent),
        most_temporary=MAX_TEMPORARY_KEYS if is_of_inferrer else None,
    )


def _earlier(expires_at_s: float | None, parent: Key | None) -> float | None:
    ends_s = [end_s for end_s in (expires_at_s, parent.expires_at_s if parent else None) if end_s is not None]
    return min(ends_s, default=None)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
