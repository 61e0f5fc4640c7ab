from typing import Any

import pytest

from tokenrouter.dialects.bedrock.losses import REQUEST_LOSSES
from tokenrouter.dialects.bedrock.models import ModelTraits, Thinking
from tokenrouter.dialects.bedrock.thinking import ThinkingPlan, plan_thinking
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.requests import ReasoningControl, Request

OFF = {"thinking": {"type": "disabled"}}


def plan(
    thinking: Thinking, control: ReasoningControl | None, *, forces_tool: bool = False, most: int | None = None
) -> tuple[ThinkingPlan, set[str]]:
    losses = Losses(REQUEST_LOSSES)
    request = Request("m", (), reasoning=control, max_output_tokens=most)
    planned = plan_thinking(request, ModelTraits(thinking), losses, forces_tool=forces_tool)
    return planned, {loss.feature for loss in losses.noted()}


def budget(tokens: int) -> dict[str, Any]:
    return {"thinking": {"type": "enabled", "budget_tokens": tokens}}


@pytest.mark.parametrize("thinking", ["none", "budget", "adaptive", "nova", "effort", "reasoning"])
def test_nothing_is_said_where_the_client_said_nothing(thinking: Thinking) -> None:
    assert plan(thinking, None) == plan(thinking, ReasoningControl()) == (ThinkingPlan(), set())


@pytest.mark.parametrize(
    ("control", "fields", "lost"),
    [
        (ReasoningControl(budget_tokens=5000), budget(5000), set()),
        (ReasoningControl(budget_tokens=10), budget(1024), set()),
        (ReasoningControl("high"), budget(24576), {"reasoning.effort"}),
        (ReasoningControl(adaptive=True), budget(8192), {"reasoning.effort"}),
        (ReasoningControl(budget_tokens=-1), budget(8192), set()),
        (ReasoningControl("none"), OFF, set()),
        (ReasoningControl(budget_tokens=0), OFF, set()),
    ],
)
def test_claude_up_to_4_5_thinks_by_a_budget(control: ReasoningControl, fields: dict[str, Any], lost: set[str]) -> None:
    planned, noted = plan("budget", control)

    assert (planned.fields, noted) == (fields, lost)
    assert planned.is_signed == (planned.fields != OFF)


def test_a_budget_stays_below_the_output_limit_and_ends_where_there_is_no_room() -> None:
    assert plan("budget", ReasoningControl(budget_tokens=5000), most=5000)[0].fields == budget(4999)
    assert plan("budget", ReasoningControl(budget_tokens=5000), most=1024) == (ThinkingPlan(OFF), {"reasoning.small"})


@pytest.mark.parametrize(
    ("control", "thinking", "effort", "lost"),
    [
        (ReasoningControl("xhigh", adaptive=True), {"type": "adaptive"}, "xhigh", set()),
        (ReasoningControl("minimal"), {"type": "adaptive"}, "low", {"reasoning.effort"}),
        (ReasoningControl(adaptive=True), {"type": "adaptive"}, "", set()),
        (ReasoningControl(budget_tokens=8000), {"type": "adaptive"}, "medium", {"reasoning.budget"}),
        (ReasoningControl("low", shown=True), {"type": "adaptive", "display": "summarized"}, "low", set()),
        (ReasoningControl("low", summary="auto"), {"type": "adaptive", "display": "summarized"}, "low", set()),
        (ReasoningControl("low", shown=False), {"type": "adaptive", "display": "omitted"}, "low", set()),
        (ReasoningControl("none"), {"type": "disabled"}, "", set()),
    ],
)
def test_newer_claudes_think_as_they_see_fit(
    control: ReasoningControl, thinking: dict[str, Any], effort: str, lost: set[str]
) -> None:
    planned, noted = plan("adaptive", control)

    assert (planned.fields["thinking"], planned.effort, noted) == (thinking, effort, lost)
    assert not planned.is_signed


def test_effort_counts_without_thinking_too_but_not_above_high() -> None:
    assert plan("adaptive", ReasoningControl("low", budget_tokens=0))[0] == ThinkingPlan(OFF, "low")
    assert plan("adaptive", ReasoningControl("max", budget_tokens=0))[0] == ThinkingPlan(OFF, "high")
    assert plan("budget", ReasoningControl("low", budget_tokens=0))[0] == ThinkingPlan(OFF)


@pytest.mark.parametrize("thinking", ["budget", "adaptive"])
def test_claude_does_not_think_where_a_tool_is_forced(thinking: Thinking) -> None:
    control = ReasoningControl(budget_tokens=2048)

    assert plan(thinking, control, forces_tool=True) == (ThinkingPlan(OFF), {"reasoning.forced_tool"})
    assert plan(thinking, ReasoningControl("none"), forces_tool=True) == (ThinkingPlan(OFF), set())


@pytest.mark.parametrize(
    ("thinking", "control", "fields"),
    [
        ("nova", ReasoningControl("low"), {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}),
        ("nova", ReasoningControl("max"), {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}),
        ("nova", ReasoningControl("none"), {"reasoningConfig": {"type": "disabled"}}),
        ("effort", ReasoningControl("xhigh"), {"reasoning_effort": "high"}),
        ("effort", ReasoningControl("none"), {"reasoning_effort": "low"}),
        ("effort", ReasoningControl(adaptive=True), {}),
        ("reasoning", ReasoningControl("xhigh"), {"reasoning": {"effort": "xhigh"}}),
        ("reasoning", ReasoningControl("none"), {"reasoning": {"effort": "none"}}),
        ("reasoning", ReasoningControl("minimal"), {"reasoning": {"effort": "low"}}),
        ("none", ReasoningControl("high"), {}),
    ],
)
def test_other_vendors_have_words_of_their_own(
    thinking: Thinking, control: ReasoningControl, fields: dict[str, Any]
) -> None:
    assert plan(thinking, control)[0].fields == fields


def test_a_model_that_cannot_be_told_is_named() -> None:
    assert plan("none", ReasoningControl("high"))[1] == {"reasoning"}
    assert plan("none", ReasoningControl("none"))[1] == set()


def test_nova_at_its_highest_takes_neither_limit_nor_temperature() -> None:
    assert plan("nova", ReasoningControl("high"))[0].excludes == {"sampling", "max_tokens"}
    assert plan("nova", ReasoningControl("low"))[0].excludes == frozenset()
