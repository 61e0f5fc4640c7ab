"""Aliases as `/api/v1/aliases` takes and shows them.

Only the shapes: what the values may be is said by `domain/alias_text.py`, as it is for the file and the command line.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt

from tokenrouter.admin.limit_bodies import Note, Strict
from tokenrouter.admin.texts import Text
from tokenrouter.domain.aliases import GLOBAL


class TargetBody(Strict):
    """One place that an alias may lead to: `target` is `provider/model` or another alias."""

    target: Text | None = None
    provider: Text | None = None
    model: Text | None = None
    profile: Text = "default"
    weight: StrictInt | None = None


class ConductBody(Strict):
    """How requests to an alias are carried; times in seconds. docs/aliases.md explains the words."""

    sticky: StrictBool | None = None
    deadline_s: StrictFloat | None = None
    hedge: StrictBool | None = None
    hedge_after_s: StrictFloat | None = None
    hedge_percent: StrictFloat | None = None
    min_tokens_per_s: StrictFloat | None = None
    probe_s: StrictFloat | None = None
    continue_streams: StrictBool | None = None
    refused_elsewhere: StrictBool | None = None


class ChangedAlias(ConductBody):
    """What is to change; a field that is absent stays, targets are replaced together."""

    targets: Annotated[list[Text | TargetBody], Field(max_length=100)] | None = None
    selection: Text | None = None
    fallback: Text | None = None
    use_light_model: StrictBool | None = None
    light_model: Text | None = None
    light_model_threshold: StrictInt | None = None
    comment: Note | None = None


class NewAlias(ChangedAlias):
    """An alias to be made; docs/aliases.md explains the words."""

    name: Text
    scope: Text = GLOBAL


class ShownTarget(BaseModel):
    """One place that an alias may lead to."""

    target: str
    profile: str
    weight: int


class ShownAlias(BaseModel):
    """An alias.

    `leads_to` are the models that it leads to now, the usual ones first; where there are none, `problem` says why.
    `declared_at` says where an alias of the file is to be changed; one that is `shadowed` counts for nobody, since the
    file has one in its place.
    """

    name: str
    scope: str
    targets: list[ShownTarget]
    selection: str
    fallback: str
    use_light_model: bool
    light_model: str
    light_model_threshold: int
    sticky: bool
    deadline_s: float
    hedge: bool
    hedge_after_s: float
    hedge_percent: float
    min_tokens_per_s: float
    probe_s: float
    continue_streams: bool
    refused_elsewhere: bool
    comment: str
    leads_to: list[str]
    problem: str
    origin: Literal["file", "database"]
    declared_at: str
    shadowed: bool
    created_at: str | None


class AliasList(BaseModel):
    """Aliases, those of the file first; the profiles that all have, and the one that counts.

    `next` is the `after` of the page after this one, null at the end.
    """

    active_model_profile: str
    profiles: list[str]
    data: list[ShownAlias]
    next: str | None = None
