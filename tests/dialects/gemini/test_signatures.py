import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.gemini.signatures import MAX_UNSIGNED_CHARS, SKIPPED, read_signature, signature_of
from tokenrouter.domain.items import ProviderState, Reasoning

OWN = ProviderState("gemini", "thought_signature", "EpEgCo4gAb4+9vv/", "acme/gemini-3")
FOREIGN = ProviderState("anthropic-messages", "signature", "sig+/=ü", "acme/claude")
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_a_signature_of_geminis_own_goes_as_it_is() -> None:
    assert signature_of(OWN) == OWN.value
    assert signature_of(None, [Reasoning(("hm",), state=OWN)]) == OWN.value
    assert read_signature(OWN.value).state == ProviderState("gemini", "thought_signature", OWN.value)
    assert read_signature(OWN.value, "o").state == ProviderState("gemini", "thought_signature", OWN.value, "o")


def test_nothing_to_carry_is_no_signature() -> None:
    assert signature_of(None) == ""
    assert signature_of(None, [Reasoning()]) == ""
    assert signature_of(None, [Reasoning(("x" * (MAX_UNSIGNED_CHARS + 1),))]) == ""
    assert read_signature(None) == read_signature("") == (None, (), "")


@pytest.mark.parametrize("word", [SKIPPED, "context_engineering_is_the_way_to_go"])
def test_words_in_place_of_a_signature_are_no_state(word: str) -> None:
    encoded = base64.b64encode(word.encode()).decode()
    for spelled in (word, encoded, encoded.rstrip("="), word.replace("_", "/")):
        assert read_signature(spelled) == (None, (), "")


@given(words, words, st.booleans(), st.sampled_from([None, FOREIGN]))
def test_what_another_provider_wrote_comes_back_with_its_reasoning(
    text: str, value: str, is_summary: bool, state: ProviderState | None
) -> None:
    signed = Reasoning((text, "more"), is_summary, ProviderState("openai-responses", "encrypted", value, "o"), "rs_1")
    whole = signature_of(state, [signed], "call_1")

    assert read_signature(whole) == (state, (signed,), "call_1")
    assert base64.b64decode(whole, validate=True)
    assert read_signature(whole.replace("+", "-").replace("/", "_").rstrip("=")) == (state, (signed,), "call_1")


def test_what_only_looks_like_ours_is_a_signature_like_any_other() -> None:
    value = base64.b64encode(b"trg1.nonsense").decode()

    assert read_signature(value).state == ProviderState("gemini", "thought_signature", value)
