import pytest

from tokenrouter.dialects.openai.tiers import told_tier


@pytest.mark.parametrize(
    ("tier", "told"),
    [
        ("", ""),
        ("default", "default"),
        ("flex", "flex"),
        ("standard", "default"),
        ("on_demand", "default"),
        ("batch", ""),
        ("reserved", ""),
    ],
)
def test_only_openais_words_are_told(tier: str, told: str) -> None:
    assert told_tier(tier) == told
