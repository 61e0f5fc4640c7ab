"""How a request was decided, as the API shows it: what a row of the ledger has as JSON, with every part by name."""

import json

from pydantic import BaseModel, ValidationError


class DecidedAttempt(BaseModel):
    """One place that was asked: what became of it (the code of an error, or how it ended), with which status."""

    target: str
    outcome: str
    status: int


class DecidedWishes(BaseModel):
    """What a request said of providers (docs/aliases.md). `max_price`: whether it bounded the price."""

    order: list[str] = []
    only: list[str] = []
    ignore: list[str] = []
    sort: str = ""
    sorts_models: bool = False
    allow_fallbacks: bool = True
    max_price: bool = False


class Decision(BaseModel):
    """How it was found where to ask (docs/explain.md); what does not apply is empty.

    `by`: how the name was found. `profile` and `selection` are of the alias, `models` and `wishes` what the request
    said. `order`: the places, the first one first. `left_out` and `cooling`: places, each with why.
    """

    by: str = ""
    profile: str = ""
    selection: str = ""
    sticky: bool = False
    models: list[str] = []
    wishes: DecidedWishes | None = None
    order: list[str] = []
    left_out: dict[str, str] = {}
    cooling: dict[str, str] = {}
    attempts: list[DecidedAttempt] = []


def shown_decision(text: str) -> Decision | None:
    """Return what a row says of how it was decided; None where it says nothing that can be read."""
    if not text:
        return None
    try:
        return Decision.model_validate(json.loads(text))
    except (ValueError, ValidationError):
        return None
