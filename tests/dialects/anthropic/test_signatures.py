from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.anthropic.signatures import call_signature, call_state, is_anthropics_own, signature_of
from tokenrouter.dialects.carried_state import unseal
from tokenrouter.domain.items import ProviderState

OWN = ProviderState("anthropic-messages", "signature", "EqQBCgIYAhIM", "anthropic/m")
FOREIGN = ProviderState("gemini", "thought_signature", "g", "google/g")


def test_anthropics_own_goes_as_it_is_and_anothers_sealed() -> None:
    assert signature_of(OWN) == "EqQBCgIYAhIM"
    sealed = ProviderState("anthropic-messages", "signature", signature_of(FOREIGN))
    assert unseal(sealed) == FOREIGN


@given(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True), st.text(max_size=30))
def test_state_of_a_call_comes_back_with_its_id(call_id: str, value: str) -> None:
    state = ProviderState("gemini", "thought_signature", value, "google/g")
    carried = call_state(call_signature(call_id, state))

    assert carried is not None
    assert (carried[0], unseal(carried[1])) == (call_id, state)


def test_only_a_signature_that_anthropic_may_have_made_is_its_own() -> None:
    assert is_anthropics_own("EqQBCgIYAhIM")
    assert call_state("EqQBCgIYAhIM") is None
    assert not any(map(is_anthropics_own, ("", signature_of(FOREIGN), call_signature("c", FOREIGN))))
