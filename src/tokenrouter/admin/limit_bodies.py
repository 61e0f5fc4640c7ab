"""What is said and shown of limits over the API: bodies of requests and answers.

Amounts, scopes and windows are taken as they come: what is right of them is decided in one place for file, API and
command line (`domain/limit_text.py`).
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, model_validator

from tokenrouter.admin.texts import Text
from tokenrouter.domain.limit_text import suggestion
from tokenrouter.domain.limits import Metric, Mode
from tokenrouter.jobs.limit_states import Standing
from tokenrouter.store.adjustments import MAX_REASON_CHARS

Amount = StrictInt | StrictFloat | StrictStr
"""A whole number; for `cost_usd` US dollars, best as text."""
ShownAmount = int | str
Note = Annotated[Text, Field(max_length=MAX_REASON_CHARS)]
Origin = Literal["file", "environment", "database"]


class Strict(BaseModel):
    """A body of which every field is known; a wrong name is told with the nearest right one."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def name_the_nearest(cls, values: Any) -> Any:
        """Refuse unknown fields in words that help.

        Raises:
            ValueError: the first unknown field, and what may be meant.
        """
        known = tuple(cls.model_fields)
        for name in values if isinstance(values, dict) else ():
            if name not in known:
                raise ValueError(f"unknown field {name[:100]!r}; {suggestion(name, known)}")
        return values


class ShownLimit(BaseModel):
    """A limit. Of `cost_usd`, amounts are US dollars as text.

    `allowed` is the amount with the boost of now; what a window takes over from the one before is in its `use`.
    `declared_at` says where a limit of the file is to be changed; one that is `shadowed` counts nothing, since file or
    environment have one in its place.
    """

    id: str
    scope: str
    metric: Metric
    window: str
    tz: str
    week_start: str
    amount: ShownAmount
    mode: Mode
    boost: ShownAmount
    boost_until: str | None
    allowed: ShownAmount
    carry_over: ShownAmount
    comment: str
    origin: Origin
    declared_at: str
    shadowed: bool
    created_at: str | None


class UseNow(BaseModel):
    """How it stands with a limit.

    Of one that counts everybody apart (`key:*`) it is the counter that is nearest to its end, `scope` says whose;
    `counters` is how many there are, `not_ok` how many of them are `soon`, `stopped` or `over`. `held` is what running
    requests may still use, `share` the part of `allowed` that is used or held, and `resets_at` null where no window
    ends. `stopped`: nothing more is let through; `over`: a soft limit is passed, which stops nobody.
    """

    scope: str
    allowed: ShownAmount
    used: ShownAmount
    held: ShownAmount
    left: ShownAmount
    share: float
    state: Standing
    resets_at: str | None
    counters: int
    not_ok: int


class ListedLimit(ShownLimit):
    """A limit, with how it stands where that was asked for; null for one that is shadowed, and of `concurrency`."""

    use: UseNow | None = None


class HoldingLimit(BaseModel):
    """A limit that holds whoever asks, with how it stands.

    `scope` is whose counter it is. Amounts are null of a limit of the whole installation, except for administrators:
    what everybody uses together is not everybody's to know, but whether it stops them is.
    """

    scope: str
    metric: Metric
    window: str
    tz: str
    mode: Mode
    allowed: ShownAmount | None
    used: ShownAmount | None
    held: ShownAmount | None
    left: ShownAmount | None
    share: float | None
    state: Standing
    resets_at: str | None
    boost_until: str | None


class MadeLimit(ShownLimit):
    """A limit as it is now, with what whoever made it should know."""

    warnings: list[str]


class NewLimit(Strict):
    """A limit to be made; docs/limits.md explains the words."""

    scope: Text
    metric: Text
    amount: Amount
    window: Text = "lifetime"
    mode: Text = "hard"
    tz: Text = "UTC"
    week_start: Text = "monday"
    boost: Amount | None = None
    boost_until: AwareDatetime | None = None
    carry_over: Amount | None = None
    comment: Note = ""


class ChangedLimit(Strict):
    """What is to change; a field that is absent stays."""

    amount: Amount | None = None
    carry_over: Amount | None = None
    comment: Note | None = None


class NewBoost(Strict):
    """An extra amount until a time, in place of the boost before it; an amount of 0 ends that."""

    amount: Amount
    until: AwareDatetime | None = None
    reason: Note = ""


class NewReset(Strict):
    """Whose use is given back: `scope` is one concrete scope of a template; without it everybody's is."""

    scope: Text | None = None
    reason: Note = ""


class ScopeUse(BaseModel):
    """One counter. `held` is what running requests may still use; `resets_at` is null where no window ends."""

    scope: str
    amount: ShownAmount
    used: ShownAmount
    held: ShownAmount
    left: ShownAmount
    resets_at: str | None


class LimitUse(BaseModel):
    """What is used of a limit, by each scope that it counts apart, in the order of their names.

    `next` is what to ask for as `after`, null at the end.
    """

    limit: ShownLimit
    data: list[ScopeUse]
    next: str | None


class GivenBack(BaseModel):
    """What a reset gave back to one scope."""

    scope: str
    amount: ShownAmount


class Reset(BaseModel):
    """What a reset gave back."""

    data: list[GivenBack]
