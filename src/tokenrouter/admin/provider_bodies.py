"""Providers as `/api/v1/providers` takes and shows them.

Only the shapes: what the values may be is said by `config/providers.py`, as it is for the file and the command line.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt

from tokenrouter.admin.limit_bodies import Note, Strict
from tokenrouter.admin.texts import Text
from tokenrouter.domain.catalog import Origin
from tokenrouter.domain.conditions import Status

MAX_ITEMS = 10_000
Secret = Annotated[Text, Field(max_length=10_000)]
Texts = Annotated[list[Text], Field(max_length=MAX_ITEMS)]
Mapping = Annotated[dict[Text, Text], Field(max_length=MAX_ITEMS)]
Seconds = StrictInt | StrictFloat


class TimeoutsBody(Strict):
    """Bounds for each phase of a call, in seconds; 0 means no bound."""

    connect_s: Seconds | None = None
    first_byte_s: Seconds | None = None
    between_bytes_s: Seconds | None = None
    total_s: Seconds | None = None


class ChangedProvider(Strict):
    """What is to change; a field that is absent stays, and so does a secret that is blank. Null takes a field away.

    `headers` and `api_keys` are replaced whole, but for those of their values that are blank.
    """

    provider_type: Text | None = None
    base_url: Text | None = None
    api_key: Secret | None = None
    api_keys: Annotated[list[Secret], Field(max_length=20)] | None = None
    report_key: Secret | None = None
    headers: Annotated[dict[Text, Secret], Field(max_length=100)] | None = None
    operations: Texts | None = None
    allowed_models: Texts | None = None
    model_mapping: Mapping | None = None
    models: Texts | None = None
    passthrough_paths: Texts | None = None
    on_disconnect: Text | None = None
    quota_probe: StrictBool | None = None
    quota_probe_model: Text | None = None
    timeouts: TimeoutsBody | None = None
    timeout_seconds: Seconds | None = None
    enabled: StrictBool | None = None
    comment: Note | None = None


class NewProvider(ChangedProvider):
    """A provider to be made, in the words of `[[providers]]`; docs/providers.md explains them."""

    name: Text


class Switch(Strict):
    """Whether a provider is to be on."""

    enabled: StrictBool


class ShownTimeouts(BaseModel):
    """The bounds that hold for its calls, in seconds; 0 means no bound."""

    connect_s: float
    first_byte_s: float
    between_bytes_s: float
    total_s: float


class ShownCooling(BaseModel):
    """A model that requests leave alone, since the error `reason`."""

    model: str
    reason: str
    until: str | None


class ShownCredential(BaseModel):
    """One of a provider's keys: `name` is what is shown instead of it; `hint` is "" for one of the file.

    `cooling` are the models that are not asked for with it now; `healthy`: there are none, and it is not refused.
    """

    name: str
    hint: str
    healthy: bool
    cooling: list[ShownCooling]


class ShownCondition(BaseModel):
    """How a provider is now, which changes by itself.

    Its models are counted by their prices: `free_models`, `paid_models`, and those of which nobody said. `quota_left`
    is the smallest share that is left of any of its quotas, from 0 to 1. What nobody knows is null.
    """

    response_ms: float | None
    free_models: int
    paid_models: int
    unpriced_models: int
    listed_at: str | None
    checked_at: str | None
    next_check_at: str | None
    prices_updated_at: str | None
    prices_problem: str
    quota_left: float | None
    credentials: list[ShownCredential]
    cooling: list[ShownCooling]


class ShownProvider(BaseModel):
    """A provider.

    `secrets` are those of the database by field, as much of them as may be shown. `problem` says why it cannot be used,
    or why it did not list its models. `declared_at` says where one of the file is to be changed; one that is `shadowed`
    counts for nobody, since the file has one of its name. `overridden`: it was switched on or off at run time, instead
    of what is declared. `models` are all that can be asked for, `listed_models` those that somebody wrote down.
    """

    name: str
    kind: str
    base_url: str
    enabled: bool
    overridden: bool
    is_default: bool
    has_secret: bool
    secrets: dict[str, str]
    origin: Origin
    declared_at: str
    shadowed: bool
    status: Status
    models: list[str]
    problem: str
    operations: list[str]
    allowed_models: list[str]
    model_mapping: dict[str, str]
    passthrough_paths: list[str]
    on_disconnect: Literal["cancel", "drain"]
    timeouts: ShownTimeouts
    quota_probe: bool
    quota_probe_model: str
    listed_models: list[str]
    comment: str
    created_at: str | None
    changed_at: str | None
    condition: ShownCondition


class Trial(BaseModel):
    """What one question to a provider came to: how many models it has, or what went wrong, and how long it took."""

    ok: bool
    status: Status
    model_count: int
    error: str
    models: list[str]
    response_ms: float | None


class ShownPreset(BaseModel):
    """A known vendor. `base_url` may hold `{placeholders}` for values that every customer has their own of."""

    name: str
    display_name: str
    base_url: str
    needs_key: bool
    api_key_env: list[str]
    operations: list[str]
    docs_url: str
    note: str
    free_tier: bool
    trial_credits: bool
    public_free: bool
    local: bool


class PresetList(BaseModel):
    """Known vendors."""

    data: list[ShownPreset]
