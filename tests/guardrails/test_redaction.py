"""Placeholders that go out, and what comes back."""

import asyncio
import json
from collections.abc import Awaitable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.guardrails.requests import request, said
from tokenrouter.domain.guardrails import DETECTORS, Guardrail
from tokenrouter.guardrails.redaction import AT_ONCE_BYTES, Redaction, Restorer, Restoring
from tokenrouter.hooks import Follower

ALL = Guardrail("privacy", "redact", detect=DETECTORS, patterns={"STUDENT": "S[0-9]{5}"})


def redacted(*texts: str) -> tuple[list[str], Follower | None]:
    asked = request(*texts)
    follower = Redaction(ALL).before_request(asked)
    assert not isinstance(follower, Awaitable)
    return said(asked), follower


def restored(follower: Follower | None, text: str, *, is_json: bool = False) -> str:
    seen_by = follower.on_answer("assistant", is_json=is_json) if follower is not None else None
    return text if seen_by is None else seen_by.feed(text) + seen_by.close()


def test_the_same_data_has_the_same_placeholder_and_comes_back() -> None:
    texts, follower = redacted("ann@b.de wrote to bob@b.de", "ann@b.de, S12345")

    assert texts == ["<EMAIL_1> wrote to <EMAIL_2>", "<EMAIL_1>, <STUDENT_1>"]
    assert restored(follower, "dear <EMAIL_1>, <EMAIL_3>") == "dear ann@b.de, <EMAIL_3>"


def test_a_conversation_that_goes_on_begins_with_the_same_texts() -> None:
    first, _ = redacted("I am ann@b.de")
    second, _ = redacted("I am ann@b.de", "hello ann@b.de", "and bob@b.de")
    assert second[0] == first[0]


def test_what_looks_like_a_placeholder_already_is_not_taken_for_one() -> None:
    texts, follower = redacted("write <EMAIL_1> for ann@b.de")
    assert texts == ["write <EMAIL_1> for <EMAIL_2>"]
    assert restored(follower, "<EMAIL_1> <EMAIL_2>") == "<EMAIL_1> ann@b.de"


async def test_much_text_is_looked_through_between_other_things() -> None:
    texts = ["I am ann@b.de. " + "word " * 20_000, "hello", "S12345 " * 30_000]
    asked, short = request(*texts, body_bytes=10 * AT_ONCE_BYTES), request(*texts)
    others = 0

    async def count() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    working = Redaction(ALL).before_request(asked)
    assert isinstance(working, Awaitable)
    follower = await asyncio.ensure_future(working)
    counting.cancel()

    assert others > 10
    assert Redaction(ALL).before_request(short) is not None
    assert said(asked) == said(short)
    assert restored(follower, "<EMAIL_1>") == "ann@b.de"


async def test_much_text_without_personal_data_is_followed_by_nobody() -> None:
    working = Redaction(ALL).before_request(request("word " * 50_000, body_bytes=10 * AT_ONCE_BYTES))
    assert isinstance(working, Awaitable)
    assert await asyncio.ensure_future(working) is None


def test_a_request_without_any_is_followed_by_nobody() -> None:
    assert redacted("hello") == (["hello"], None)


def test_where_two_kinds_overlap_the_surer_one_counts() -> None:
    texts, _ = redacted("S12345@b.de")
    assert texts == ["<STUDENT_1>@b.de"]


def test_what_is_put_into_json_is_escaped_there() -> None:
    follower = Restoring({"<OWN_1>": 'a "b"\\\n'})
    for form in ("<OWN_1>", r"\u003cOWN_1\u003e", r"\u003COWN_1\u003E"):
        assert json.loads(restored(follower, f'{{"x":"{form}"}}', is_json=True)) == {"x": 'a "b"\\\n'}


FORMS = {"<EMAIL_1>": "ann@b.de", "<EMAIL_12>": "bob@b.de", "<CARD_1>": "4111"}


@given(
    st.lists(st.sampled_from([*FORMS, "<", "<EM", "<EMAIL_", "EMAIL_1>", "<EMAIL_1", ">", "a", "<EMAIL_2>", "\\u003"])),
    st.lists(st.integers(0, 200), max_size=20),
)
def test_where_an_answer_is_cut_does_not_matter(words: list[str], cuts: list[int]) -> None:
    text = "".join(words)
    expected = text
    for form, original in FORMS.items():
        expected = expected.replace(form, original)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    seen_by = Restorer(FORMS)

    assert "".join(seen_by.feed(text[a:b]) for a, b in pairwise(edges)) + seen_by.close() == expected


@given(st.text(alphabet="<EMAIL_12>x", max_size=60))
def test_no_more_is_held_back_than_a_placeholder_has(text: str) -> None:
    seen_by = Restorer({"<EMAIL_1>": "<EMAIL_1>", "<EMAIL_2>": "<EMAIL_2>"})
    out = ""
    for taken, letter in enumerate(text, 1):
        out += seen_by.feed(letter)
        assert taken - len(out) < len("<EMAIL_1>")
