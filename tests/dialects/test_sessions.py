import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.sessions import session_in_headers, session_of, tenant_of
from tokenrouter.domain.ledger import Operation

LONG = "You are a careful engineer. " * 400


def session(operation: Operation, body: dict[str, Any], tenant: str = "k", said: bytes = b"") -> int:
    return session_of(tenant_of(tenant), said, operation, peek_object(json.dumps(body).encode()).fields)


def chat(*texts: str, system: str = LONG) -> dict[str, Any]:
    turns = [{"role": "assistant" if at % 2 else "user", "content": text} for at, text in enumerate(texts)]
    return {"model": "m", "messages": [{"role": "system", "content": system}, *turns]}


def messages(*texts: str) -> dict[str, Any]:
    """Claude's clients mark the last turn for the cache, so that each one loses its mark later."""
    turns: list[dict[str, Any]] = [
        {"role": "assistant" if at % 2 else "user", "content": [{"type": "text", "text": text}]}
        for at, text in enumerate(texts)
    ]
    turns[-1]["content"][0]["cache_control"] = {"type": "ephemeral"}
    return {"model": "m", "system": [{"type": "text", "text": LONG}], "messages": turns}


def responses(*texts: str) -> dict[str, Any]:
    items = [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
        if at % 2
        else {"role": "user", "content": text}
        for at, text in enumerate(texts)
    ]
    return {"model": "m", "instructions": LONG, "input": [{"role": "developer", "content": "Be brief."}, *items]}


def contents(*texts: str) -> dict[str, Any]:
    turns = [{"role": "model" if at % 2 else "user", "parts": [{"text": text}]} for at, text in enumerate(texts)]
    return {"systemInstruction": {"parts": [{"text": LONG}]}, "contents": turns}


GROWING = [("chat", chat), ("messages", messages), ("responses", responses), ("generate_content", contents)]


@pytest.mark.parametrize(("operation", "body"), GROWING)
def test_a_conversation_that_grows_stays_the_same(operation: Operation, body: Any) -> None:
    first = session(operation, body("Mend the build."))

    assert first > 0
    assert session(operation, body("Mend the build.", "Which one?", "The nightly one.")) == first
    assert session(operation, body("Mend the tests.")) != first
    assert session(operation, body("Mend the build."), tenant="other") != first


def test_what_the_model_is_told_to_be_tells_conversations_apart() -> None:
    assert len({session("chat", chat("Go.", system=system)) for system in ("short", LONG, LONG + "!", "!" + LONG)}) == 4


def test_one_question_as_text_is_the_same_as_with_its_turns() -> None:
    alone = {"instructions": LONG, "input": "Mend the build."}
    first = {"role": "user", "content": [{"type": "input_text", "text": "Mend the build."}]}
    later = {"instructions": LONG, "input": [first, {"role": "user", "content": "?"}]}

    assert session("responses", alone) == session("responses", later)


@given(text=st.text(max_size=40) | st.text('ab\\"é', min_size=2000, max_size=2200))
def test_how_the_first_message_is_written_does_not_matter(text: str) -> None:
    compact = json.dumps(
        {"messages": [{"role": "user", "content": text}, {"role": "user", "content": "?"}]}, separators=(",", ":")
    )
    parts = {"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]}

    first = session_of(tenant_of("k"), b"", "chat", peek_object(compact.encode()).fields)

    assert first == session("chat", {"messages": [{"role": "user", "content": text}]}) == session("chat", parts)


def test_of_a_long_first_message_the_ends_and_the_length_count() -> None:
    texts = ("x" * 9000, "x" * 9001, "y" + "x" * 8999, "x" * 8999 + "y")

    assert len({session("chat", {"messages": [{"role": "user", "content": text}]}) for text in texts}) == 4


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ("responses", {"prompt_cache_key": "s-1"}),
        ("messages", {"metadata": {"user_id": '{"device_id":"d","account_uuid":"","session_id":"s-1"}'}}),
        ("messages", {"metadata": {"user_id": "user_abc_account__session_s-1"}}),
    ],
)
def test_a_conversation_that_the_body_names_is_that_one(operation: Operation, named: dict[str, Any]) -> None:
    assert session(operation, {**chat("a"), **named}) == session(operation, {**chat("b"), **named})
    assert session(operation, {**chat("a"), **named}) == session(operation, chat("c"), said=b"s-1")


def test_a_user_who_is_no_conversation_names_none() -> None:
    body = {**chat("a"), "metadata": {"user_id": "ann"}}

    assert session("messages", body) == session("messages", chat("a"))


@pytest.mark.parametrize(
    "name", ["x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity", "thread-id"]
)
def test_the_headers_of_coding_agents_name_a_conversation(name: str) -> None:
    assert session_in_headers({b"host": b"h", name.encode(): b"s-1"}) == b"s-1"
    assert session_in_headers({b"host": b"h"}) == b""


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("embeddings", {"input": "a"}),
        ("images", {"prompt": "a"}),
        ("chat", {}),
        ("chat", {"messages": []}),
        ("chat", {"messages": [{"role": "system", "content": "a"}]}),
        ("chat", {"messages": [5]}),
    ],
)
def test_what_is_no_conversation_has_none(operation: Operation, body: dict[str, Any]) -> None:
    assert session(operation, body) == 0


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "parts", "text", "user_id"]), inner, max_size=3)
    ),
)
fields = st.sampled_from(["messages", "input", "contents", "system", "metadata", "prompt_cache_key"])


@given(st.sampled_from([operation for operation, _ in GROWING]), st.dictionaries(fields, anything))
def test_whatever_is_sent_is_looked_at(operation: Operation, body: dict[str, Any]) -> None:
    assert session(operation, body) == session(operation, body) >= 0
