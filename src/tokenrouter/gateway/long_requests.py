"""Long conversations and the windows of models: where one surely does not fit, it is asked last, or not at all (pure).

Windows are what the operator, the provider's own list or the bundled data say, and often nobody does; how many tokens
a text has is only estimated before a provider has counted it. So before the first attempt targets are only put behind
the others, and after a provider has refused a conversation as too long, those are left out whose window is known and
no longer than its.
"""

from typing import Final

from tokenrouter.dialects.json import RawObject
from tokenrouter.dialects.prompt_text import estimated_tokens
from tokenrouter.domain.errors import ContextTooLong
from tokenrouter.gateway.decisions import NO_FACTS
from tokenrouter.gateway.lanes import Lane, Plan

SURELY: Final = 0.5
"""Part of the usual estimate (four characters per token) that a text has at least: eight characters per token are more
than any tokenizer of today reaches on prose or code in one language."""


def fitting_first(plan: Plan, body_bytes: int, fields: RawObject) -> Plan:
    """Return `plan` with those places behind the others whose window is surely shorter than a request of `fields`."""
    lanes = plan.lanes
    if not any(0 < lane.context_tokens < body_bytes for lane in lanes):
        return plan
    tokens = estimated_tokens(fields) * SURELY
    short = [lane for lane in lanes if 0 < lane.context_tokens < tokens]
    if not short:
        return plan
    lanes = (*(lane for lane in lanes if lane not in short), *short)
    return Plan.carried(lanes, plan.conduct, plan.facts or NO_FACTS)


def may_be_longer(lane: Lane, failed: Lane, error: ContextTooLong) -> bool:
    """Return whether what did not fit at `failed` may fit at `lane`."""
    window = lane.context_tokens
    if window == 0:
        return True
    if error.tokens is not None:
        return window >= error.tokens
    return window > max(failed.context_tokens, error.maximum or 0)
