"""Access codes: what people without an invitation sign up with.

A code is shown to whoever made it and kept as a digest; a short one, such as teachers write on a blackboard, as one
that needs this installation's secret (`domain/keys.py`). It may name a team, a quota and the models of whoever uses it.
"""

import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tokenrouter.domain.keys import key_digest
from tokenrouter.store.audit import note
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import AccessCodeTaken, AccessCodeUnknown, InvalidField
from tokenrouter.store.names import check_comment, check_models, check_name
from tokenrouter.store.schema import tr_access_codes

ID_PREFIX: Final = "code_"
MIN_CODE_CHARS: Final = 6
"""Shorter ones can be guessed, however slowly one is let guess."""
MAX_CODE_CHARS: Final = 100
MAX_USES: Final = 1_000_000
MAX_QUOTA_TOKENS: Final = 10**15


@dataclass(frozen=True, slots=True)
class AccessCode:
    """One code, without the code itself.

    Attributes:
        quota_tokens: tokens that each who signs up with it may use in all; None for no limit.
        max_uses: how many may sign up with it; None for any number.
        uses: how many have.
    """

    id: str
    digest: bytes = field(repr=False)
    hint: str = ""
    team: str = ""
    quota_tokens: int | None = None
    allowed_models: tuple[str, ...] = ()
    max_uses: int | None = None
    uses: int = 0
    expires_at_s: float | None = None
    enabled: bool = True
    comment: str = ""
    created_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class NewAccessCode:
    """A code to be made; `code` is one of your own choice, None for a random one."""

    code: str | None = field(default=None, repr=False)
    team: str = ""
    quota_tokens: int | None = None
    allowed_models: tuple[str, ...] = ()
    max_uses: int | None = None
    expires_at_s: float | None = None
    comment: str = ""


def create_access_code(store: Store, wanted: NewAccessCode, *, pepper: bytes, now_s: float) -> tuple[str, AccessCode]:
    """Make a code; return it, this once, with what is kept of it.

    Raises:
        InvalidField: a field cannot be used as it is.
        AccessCodeTaken: this very code is there.
    """
    _check(wanted, now_s)
    code = wanted.code if wanted.code is not None else secrets.token_urlsafe(12)
    made = AccessCode(
        ID_PREFIX + secrets.token_hex(8),
        key_digest(code, pepper),
        f"{code[:2]}…",
        wanted.team,
        wanted.quota_tokens,
        wanted.allowed_models,
        wanted.max_uses,
        expires_at_s=wanted.expires_at_s,
        comment=wanted.comment,
        created_at_s=now_s,
    )
    with store.write() as connection:
        try:
            with connection.begin_nested():  # PostgreSQL answers nothing more in a transaction that has failed
                connection.execute(insert(tr_access_codes).values(_row(made)))
        except IntegrityError as error:
            raise AccessCodeTaken("this very code is there already; choose another") from error
        note(store, connection, "access_code.create", ("access_code", made.id, made.hint), None, _told(made))
    return code, made


def list_access_codes(store: Store) -> tuple[AccessCode, ...]:
    """Return every code, the oldest first."""
    columns = tr_access_codes.c
    query = select(tr_access_codes).order_by(columns.created_at_s, columns.id)
    with store.read() as connection:
        return tuple(_code(row) for row in connection.execute(query).mappings())


def enable_access_code(store: Store, code_id: str, *, enabled: bool) -> AccessCode:
    """Switch a code on or off.

    Raises:
        AccessCodeUnknown
    """
    with store.write() as connection:
        before = _find(connection, code_id)
        after = replace(before, enabled=enabled)
        connection.execute(update(tr_access_codes).where(tr_access_codes.c.id == code_id).values(enabled=enabled))
        subject = ("access_code", before.id, before.hint)
        note(store, connection, "access_code.change", subject, _told(before), _told(after))
    return after


def remove_access_code(store: Store, code_id: str) -> AccessCode:
    """Remove a code; who signed up with it stays.

    Raises:
        AccessCodeUnknown
    """
    with store.write() as connection:
        gone = _find(connection, code_id)
        connection.execute(delete(tr_access_codes).where(tr_access_codes.c.id == code_id))
        note(store, connection, "access_code.remove", ("access_code", gone.id, gone.hint), _told(gone), None)
    return gone


def use_access_code(connection: Connection, code: str, *, pepper: bytes, now_s: float) -> AccessCode | None:
    """Count a use of `code`, in the transaction of a sign-up; None when it is not good, or used up."""
    digest = key_digest(code.encode("utf-8", "replace"), pepper)
    row = connection.execute(select(tr_access_codes).where(tr_access_codes.c.digest == digest)).mappings().first()
    found = _code(row) if row is not None else None
    if found is None or not found.enabled or (found.max_uses is not None and found.uses >= found.max_uses):
        return None
    if found.expires_at_s is not None and found.expires_at_s <= now_s:
        return None
    connection.execute(update(tr_access_codes).where(tr_access_codes.c.id == found.id).values(uses=found.uses + 1))
    return found


def _check(wanted: NewAccessCode, now_s: float) -> None:
    check_comment(wanted.comment)
    check_models(wanted.allowed_models)
    if wanted.team:
        check_name(wanted.team, "team")
    if wanted.code is not None and not (
        MIN_CODE_CHARS <= len(wanted.code) <= MAX_CODE_CHARS and wanted.code.isprintable() and wanted.code.strip()
    ):
        raise InvalidField(f"a code has {MIN_CODE_CHARS} to {MAX_CODE_CHARS} visible characters", field="code")
    if wanted.quota_tokens is not None and not 0 < wanted.quota_tokens <= MAX_QUOTA_TOKENS:
        raise InvalidField(f"it is 1 to {MAX_QUOTA_TOKENS}, or absent", field="quota_tokens")
    if wanted.max_uses is not None and not 0 < wanted.max_uses <= MAX_USES:
        raise InvalidField(f"it is 1 to {MAX_USES}, or absent", field="max_uses")
    if wanted.expires_at_s is not None and wanted.expires_at_s <= now_s:
        raise InvalidField("the expiry is in the past; give a later one, or none", field="expires_at")


def _find(connection: Connection, code_id: str) -> AccessCode:
    row = connection.execute(select(tr_access_codes).where(tr_access_codes.c.id == code_id)).mappings().first()
    if row is None:
        raise AccessCodeUnknown(f"there is no access code {code_id!r}")
    return _code(row)


def _told(code: AccessCode) -> dict[str, Any]:
    """Return what the audit log tells of a code."""
    return {name: value for name, value in _row(code).items() if name != "digest"}


def _row(code: AccessCode) -> dict[str, Any]:
    return {
        "id": code.id,
        "digest": code.digest,
        "hint": code.hint,
        "team": code.team,
        "quota_tokens": code.quota_tokens,
        "allowed_models": json.dumps(code.allowed_models),
        "max_uses": code.max_uses,
        "uses": code.uses,
        "expires_at_s": code.expires_at_s,
        "enabled": code.enabled,
        "comment": code.comment,
        "created_at_s": code.created_at_s,
    }


def _code(row: RowMapping) -> AccessCode:
    fields = dict(row)
    fields["allowed_models"] = tuple(json.loads(fields["allowed_models"] or "[]"))
    return AccessCode(**fields)
