"""How a model shall think, in Anthropic's two forms: a budget of tokens, or adaptively within an effort.

What one model takes another refuses, and thinking forbids other things (forced calls, sampling), so one place
decides what is asked and what is told to the client as lost.
"""

from dataclasses import dataclass
from typing import Any, Final

from tokenrouter.dialects.anthropic.losses import ModelTraits
from tokenrouter.dialects.effort import BUDGETS, budget_of, effort_of
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.requests import Effort, ReasoningControl

Wire = dict[str, Any]
MIN_BUDGET: Final = 1024
"""The least budget (platform.claude.com/docs, extended thinking, read 2026-11)."""
_WORDS: Final[tuple[Effort, ...]] = tuple(BUDGETS)
_MOST_WHEN_OFF: Final = "high"
"""The strongest effort that goes with thinking switched off (Claude Opus 5's page, read 2026-11)."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """What is asked: the `thinking` object and the effort, None where nothing is said.

    `is_on` says that the model will think, which allows neither a prefilled answer nor most sampling.
    """

    wire: Wire | None = None
    effort: Effort | None = None
    is_on: bool = False

    @property
    def is_budget(self) -> bool:
        """Whether every turn in progress must begin with signed thoughts (not so in the adaptive form)."""
        return self.wire is not None and self.wire["type"] == "enabled"


def thinking_for(
    control: ReasoningControl | None, traits: ModelTraits, max_tokens: int, losses: Losses, *, forces_call: bool
) -> Thinking:
    """Return what to ask of a model; `forces_call`: it is made to call a tool."""
    wants = control is not None and not control.is_off
    if traits.thinking == "none":
        if wants:
            losses.note("reasoning")
        return Thinking()
    if not traits.off:
        return _always(control, traits, losses)
    if forces_call:
        return _forced(control, traits, losses)
    if control is None:
        return Thinking()
    if control.is_off:
        return Thinking({"type": traits.off})
    budget = control.budget_tokens
    is_budget = traits.thinking == "budget" or (traits.thinking == "both" and budget is not None and budget > 0)
    return _budget(control, traits, max_tokens, losses) if is_budget else _adaptive(control, traits, losses)


def _always(control: ReasoningControl | None, traits: ModelTraits, losses: Losses) -> Thinking:
    if control is None:
        return Thinking(is_on=True)
    if control.is_off:
        losses.note("reasoning.off")
        return Thinking(effort=traits.efforts[0] if traits.efforts else None, is_on=True)
    return _adaptive(control, traits, losses)


def _forced(control: ReasoningControl | None, traits: ModelTraits, losses: Losses) -> Thinking:
    """Thinking gives way to a forced call: both together are refused, and the call is what the client insists on."""
    off: Wire = {"type": traits.off}
    if control is None:
        return Thinking(off if traits.thinking == "adaptive" else None)
    if control.is_off:
        return Thinking(off)
    losses.note("reasoning.with_forced_choice")
    effort = effort_of(control)
    if effort is None or _MOST_WHEN_OFF not in traits.efforts:
        return Thinking(off)
    known = traits.efforts[: traits.efforts.index(_MOST_WHEN_OFF) + 1]
    return Thinking(off, _nearest(effort, known))


def _adaptive(control: ReasoningControl, traits: ModelTraits, losses: Losses) -> Thinking:
    wire: Wire = {"type": "adaptive"}
    if control.shown is False:
        wire["display"] = "omitted"
    elif control.shown or control.summary:
        wire["display"] = "summarized"
    return Thinking(wire, _effort(control, traits, losses), is_on=True)


def _effort(control: ReasoningControl, traits: ModelTraits, losses: Losses) -> Effort | None:
    wanted = effort_of(control)
    if wanted is None or not traits.efforts:
        return None
    if control.effort is None:
        losses.note("reasoning.budget")
    nearest = _nearest(wanted, traits.efforts)
    if control.effort is not None and nearest != wanted:
        losses.note("reasoning.effort")
    return nearest


def _nearest(wanted: Effort, known: tuple[Effort, ...]) -> Effort:
    """Return the strongest of `known` that is not above `wanted`, else the weakest."""
    place = _WORDS.index(wanted)
    fitting = [word for word in known if _WORDS.index(word) <= place]
    return fitting[-1] if fitting else known[0]


def _budget(control: ReasoningControl, traits: ModelTraits, max_tokens: int, losses: Losses) -> Thinking:
    """A budget must leave room for the answer: `max_tokens` counts both."""
    asked = budget_of(control)
    if control.budget_tokens is None:
        losses.note("reasoning.effort")
    tokens = BUDGETS["medium"] if asked is None or asked < 0 else max(asked, MIN_BUDGET)
    if tokens >= max_tokens:
        tokens = max(MIN_BUDGET, max_tokens // 2)
    if tokens >= max_tokens:
        losses.note("reasoning")
        return Thinking()
    effort = None if control.effort is None or not traits.efforts else _nearest(control.effort, traits.efforts)
    return Thinking({"type": "enabled", "budget_tokens": tokens}, effort, is_on=True)
