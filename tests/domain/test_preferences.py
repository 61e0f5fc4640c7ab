import pytest

from tokenrouter.domain.preferences import MaxPrice, Preferences, SortBy, split_suffix


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("llama:floor", ("llama", "price")),
        ("acme/llama:nitro", ("acme/llama", "throughput")),
        ("llama:free", ("llama:free", "")),
        (":floor", (":floor", "")),
        ("llama:floor:7b", ("llama:floor:7b", "")),
        ("llama", ("llama", "")),
    ],
)
def test_a_suffix_says_what_comes_first(model: str, expected: tuple[str, SortBy]) -> None:
    assert split_suffix(model) == expected


@pytest.mark.parametrize(
    "wishes",
    [
        Preferences(order=("a",)),
        Preferences(only=("a",)),
        Preferences(ignore=("a",)),
        Preferences(sort="price"),
        Preferences(allow_fallbacks=False),
        Preferences(max_price=MaxPrice()),
    ],
)
def test_whoever_wishes_anything_of_providers_chooses_among_them(wishes: Preferences) -> None:
    assert wishes.chooses_providers


def test_whoever_names_models_only_does_not() -> None:
    assert not Preferences(("a", "b"), unheard=("provider.zdr",)).chooses_providers
