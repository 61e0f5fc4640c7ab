"""Models as `/api/v1/models` shows them. A row is flat, so that it is a line of CSV as well."""

from typing import Literal

from pydantic import BaseModel

from tokenrouter.domain.catalog import Origin
from tokenrouter.domain.conditions import Status
from tokenrouter.domain.ledger import Operation

ModelStatus = Literal[Status, "cooling"]
"""How a provider is, or that requests leave this model alone for now."""


class Lead(BaseModel):
    """An alias that leads to a model."""

    name: str
    scope: str


class ShownModel(BaseModel):
    """One model of a provider.

    `listed`: its provider's list has it; else requests were sent to it all the same. `offered`: requests may be sent to
    it. `status` is that of its provider, asked at `checked_at` and answered within `response_ms`, or `cooling` until
    `cooling_until`, because of the error `cooling_reason`. Prices are US dollars per million tokens, as text, null
    where nobody said; `price_dated` is since when that is known or where it is declared, `priced_at` when it was last
    asked. `context_tokens` and `max_output_tokens` are null where nobody said. `aliases` lead to it now.

    The rest is what the caller may see of its use: `failure_rate` from 0 to 1, tokens per second of input until the
    first one came and of output from then on, and the median of the time to it; null where there was none.
    """

    id: str
    provider: str
    provider_display_name: str
    kind: str
    origin: Origin
    model: str
    listed: bool
    offered: bool
    status: ModelStatus
    problem: str
    checked_at: str | None
    response_ms: float | None
    cooling_until: str | None
    cooling_reason: str
    priced: bool
    free: bool
    input_per_1m: str | None
    cached_input_per_1m: str | None
    output_per_1m: str | None
    price_source: str
    price_dated: str
    priced_at: str | None
    context_tokens: int | None
    max_output_tokens: int | None
    operations: list[Operation]
    aliases: list[Lead]
    in_profile: bool
    requests: int
    failed: int
    failure_rate: float | None
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    cost_usd: str
    cost_nano_usd: int
    prompt_tokens_per_s: float | None
    generated_tokens_per_s: float | None
    first_token_ms: float | None


class ModelProvider(BaseModel):
    """A provider of some of the models, and how many they are."""

    name: str
    display_name: str
    kind: str
    status: Status
    models: int


class Counted(BaseModel):
    """Since when use is counted: `whole` unless there were more requests in the time than are looked at."""

    range_s: int
    since: str | None
    whole: bool


class ModelList(BaseModel):
    """Models in pages, with what stands around them.

    `total` models fit the filters; `providers`, `priced` and `free` are of all that the caller may see. `next` is the
    `after` of the page after this one, null at the end.
    """

    data: list[ShownModel]
    next: str | None
    total: int
    providers: list[ModelProvider]
    priced: int
    free: int
    active_model_profile: str
    prices_updated_at: str | None
    counted: Counted


class OneModel(BaseModel):
    """A model, and since when its use is counted."""

    model: ShownModel
    counted: Counted
