from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.openai_responses.state import bound_state, read_bound_state, told_state
from tokenrouter.domain.items import ProviderState

call_ids = st.from_regex(r"[A-Za-z0-9_-]{0,64}", fullmatch=True)
states = st.builds(
    ProviderState,
    st.sampled_from(["anthropic-messages", "gemini"]),
    st.sampled_from(["signature", "thought_signature"]),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@given(call_ids, states)
def test_what_was_bound_to_a_call_is_found_again(call_id: str, state: ProviderState) -> None:
    assert read_bound_state(bound_state(state, call_id)) == (call_id, state)


@given(states)
def test_state_of_reasoning_itself_is_bound_to_nothing(state: ProviderState) -> None:
    assert read_bound_state(told_state(state)) is None


def test_openais_own_state_is_bound_to_nothing() -> None:
    own = ProviderState("openai-responses", "encrypted", "gAAA.bc==", "o")

    assert told_state(own) == "gAAA.bc=="
    assert read_bound_state("gAAA.bc==") is None
    assert read_bound_state("a.trs1.%%%") is None
