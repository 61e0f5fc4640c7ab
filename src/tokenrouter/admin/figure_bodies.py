"""What lists of keys, teams and people say beside each, where they are asked for it."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from tokenrouter.admin.limit_bodies import ShownAmount
from tokenrouter.domain.limits import Metric, Mode

WithFigures = Annotated[bool, Query(description="Whether to say what belongs to each and what it used this month.")]


class BriefLimit(BaseModel):
    """A limit in short; of `cost_usd`, the amount is US dollars as text."""

    metric: Metric
    window: str
    amount: ShownAmount
    mode: Mode


class ShownMonth(BaseModel):
    """What was used since the UTC month began; `tokens` are input and output together."""

    requests: int
    tokens: int
    cost_usd: str
    cost_nano_usd: int


class KeyFigures(BaseModel):
    """Of a key: the name of the one above it, how many stand directly below, limits on it, use and the last request.

    `limits` is how many there are, and `first_limits` says three of them, as everywhere here.
    `last_used_at` is null where the ledger has no request of it (any more).
    """

    parent: str | None
    children: int
    limits: int
    first_limits: list[BriefLimit]
    last_used_at: str | None
    month: ShownMonth


class TeamFigures(BaseModel):
    """Of a team: how many are in it, its keys, limits on it, and its use."""

    members: int
    keys: int
    limits: int
    first_limits: list[BriefLimit]
    month: ShownMonth


class ShownTeamOfUser(BaseModel):
    """A team that a person is in."""

    team: str
    admin: bool


class UserFigures(BaseModel):
    """Of a person: the teams they are in, their keys, limits on them, and their use, as far as the caller sees it."""

    teams: list[ShownTeamOfUser]
    keys: int
    limits: int
    first_limits: list[BriefLimit]
    month: ShownMonth
