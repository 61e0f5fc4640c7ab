import pytest

from tokenrouter.dialects.anthropic.losses import ANSWER_LOSSES, ANTHROPIC, MODELS, REQUEST_LOSSES, MessagesQuirks
from tokenrouter.dialects.losses import SETTINGS


def test_every_setting_that_a_request_may_have_has_a_row() -> None:
    assert not SETTINGS.keys() - REQUEST_LOSSES.keys()


def test_an_answer_is_never_refused() -> None:
    assert not [loss for loss in ANSWER_LOSSES.values() if loss.fate == "refused"]


@pytest.mark.parametrize(
    ("model", "max_tokens", "thinking", "off", "sampling"),
    [
        ("claude-fable-5-2", 128_000, "adaptive", "", "none"),
        ("claude-opus-5-5", 128_000, "adaptive", "", "none"),
        ("us.anthropic.claude-opus-5-v1:0", 128_000, "adaptive", "disabled", "none"),
        ("claude-sonnet-5-5", 128_000, "adaptive", "between_tools", "none"),
        ("claude-opus-4-6", 128_000, "both", "disabled", "one"),
        ("claude-opus-4-5@20251101", 64_000, "budget", "disabled", "one"),
        ("claude-haiku-4-5-20251001", 64_000, "budget", "disabled", "one"),
        ("claude-opus-4-1-20250805", 32_000, "budget", "disabled", "one"),
        ("claude-opus-4-20250514", 32_000, "budget", "disabled", "all"),
        ("anthropic.claude-sonnet-4-20250514-v1:0", 64_000, "budget", "disabled", "all"),
        ("claude-3-7-sonnet-20250219", 64_000, "budget", "disabled", "all"),
        ("claude-3-5-haiku-20241022", 8_192, "none", "disabled", "all"),
        ("claude-3-opus-20240229", 4_096, "none", "disabled", "all"),
        ("claude-next-9", 128_000, "adaptive", "disabled", "none"),
        ("other-1", 16_384, "budget", "disabled", "all"),
    ],
)
def test_models_are_known_by_their_names(model: str, max_tokens: int, thinking: str, off: str, sampling: str) -> None:
    traits = ANTHROPIC.traits(model)

    assert (traits.max_tokens, traits.thinking, traits.off, traits.sampling) == (max_tokens, thinking, off, sampling)


def test_the_last_row_fits_every_model_and_a_vendor_without_one_gets_it() -> None:
    assert MODELS[-1][0] == "*"
    assert MessagesQuirks(models=()).traits("x") == MODELS[-1][1]


def test_a_system_turn_behind_a_user_turn_is_known_since_opus_4_8() -> None:
    known = ["claude-opus-4-8", "claude-sonnet-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5"]
    unknown = ["claude-opus-4-7", "claude-sonnet-4-6", "claude-mythos-preview", "other-1"]

    assert all(ANTHROPIC.traits(model).system_turns for model in known)
    assert not any(ANTHROPIC.traits(model).system_turns for model in unknown)


def test_models_that_always_think_know_an_effort_to_think_little() -> None:
    assert all(traits.efforts for _, traits in MODELS if not traits.off)
