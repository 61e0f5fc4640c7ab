import json
from typing import Any

from tests.journal.captured import captured, chat_answer, chat_body
from tokenrouter.jobs.conversation_view import ViewedRecord, viewed
from tokenrouter.store.conversation_pages import KeptRecord

LONG = "a text that is certainly longer than forty characters, as most are"


def kept(number: int, kind: str = "", **fields: Any) -> KeptRecord:
    return KeptRecord(number, f"r{number}", kind, 9, captured(f"r{number}", number, **fields))


def chat(number: int, *said: str, answer: str = "hi", system: str = "", kind: str = "") -> KeptRecord:
    return kept(number, kind, request_body=chat_body(*said, system=system), answer_body=chat_answer(answer))


def texts(record: ViewedRecord) -> list[str]:
    return [turn.text for turn in record.turns]


def test_of_each_request_only_what_is_new_is_shown() -> None:
    records = [
        chat(1, "one", answer="two"),
        chat(2, "one", "two", "three", answer="four"),
        chat(3, "one", "two", "three", "four", "five"),
    ]

    one, two, three = viewed(records)

    assert (texts(one), one.earlier_turns) == (["one"], 0)
    assert (texts(two), two.earlier_turns) == (["three"], 2)
    assert (texts(three), three.earlier_turns) == (["five"], 4)
    assert [record.answer.turns[0].text for record in (one, two, three)] == ["two", "four", "hi"]


def test_blanks_and_thoughts_that_clients_change_make_no_difference() -> None:
    message = {"role": "assistant", "content": "two words", "reasoning_content": "Hm."}
    answer = json.dumps({"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()

    _, second = viewed(
        [kept(1, request_body=chat_body("one"), answer_body=answer), chat(2, "one", "two  words\n", "three")]
    )

    assert texts(second) == ["three"]


def test_the_same_words_said_again_are_new() -> None:
    _, second = viewed([chat(1, "yes", answer="sure"), chat(2, "yes", "sure", "yes")])

    assert texts(second) == ["yes"]


def test_an_answer_that_was_edited_is_shown_as_it_is_now() -> None:
    _, second = viewed([chat(1, "one", answer="two"), chat(2, "one", "2", "three")])

    assert (texts(second), second.earlier_turns) == (["2", "three"], 1)


def test_a_history_whose_oldest_turns_are_dropped_still_overlaps() -> None:
    first = chat(1, "one", "two", LONG, answer=LONG + " too")

    _, second = viewed([first, chat(2, LONG, LONG + " too", "four")])

    assert (texts(second), second.earlier_turns) == (["four"], 2)


def test_a_short_overlap_in_the_middle_is_chance() -> None:
    _, second = viewed([chat(1, "one", "two", "ok", answer="ok"), chat(2, "ok", "ok", "four")])

    assert second.earlier_turns == 0


def test_branches_are_compared_each_with_its_own() -> None:
    records = [chat(1, "a", answer="b"), chat(2, "x", answer="y"), chat(3, "a", "b", "c"), chat(4, "x", "y", "z")]

    assert [texts(record) for record in viewed(records)] == [["a"], ["x"], ["c"], ["z"]]


def test_a_prompt_that_grows_is_shown_from_where_it_grew() -> None:
    whole = b'{"id":"cmpl-1","choices":[{"text":" and so on","finish_reason":"stop"}]}'

    def completion(number: int, prompt: str) -> KeptRecord:
        body = json.dumps({"model": "m", "prompt": prompt}).encode()
        return kept(number, dialect="openai-completions", operation="completions", request_body=body, answer_body=whole)

    _, second = viewed([completion(1, LONG), completion(2, LONG + " and so on. More?")])

    assert texts(second) == [". More?"]


def test_what_the_model_is_told_to_be_is_shown_when_it_changes() -> None:
    records = [chat(1, "a", system="Be kind."), chat(2, "b", system="Be kind."), chat(3, "c", system="Be terse.")]

    assert [record.system for record in viewed(records)] == ["Be kind.", None, "Be terse."]


def test_what_a_client_asked_for_itself_is_hidden_unless_it_is_wanted() -> None:
    records = [chat(1, "a"), chat(2, "A title?", kind="title_generation"), chat(3, "a", "hi", "b")]

    assert [record.record.number for record in viewed(records)] == [1, 3]
    assert [texts(record) for record in viewed(records, with_internal=True)] == [["a"], ["A title?"], ["b"]]


def test_a_request_that_cannot_be_read_any_more_says_so() -> None:
    (record,) = viewed([KeptRecord(1, "r1", "", 9, None)])

    assert "cannot be read" in record.answer.problem


def test_a_request_without_turns_is_shown_without_any() -> None:
    _, second = viewed([chat(1, "a"), kept(2, request_body=b"{}")])

    assert second.turns == ()
