import pytest

from tokenrouter.dialects.anthropic.losses import ANTHROPIC, REQUEST_LOSSES
from tokenrouter.dialects.anthropic.thinking import Thinking, thinking_for
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.requests import ReasoningControl

OFF = ReasoningControl(budget_tokens=0)


def asked(
    model: str, control: ReasoningControl | None, *, max_tokens: int = 64_000, forces_call: bool = False
) -> tuple[Thinking, set[str]]:
    losses = Losses(REQUEST_LOSSES)
    thinking = thinking_for(control, ANTHROPIC.traits(model), max_tokens, losses, forces_call=forces_call)
    return thinking, {loss.feature for loss in losses.noted()}


def budget(tokens: int) -> dict[str, object]:
    return {"type": "enabled", "budget_tokens": tokens}


@pytest.mark.parametrize(
    ("model", "control", "wire", "effort", "lost"),
    [
        ("claude-opus-4-7", None, None, None, set()),
        ("claude-opus-4-7", ReasoningControl("xhigh"), {"type": "adaptive"}, "xhigh", set()),
        ("claude-opus-4-7", ReasoningControl(adaptive=True), {"type": "adaptive"}, None, set()),
        ("claude-opus-4-7", ReasoningControl(None, 8192), {"type": "adaptive"}, "medium", {"reasoning.budget"}),
        ("claude-opus-4-7", ReasoningControl("minimal"), {"type": "adaptive"}, "low", {"reasoning.effort"}),
        ("claude-opus-4-7", OFF, {"type": "disabled"}, None, set()),
        ("claude-opus-4-6", ReasoningControl("xhigh"), {"type": "adaptive"}, "high", {"reasoning.effort"}),
        ("claude-opus-4-6", ReasoningControl(None, 5000), budget(5000), None, set()),
        ("claude-opus-4-5", ReasoningControl("max"), budget(32_000), "high", {"reasoning.effort"}),
        ("claude-sonnet-4-5", ReasoningControl("high"), budget(24_576), None, {"reasoning.effort"}),
        ("claude-sonnet-4-5", ReasoningControl(adaptive=True), budget(8192), None, {"reasoning.effort"}),
        ("claude-sonnet-4-5", ReasoningControl(None, 100), budget(1024), None, set()),
        ("claude-sonnet-4-5", ReasoningControl(None, -1), budget(8192), None, set()),
        ("claude-sonnet-4-5", OFF, {"type": "disabled"}, None, set()),
        ("claude-opus-5-5", None, None, None, set()),
        ("claude-sonnet-5-5", OFF, {"type": "between_tools"}, None, set()),
        ("claude-opus-5-5", OFF, None, "low", {"reasoning.off"}),
        ("claude-opus-5-5", ReasoningControl("max"), {"type": "adaptive"}, "max", set()),
        ("claude-3-5-haiku-20241022", ReasoningControl("high"), None, None, {"reasoning"}),
        ("claude-3-5-haiku-20241022", OFF, None, None, set()),
    ],
)
def test_each_model_is_asked_in_the_form_it_takes(
    model: str, control: ReasoningControl | None, wire: object, effort: str | None, lost: set[str]
) -> None:
    thinking, noted = asked(model, control)

    assert (thinking.wire, thinking.effort) == (wire, effort)
    assert noted == lost


def test_a_budget_leaves_room_for_the_answer_or_there_is_no_thinking() -> None:
    assert asked("claude-sonnet-4-5", ReasoningControl("high"), max_tokens=4096)[0].wire == budget(2048)
    assert asked("claude-sonnet-4-5", ReasoningControl("high"), max_tokens=1024) == (
        Thinking(),
        {"reasoning", "reasoning.effort"},
    )


def test_whether_it_is_shown_goes_along() -> None:
    shown, hidden = ReasoningControl("low", summary="auto"), ReasoningControl("low", shown=False)

    assert asked("claude-opus-4-7", shown)[0].wire == {"type": "adaptive", "display": "summarized"}
    assert asked("claude-opus-4-7", hidden)[0].wire == {"type": "adaptive", "display": "omitted"}


def test_a_forced_call_ends_thinking_where_it_can() -> None:
    high = ReasoningControl("high")

    assert asked("claude-sonnet-4-5", None, forces_call=True) == (Thinking(), set())
    assert asked("claude-opus-5", None, forces_call=True) == (Thinking({"type": "disabled"}), set())
    assert asked("claude-opus-5", ReasoningControl("max"), forces_call=True) == (
        Thinking({"type": "disabled"}, "high"),
        {"reasoning.with_forced_choice"},
    )
    assert asked("claude-sonnet-4-5", OFF, forces_call=True)[0].wire == {"type": "disabled"}
    assert asked("claude-opus-5-5", high, forces_call=True)[0].is_on


def test_whether_a_model_thinks_is_known() -> None:
    high = ReasoningControl("high")

    assert asked("claude-opus-5-5", None)[0].is_on
    assert asked("claude-sonnet-4-5", high)[0].is_on
    assert asked("claude-sonnet-4-5", high)[0].is_budget
    assert not asked("claude-opus-4-7", high)[0].is_budget
    assert not asked("claude-opus-4-7", OFF)[0].is_on
