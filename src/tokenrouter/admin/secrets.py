"""`/api/v1/secrets`: which secrets the database keeps, under which key, and whether they can be decrypted."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.state import State
from tokenrouter.store.secrets import SecretState, current_key_id, list_secrets

router: Final = APIRouter(prefix="/api/v1/secrets", tags=["secrets"])


class ShownSecret(BaseModel):
    """A secret: whose it is, and `ok`, or `cannot decrypt` with the reason. What it is is shown nowhere."""

    kind: str
    id: str
    field: str
    hint: str
    key_id: str
    status: str
    problem: str
    created_at: str | None
    rotated_at: str | None


class SecretList(BaseModel):
    """Every secret, `unreadable` of them cannot be decrypted; `key_id` is the key that new ones are encrypted under."""

    key_id: str
    unreadable: int
    data: list[ShownSecret]


@router.get("")
def list_all(state: State, _grant: Annotated[Grant, needs("secrets.read")]) -> SecretList:
    """Return what may be known of the secrets."""
    found = list_secrets(state.store, state.ring)
    with state.store.read() as connection:
        key_id = current_key_id(connection, state.ring)
    return SecretList(key_id=key_id, unreadable=sum(bool(one.problem) for one in found), data=list(map(_shown, found)))


def _shown(secret: SecretState) -> ShownSecret:
    return ShownSecret(
        **secret.place._asdict(),
        hint=secret.hint,
        key_id=secret.key_id,
        status="cannot decrypt" if secret.problem else "ok",
        problem=secret.problem,
        created_at=time_text(secret.created_at_s),
        rotated_at=time_text(secret.rotated_at_s),
    )
