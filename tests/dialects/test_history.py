from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.history import count_states, repaired
from tokenrouter.domain.items import (
    Call,
    CallOutput,
    Foreign,
    Image,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Text,
    Url,
)

USER = Message("user", (Text("go"),))


def output(call_id: str, text: str = "1") -> CallOutput:
    return CallOutput(call_id, (Text(text),), name="f")


def test_state_is_counted_wherever_it_is() -> None:
    state = ProviderState("gemini", "thought_signature", "s")
    said = Message("assistant", (Text("a", state=state), Text("b"), Text("c", state=state)))

    assert count_states((USER, Reasoning(state=state), said, Call("a", "f", state=state), output("a"))) == 4


def test_a_sound_history_stays_as_it_is() -> None:
    items = (USER, Call("a", "f"), Call("b", "f"), output("a"), output("b"), USER)

    assert repaired(items, "any") == items


def test_an_interrupted_call_gets_an_output_that_says_so() -> None:
    _, call, answer, _ = repaired((USER, Call("a", "f"), USER), "any")

    assert isinstance(answer, CallOutput)
    assert answer.is_error
    assert isinstance(call, Call)
    assert answer.call_id == call.call_id


def test_an_output_without_its_call_becomes_a_users_words_and_keeps_its_pictures() -> None:
    picture = Image(Url("https://x/y.png"))
    (message,) = repaired((CallOutput("gone", (Text("1"), picture)),), "any")

    assert isinstance(message, Message)
    assert message.role == "user"
    assert message.parts[1] == picture


def test_ids_that_every_turn_uses_again_are_made_unique_in_pairs() -> None:
    items = (Call("call_0", "f"), output("call_0", "1"), USER, Call("call_0", "f"), output("call_0", "2"))

    ids = [item.call_id for item in repaired(items, "safe") if isinstance(item, Call | CallOutput)]
    assert ids == ["call_0", "call_0", "call_0_2", "call_0_2"]


def test_two_calls_with_one_id_in_one_turn_get_their_outputs_in_order() -> None:
    items = (Call("x", "f"), Call("x", "g"), output("x", "1"), output("x", "2"))

    outputs = [item for item in repaired(items, "any") if isinstance(item, CallOutput)]
    assert [(item.name, item.parts) for item in outputs] == [("f", (Text("1"),)), ("g", (Text("2"),))]


def test_outputs_stand_in_the_order_of_their_calls_and_directly_behind_them() -> None:
    items = (Call("a", "f"), Message("assistant", (Text("hm"),)), Call("b", "f"), output("b"), output("a"))

    assert [getattr(item, "call_id", "") for item in repaired(items, "any")] == ["a", "", "b", "a", "b"]


def test_a_step_of_the_providers_own_tool_does_not_end_the_turn_that_called() -> None:
    step = Foreign("anthropic-messages", "server_tool_use", b"{}")
    items = (Call("a", "f"), step, output("a"))

    assert repaired(items, "any") == items


ids = st.sampled_from(["a", "b", "odd:1", "x" * 80])
items_of_any_kind = st.one_of(
    st.builds(Call, ids, st.just("f")),
    st.builds(output, ids),
    st.just(USER),
    st.just(Message("assistant", (Text("x"),))),
)


@given(st.lists(items_of_any_kind, max_size=12), st.sampled_from(["any", "safe", "nine"]))
def test_every_call_has_exactly_one_output_behind_it_whatever_came(items: list[Item], rule: str) -> None:
    mended = repaired(tuple(items), rule)  # type: ignore[arg-type]
    calls = [item.call_id for item in mended if isinstance(item, Call)]

    assert calls == [item.call_id for item in mended if isinstance(item, CallOutput)]
    assert len(set(calls)) == len(calls)
    assert len(calls) == sum(isinstance(item, Call) for item in items)


def test_a_call_between_the_outputs_of_others_begins_another_turn() -> None:
    items = (Call("a", "f"), Call("b", "f"), output("a"), Call("c", "f"), output("b"), output("c"))

    mended = repaired(items, "any")

    assert [item.call_id for item in mended if isinstance(item, CallOutput)] == ["a", "b", "c"]
    assert [item.is_error for item in mended if isinstance(item, CallOutput)] == [False, True, True]


CALLS = st.sampled_from("ab").map(lambda call_id: Call(call_id, "f"))
OUTPUTS = st.sampled_from("ab").map(output)


@given(st.lists(st.one_of(CALLS, OUTPUTS, st.just(USER), st.just(Reasoning(("hm",))))))
def test_a_mended_history_needs_no_mending(items: list[Item]) -> None:
    mended = repaired(tuple(items), "safe")

    assert repaired(mended, "safe") == mended
