import pytest

from tokenrouter.dialects.bedrock.models import MODELS, ConverseQuirks, ModelTraits


@pytest.mark.parametrize(
    ("model", "thinking", "samples"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", "none", True),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "none", True),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "budget", True),
        ("eu.anthropic.claude-sonnet-4-20250514-v1:0", "budget", True),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", "budget", True),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "budget", True),
        ("anthropic.claude-opus-4-6-v1", "adaptive", True),
        ("us.anthropic.claude-opus-4-7", "adaptive", False),
        ("anthropic.claude-opus-5", "adaptive", False),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-5-v1:0", "adaptive", False),
        ("us.amazon.nova-2-lite-v1:0", "nova", True),
        ("amazon.nova-pro-v1:0", "none", True),
        ("openai.gpt-oss-120b-1:0", "effort", True),
        ("us.openai.gpt-6-astra", "reasoning", True),
        ("moonshotai.kimi-k2-thinking", "effort", True),
        ("meta.llama3-1-70b-instruct-v1:0", "none", True),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", "none", True),
    ],
)
def test_models_are_known_by_their_names(model: str, thinking: str, samples: bool) -> None:
    traits = ConverseQuirks().traits(model)

    assert (traits.thinking, traits.samples) == (thinking, samples)


def test_every_row_of_the_table_can_be_met() -> None:
    """A row behind a wider one would never count."""
    for number, (pattern, traits) in enumerate(MODELS):
        name = pattern.replace("*", "-x-")
        before = MODELS[:number]
        assert ConverseQuirks(before).traits(name) == ModelTraits() or ConverseQuirks(before).traits(name) == traits, (
            pattern
        )


def test_an_operator_may_know_better() -> None:
    mine = ConverseQuirks((("*application-inference-profile/abc", ModelTraits("adaptive")), *MODELS))

    assert mine.traits("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc").thinking == "adaptive"
    assert mine.traits("amazon.nova-pro-v1:0").forces == "tool"
