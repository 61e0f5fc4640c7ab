from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tokenrouter.dialects.carried_state import seal
from tokenrouter.dialects.state_memory import KeptState, StateMemory, StateWatcher, with_kept_state
from tokenrouter.domain.answers import (
    Answer,
    ArgumentsGrew,
    Choice,
    ItemBegun,
    ItemEnded,
    ReasoningGrew,
    StateArrived,
    Stop,
)
from tokenrouter.domain.items import Call, CallOutput, Item, Message, ProviderState, Reasoning, Text

SIGNED = ProviderState("anthropic-messages", "signature", "sig", "acme/m")
OTHER = ProviderState("gemini", "thought_signature", "tho", "acme/m")
THOUGHT = Reasoning(("let me see",), state=SIGNED)
ASKED = Message("user", (Text("how is it?"),))
CALL = Call("c1", "look", "{}")
RESULT = CallOutput("c1", (Text("fine"),))


def remembering(*entries: tuple[str, KeptState]) -> StateMemory:
    memory = StateMemory()
    for call_id, kept in entries:
        memory.remember("t", call_id, kept)
    return memory


def test_reasoning_comes_back_before_the_call_it_belongs_to() -> None:
    memory = remembering(("c1", KeptState((THOUGHT,), OTHER)))

    items = with_kept_state((ASKED, CALL, RESULT), memory, "t")

    assert items == (ASKED, THOUGHT, replace(CALL, state=OTHER), RESULT)


def test_the_same_text_that_the_client_sent_back_without_its_state_is_replaced() -> None:
    memory = remembering(("c1", KeptState((THOUGHT,), None)))
    said = Message("assistant", (Text("one moment"),))

    items = with_kept_state((ASKED, Reasoning(("let me see",)), said, CALL, RESULT), memory, "t")

    assert items == (ASKED, THOUGHT, said, CALL, RESULT)


def test_what_the_client_sent_back_with_its_state_is_not_put_beside_it() -> None:
    memory = remembering(("c1", KeptState((THOUGHT,), None)))
    carried = ProviderState("openai-responses", "encrypted", seal(SIGNED))
    for state in (SIGNED, replace(SIGNED, origin=""), carried):
        sent = (ASKED, Reasoning(("let me see",), state=state), CALL, RESULT)

        assert with_kept_state(sent, memory, "t") == sent


def test_each_turn_gets_its_own_reasoning() -> None:
    second = Reasoning(("and now",), state=SIGNED)
    memory = remembering(("c1", KeptState((THOUGHT,), None)), ("c2", KeptState((second,), None)))
    more: tuple[Item, ...] = (Call("c2", "look", "{}"), CallOutput("c2", ()))

    items = with_kept_state((ASKED, CALL, RESULT, *more), memory, "t")

    assert items == (ASKED, THOUGHT, CALL, RESULT, second, *more)


def test_another_tenant_gets_nothing() -> None:
    items = (ASKED, CALL, RESULT)

    assert with_kept_state(items, remembering(("c1", KeptState((THOUGHT,), None))), "other") is items


def test_a_stream_is_remembered_as_it_passes() -> None:
    memory = StateMemory()
    watcher = StateWatcher(memory, "t")
    watcher.see([ItemBegun(0, Reasoning()), ReasoningGrew(0, "let "), ReasoningGrew(0, "me see")])
    watcher.see([StateArrived(0, SIGNED), ItemEnded(0), ItemBegun(1, replace(CALL, arguments=""))])
    watcher.see([ArgumentsGrew(1, "{}"), StateArrived(1, OTHER), ItemEnded(1)])

    assert memory.recall("t", "c1") == KeptState((THOUGHT,), OTHER)


def test_a_whole_answer_is_remembered_likewise_and_only_the_first_of_parallel_calls_has_the_reasoning() -> None:
    memory = StateMemory()
    calls = (CALL, Call("c2", "look", "{}", state=OTHER))
    StateWatcher(memory, "t").see_answer(Answer((Choice((THOUGHT, *calls), Stop("tool")),)))

    assert memory.recall("t", "c1") == KeptState((THOUGHT,), None)
    assert memory.recall("t", "c2") == KeptState((), OTHER)


def test_an_answer_without_state_leaves_nothing() -> None:
    memory = StateMemory()
    StateWatcher(memory, "t").see_answer(Answer((Choice((Reasoning(("hm",)), CALL), Stop("tool")),)))

    assert memory.recall("t", "c1") is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 700)), max_size=40))
def test_it_never_holds_more_than_its_bound(entries: list[tuple[str, int]]) -> None:
    memory = StateMemory(max_bytes=2000)
    for call_id, size in entries:
        memory.remember("t", call_id, KeptState((Reasoning(("x" * size,), state=SIGNED),), None))
        assert memory.recall("t", call_id) is not None

    kept = [memory.recall("t", call_id) for call_id in "abcdef"]
    assert sum(200 + len(each.reasoning[0].texts[0]) for each in kept if each) <= 2000
