"""What the API of keys takes and answers."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.figure_bodies import KeyFigures
from tokenrouter.admin.state import ControlState
from tokenrouter.admin.texts import Text
from tokenrouter.domain.catalog import CacheUse, Key, Origin, Role, UnboundedInput, Unpriced
from tokenrouter.jobs.heartbeat_watch import BEAT_S, SILENCE_S
from tokenrouter.store.keys import MAX_OVERLAP_S

MAX_TTL_S = 10 * 365 * 86_400.0
"""Longest life that is told as a number of seconds; for ever is no number."""


class ShownKey(BaseModel):
    """What may be shown of a key for ever. `declared_at` says where a key of the file is to be changed."""

    id: str
    name: str
    hint: str
    role: Role
    origin: Origin
    declared_at: str
    parent_id: str | None
    team: str
    user: str
    allowed_models: list[str]
    created_at: str | None
    expires_at: str | None
    enabled: bool
    comment: str
    passthrough: bool
    unpriced: Unpriced
    allow_unpriced: bool
    clamp: bool
    unbounded_input: UnboundedInput
    cache: CacheUse
    allowed_ips: list[str]
    temporary: bool
    heartbeat: bool
    suspended: bool
    previous_until: str | None


class ListedKey(ShownKey):
    """A key; `figures` where they were asked for."""

    figures: KeyFigures | None = None


class MadeKey(ShownKey):
    """A key just made; `key` is shown this once."""

    key: str


class RevokedKeys(BaseModel):
    """What was revoked, the key itself first."""

    data: list[ShownKey]


class NewKey(BaseModel):
    """A key to be made. `parent` (name or id) answers for it, so team and user come from there.

    `key` is one of your own choice; without it a random one is made. `passthrough`: it may ask providers raw.
    `unpriced`: whether it may use models without a price; `allow_unpriced`: even under a limit of costs.
    `clamp`: whether answers are shortened to fit hard limits, or else refused; `unbounded_input`: whether it may send
    what nobody can bound (files by URL or id, tools of the provider) under hard limits. `cache`: whether it gets
    answers kept for its team (`read`), and its own are kept as well (`on`). `allowed_ips`: addresses and networks that
    it may be used from; none is all. `temporary`: it is for one run of a program, and must end within a day.
    `heartbeat`: a temporary key that is suspended when nobody has said for 90 seconds that it is wanted; who made it
    says so every 15 (`/heartbeat`). `ttl_s`: how long it lives, instead of `expires_at`.
    """

    model_config = ConfigDict(extra="forbid")

    name: Text
    role: Role = "inferrer"
    key: Text | None = None
    parent: Text | None = None
    team: Text = ""
    user: Text = ""
    allowed_models: list[Text] = []
    expires_at: AwareDatetime | None = None
    comment: Text = ""
    passthrough: bool = False
    unpriced: Unpriced = ""
    allow_unpriced: bool = False
    clamp: bool = True
    unbounded_input: UnboundedInput = ""
    cache: CacheUse = ""
    allowed_ips: list[Text] = []
    temporary: bool = False
    heartbeat: bool = False
    ttl_s: Annotated[float | None, Field(gt=0, le=MAX_TTL_S)] = None


class ChangedKey(BaseModel):
    """What is to change; a field that is absent stays. `expires_at: null` takes the expiry away."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    expires_at: AwareDatetime | None = None
    comment: Text = ""
    allowed_models: list[Text] = []
    passthrough: bool = False
    unpriced: Unpriced = ""
    allow_unpriced: bool = False
    clamp: bool = True
    unbounded_input: UnboundedInput = ""
    cache: CacheUse = ""
    allowed_ips: list[Text] = []


class HeardKey(BaseModel):
    """A key of which was said that it is wanted. `revived`: it was suspended until now.

    It is to be said again in `again_in_s`; after `suspended_after_s` of silence the key is suspended.
    """

    id: str
    name: str
    expires_at: str | None
    revived: bool
    again_in_s: float = BEAT_S
    suspended_after_s: float = SILENCE_S


class Rotation(BaseModel):
    """How long the old key is good beside the new one, in seconds; 0 ends it at once."""

    model_config = ConfigDict(extra="forbid")

    overlap_s: Annotated[float, Field(ge=0, le=MAX_OVERLAP_S)] = 86_400.0


def shown(state: ControlState, key: Key) -> ShownKey:
    """Return what may be shown of `key`."""
    return ShownKey(
        id=key.id,
        name=key.name,
        hint=key.hint,
        role=key.role,
        origin=key.origin,
        declared_at=state.declared_at(f"incoming_tokens.{key.name}"),
        parent_id=key.parent_id,
        team=key.team,
        user=key.user,
        allowed_models=list(key.allowed_models),
        created_at=time_text(key.created_at_s or None),
        expires_at=time_text(key.expires_at_s),
        enabled=key.enabled,
        comment=key.comment,
        passthrough=key.passthrough,
        unpriced=key.unpriced,
        allow_unpriced=key.allow_unpriced,
        clamp=key.clamp,
        unbounded_input=key.unbounded_input,
        cache=key.cache,
        allowed_ips=list(key.allowed_ips),
        temporary=key.temporary,
        heartbeat=key.heartbeat,
        suspended=key.suspended,
        previous_until=time_text(key.previous_until_s),
    )
