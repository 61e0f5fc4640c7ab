"""How hard to think, in the words of each vendor whose models Bedrock offers.

Claude: "Extended thinking" and "Adaptive thinking" (docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-…,
read 2026-11) and `OutputConfig.effort`; Nova: "Extended thinking" of the Nova 2 guide; OpenAI's and Moonshot's
models as measured (anomalyco/opencode#48195, 2026-09).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tokenrouter.dialects.bedrock.models import ModelTraits
from tokenrouter.dialects.effort import budget_of, effort_of
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.requests import Effort, ReasoningControl, Request

Wire = dict[str, Any]

LEAST_BUDGET: Final = 1024
"""Anthropic's least `budget_tokens`, which must also be below the output limit."""
_LEAST_TOP_P: Final = 0.95

_CLAUDE_EFFORTS: Final[Mapping[Effort, str]] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}
_THREE_EFFORTS: Final[Mapping[Effort, str]] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
"""What Nova 2, gpt-oss and Kimi know, and Claude where it does not think."""
_OPENAI_EFFORTS: Final[Mapping[Effort, str]] = {**_CLAUDE_EFFORTS, "none": "none"}


@dataclass(frozen=True, slots=True)
class ThinkingPlan:
    """What is said of thinking.

    Attributes:
        fields: for `additionalModelRequestFields`.
        effort: for `outputConfig.effort`, or empty.
        excludes: settings that are refused beside it: `sampling` (all but top_p of 0.95 and more), `max_tokens`.
        is_signed: whether a turn that has called tools must begin with its reasoning.
    """

    fields: Wire = field(default_factory=dict)
    effort: str = ""
    excludes: frozenset[str] = frozenset()
    is_signed: bool = False


_SILENT: Final = ThinkingPlan()
_OFF: Final = ThinkingPlan({"thinking": {"type": "disabled"}})


def plan_thinking(request: Request, traits: ModelTraits, losses: Losses, *, forces_tool: bool) -> ThinkingPlan:
    """Return what to say of thinking; `forces_tool`: a tool must be called, which excludes thinking at Anthropic."""
    control = request.reasoning
    if control is None or control == ReasoningControl():
        return _SILENT
    if traits.thinking == "none":
        if not control.is_off:
            losses.note("reasoning")
        return _SILENT
    if traits.thinking in ("budget", "adaptive") and (control.is_off or forces_tool):
        if not control.is_off:
            losses.note("reasoning.forced_tool")
        return _switched_off(control, traits)
    return _PLANNERS[traits.thinking](request, control, losses)


def without_thinking() -> ThinkingPlan:
    """Return what turns a Claude's thinking off."""
    return _OFF


def top_p_is_allowed(top_p: float) -> bool:
    """Whether Claude takes `top_p` while it thinks."""
    return top_p >= _LEAST_TOP_P


def _switched_off(control: ReasoningControl, traits: ModelTraits) -> ThinkingPlan:
    """Effort counts without thinking too, "capped at high" then (API reference, "OutputConfig", read 2026-11)."""
    if traits.thinking != "adaptive" or control.effort in (None, "none"):
        return _OFF
    word = _THREE_EFFORTS[control.effort]
    return ThinkingPlan(_OFF.fields, word)


def _by_budget(request: Request, control: ReasoningControl, losses: Losses) -> ThinkingPlan:
    budget = budget_of(control)
    if budget is None or budget < 0:
        budget = budget_of(ReasoningControl("medium")) or LEAST_BUDGET
    if control.budget_tokens is None:
        losses.note("reasoning.effort")
    most = request.max_output_tokens
    if most is not None and most <= budget:
        budget = most - 1
        if budget < LEAST_BUDGET:
            losses.note("reasoning.small")
            return _OFF
    thinking = {"type": "enabled", "budget_tokens": max(budget, LEAST_BUDGET)}
    return ThinkingPlan({"thinking": thinking}, excludes=frozenset(("sampling",)), is_signed=True)


def _adaptively(_: Request, control: ReasoningControl, losses: Losses) -> ThinkingPlan:
    thinking: Wire = {"type": "adaptive"}
    if control.shown is not None or control.summary:
        thinking["display"] = "omitted" if control.shown is False else "summarized"
    effort = _word(control, _CLAUDE_EFFORTS, losses)
    return ThinkingPlan({"thinking": thinking}, effort, frozenset(("sampling",)))


def _as_nova(_: Request, control: ReasoningControl, losses: Losses) -> ThinkingPlan:
    if control.is_off:
        return ThinkingPlan({"reasoningConfig": {"type": "disabled"}})
    word = _word(control, _THREE_EFFORTS, losses) or "medium"
    excludes = frozenset(("sampling", "max_tokens")) if word == "high" else frozenset[str]()
    return ThinkingPlan({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": word}}, excludes=excludes)


def _by_word(_: Request, control: ReasoningControl, losses: Losses) -> ThinkingPlan:
    word = _word(control, _THREE_EFFORTS, losses)
    return ThinkingPlan({"reasoning_effort": word} if word else {})


def _by_openai_word(_: Request, control: ReasoningControl, losses: Losses) -> ThinkingPlan:
    word = _word(control, _OPENAI_EFFORTS, losses)
    return ThinkingPlan({"reasoning": {"effort": word}} if word else {})


def _word(control: ReasoningControl, words: Mapping[Effort, str], losses: Losses) -> str:
    """Return the model's word for the effort, empty where the client leaves it to the model."""
    effort = effort_of(control)
    if effort is None:
        return ""
    word = words.get(effort, words["minimal"])
    if control.effort is None:
        losses.note("reasoning.budget")
    elif word != effort:
        losses.note("reasoning.effort")
    return word


_PLANNERS: Final[Mapping[str, Callable[[Request, ReasoningControl, Losses], ThinkingPlan]]] = {
    "budget": _by_budget,
    "adaptive": _adaptively,
    "nova": _as_nova,
    "effort": _by_word,
    "reasoning": _by_openai_word,
}
