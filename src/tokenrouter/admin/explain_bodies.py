"""Questions about routes and their answers, as `POST /api/v1/route/explain` takes and gives them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from tokenrouter.admin.decision_bodies import Decision
from tokenrouter.admin.limit_bodies import ShownAmount, Strict
from tokenrouter.admin.texts import Text
from tokenrouter.domain.conditions import Status
from tokenrouter.domain.ledger import Operation
from tokenrouter.domain.limits import Metric, Mode
from tokenrouter.gateway.question import MAX_TOKENS

Askable = Literal[
    "chat",
    "completions",
    "responses",
    "messages",
    "generate_content",
    "embeddings",
    "embed_content",
    "images",
    "speech",
    "moderations",
]
"""Operations that can be asked about: those of `gateway.question.CONTENT`."""

Expected = Annotated[int, Field(ge=0, le=MAX_TOKENS)]


class WantedExplanation(Strict):
    """A request that might be sent, and whose.

    `request`: as it would be sent, whole or with its `model` alone; `input_tokens` and `output_tokens` stand for what
    it does not have yet. `key`: name or id of the key that would send it; when left out, the caller's own.
    `client_ip`: from where; when left out, the caller's address.
    """

    request: dict[Text, Any]
    operation: Askable = "chat"
    key: Text = ""
    client_ip: Annotated[Text, Field(max_length=64)] = ""
    input_tokens: Expected | None = None
    output_tokens: Expected | None = None


class PlaceHealth(BaseModel):
    """Whether a place may be asked: `open`, or left alone because of `reason`, for so long where that is known.

    `provider` is how its provider is, `quota_left` the smallest share that is left of its quotas, from 0 to 1.
    """

    state: str
    reason: str = ""
    for_s: float | None = None
    provider: Status | None = None
    quota_left: float | None = None


class LikelyTokens(BaseModel):
    """As many as are likely, and at most; null where nothing bounds them."""

    likely: int
    most: int | None


class LikelyCost(BaseModel):
    """US dollars: for what is likely, and for what is allowed; null where nothing bounds it."""

    low: str
    high: str | None


class Estimate(BaseModel):
    """What a request likely uses and costs; `price` says by whose price, null where nobody said one."""

    input_tokens: LikelyTokens
    output_tokens: LikelyTokens
    cost_usd: LikelyCost | None = None
    price: str | None = None


class ExplainedPlace(BaseModel):
    """One place to which the request would go, when those before it have failed.

    `dropped` and `emulated`: what is lost of the request, or done otherwise, on the way into the place's dialect;
    `refused`: why it cannot be carried there. They are null where the request has no content yet.
    """

    target: str
    provider: str
    model: str
    health: PlaceHealth
    translated: bool
    dropped: list[str] | None = None
    emulated: list[str] | None = None
    refused: str | None = None
    estimate: Estimate | None


class ExplainedLeftOut(BaseModel):
    """A place that is not asked, and why, as a word and in words."""

    target: str
    why: str
    reason: str


class ExplainedLimit(BaseModel):
    """A limit that counts the request, as it stands; amounts of costs are US dollars as text."""

    scope: str
    metric: Metric
    window: str
    mode: Mode
    amount: ShownAmount
    used: ShownAmount
    held: ShownAmount
    left: ShownAmount
    resets_in_s: float | None


class Explanation(BaseModel):
    """What would become of a request now (docs/explain.md): its places in order, and the limits that count it."""

    key: str
    operation: Operation
    model: str
    stream: bool
    decision: Decision
    places: list[ExplainedPlace]
    left_out: list[ExplainedLeftOut]
    unheard: list[str]
    limits: list[ExplainedLimit]
