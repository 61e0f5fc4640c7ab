import pytest

from tokenrouter.dialects.title_requests import MAX_TITLE_CHARS, asks_for_title, title_of
from tokenrouter.dialects.transcripts import Piece, Turn


def turns(user: str, system: str = "") -> tuple[Turn, ...]:
    told = (Turn("system", (Piece("text", system),)),) if system else ()
    return (*told, Turn("user", (Piece("text", user),)))


@pytest.mark.parametrize(
    ("system", "user"),
    [
        ("", "Write a title for this chat in a few words. Only return the title."),
        ("", "Please write a 5-10 word title for the following conversation:\n\nUser: hello"),
        ("You are a title generator. You output ONLY a thread title. Nothing else.", "Generate a title: hello"),
        (
            "Analyze if this message indicates a new conversation topic. If it does, extract a 2-3 word title that "
            "captures the new topic. Format as JSON with isNewTopic and title. Generate only the title object with "
            '"title" in it for the conversation.',
            "hello",
        ),
        ("", "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history."),
    ],
)
def test_requests_of_clients_for_a_title_are_recognised(system: str, user: str) -> None:
    assert asks_for_title(turns(user, system))


@pytest.mark.parametrize(
    "user",
    [
        "Write a title for my blog post about bread.",
        "What is the title of the third book?",
        "Generate a page with a title and a table of the words.",
        "How do I set the window's title in Qt, only once?",
    ],
)
def test_what_people_ask_about_titles_is_not(user: str) -> None:
    assert not asks_for_title(turns(user))


def test_a_turn_in_the_middle_of_work_is_not() -> None:
    working = (*turns("Write a title for this chat, only return the title."), Turn("tool", (Piece("tool_result"),)))

    assert not asks_for_title(working)
    assert not asks_for_title(())


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Baking bread", "Baking bread"),
        ('"Baking bread."', "Baking bread"),
        ("**Title: Baking bread**", "Baking bread"),
        ("# Baking bread\n\nmore", "Baking bread"),
        ('{"isNewTopic": true, "title": "Baking bread"}', "Baking bread"),
        ('```json\n{"title": "Baking bread"}\n```', "Baking bread"),
        ('{"isNewTopic": false, "title": null}', ""),
        ("{not json", ""),
        ("", ""),
        ("x" * 500, "x" * MAX_TITLE_CHARS),
    ],
)
def test_a_title_is_taken_out_of_what_models_put_around_it(answer: str, title: str) -> None:
    assert title_of(answer) == title
