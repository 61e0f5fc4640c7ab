import pytest

from tokenrouter.dialects.gemini.losses import (
    AI_STUDIO,
    ANSWER_LOSSES,
    CARRIED,
    LEVELS,
    REQUEST_LOSSES,
    is_among,
    plain_model,
)
from tokenrouter.dialects.losses import SETTINGS


def test_every_setting_is_carried_or_has_a_row() -> None:
    assert SETTINGS.keys() - CARRIED <= REQUEST_LOSSES.keys()
    assert SETTINGS.keys() >= CARRIED


def test_nothing_of_an_answer_is_refused() -> None:
    assert not [loss for loss in ANSWER_LOSSES.values() if loss.fate == "refused"]


@pytest.mark.parametrize(
    ("model", "levels"),
    [
        ("gemini-3-pro-preview", ("LOW", "HIGH")),
        ("models/gemini-3.1-pro-preview", ("LOW", "MEDIUM", "HIGH")),
        ("publishers/google/models/gemini-3-flash", LEVELS),
        ("google/gemini-4.5-pro", ("LOW", "MEDIUM", "HIGH")),
        ("gemini-pro-latest", ("LOW", "MEDIUM", "HIGH")),
        ("models/gemini-flash-lite-latest", LEVELS),
    ],
)
def test_newer_models_think_by_levels_whatever_stands_before_their_name(model: str, levels: tuple[str, ...]) -> None:
    thinking = AI_STUDIO.thinking_of(model)

    assert thinking is not None
    assert thinking.levels == levels


@pytest.mark.parametrize("model", ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite-001"])
def test_the_2_5_models_think_by_budgets(model: str) -> None:
    thinking = AI_STUDIO.thinking_of(model)

    assert thinking is not None
    assert not thinking.levels
    assert 0 < thinking.least < thinking.most


@pytest.mark.parametrize("model", ["gemini-2.0-flash", "gemma-3-27b", "my-endpoint"])
def test_other_models_are_not_told(model: str) -> None:
    assert AI_STUDIO.thinking_of(model) is None


def test_names_are_compared_without_their_path() -> None:
    assert plain_model("models/gemini-3-pro") == plain_model("gemini-3-pro") == "gemini-3-pro"
    assert is_among("google/gemini-3-pro", ("gemini-3*",))
    assert not is_among("gemini-2.5-pro", ("gemini-3*",))
