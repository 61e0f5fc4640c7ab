"""How hard to think, in words and in tokens: dialects have the one or the other.

The steps are what several gateways and SDKs have settled on (a common table, not any vendor's promise).
"""

from collections.abc import Mapping
from typing import Final

from tokenrouter.domain.requests import Effort, ReasoningControl

BUDGETS: Final[Mapping[Effort, int]] = {
    "none": 0,
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 24576,
    "xhigh": 32768,
    "max": 65536,
}
"""Tokens that a word stands for; Anthropic's least budget is 1024."""


def effort_of(control: ReasoningControl) -> Effort | None:
    """Return how hard to think in a word; None where the client leaves it to the model."""
    if control.effort is not None:
        return control.effort
    budget = control.budget_tokens
    if budget is None or budget < 0:
        return None
    return next((word for word, tokens in BUDGETS.items() if budget <= tokens), "max")


def budget_of(control: ReasoningControl) -> int | None:
    """Return the tokens to think with, -1 for as many as the model likes; None where the client leaves it open."""
    if control.budget_tokens is not None:
        return control.budget_tokens
    return None if control.effort is None else BUDGETS[control.effort]
