from contextlib import suppress

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tokenrouter.admin.etags import MAX_TAGS, IfMatch, Precondition, etag_of, parse_if_match, tagged
from tokenrouter.admin.problems import Problem, handle_problems

TAGS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), max_size=8)


class Subject(BaseModel):
    name: str = "a"
    count: int = 1


def counted(count: int) -> Subject:
    return Subject(count=count)


NOW = Subject()
TAG = etag_of(NOW)


def test_an_etag_follows_from_what_is_shown_and_from_nothing_else() -> None:
    assert etag_of(Subject()) == TAG
    assert etag_of(Subject(count=2)) != TAG
    assert TAG.startswith('"')
    assert TAG.endswith('"')


@given(st.lists(st.tuples(st.booleans(), TAGS), min_size=1, max_size=5), st.sampled_from([",", " , ", ",,\t"]))
def test_every_list_of_etags_is_read_and_weak_ones_never_match(tags: list[tuple[bool, str]], between: str) -> None:
    text = between.join(f'{"W/" if is_weak else ""}"{tag}"' for is_weak, tag in tags)

    assert parse_if_match(text).tags == frozenset(f'"{tag}"' for is_weak, tag in tags if not is_weak)


@given(st.text(max_size=20))
def test_any_other_header_is_refused_with_words(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_if_match(text), Precondition)


@pytest.mark.parametrize(
    "text", ["abc", '"a', '"a" "b"', 'w/"a"', '*, "a"', '"a"b', ",".join(['"a"'] * (MAX_TAGS + 1))]
)
def test_what_is_no_list_of_etags_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="comma"):
        parse_if_match(text)


@pytest.mark.parametrize("text", ["", "*", " * "])
def test_without_an_etag_any_subject_will_do(text: str) -> None:
    assert parse_if_match(text).check(Subject.model_copy) is None
    parse_if_match(text).require(NOW)


def test_a_subject_that_has_changed_is_told_of() -> None:
    Precondition(frozenset({'"x"', TAG})).require(NOW)
    check = Precondition(frozenset({TAG})).check(counted)

    assert check is not None
    check(1)
    with pytest.raises(Problem) as problem:
        check(2)
    assert (problem.value.status, problem.value.code) == (412, "changed_meanwhile")


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    handle_problems(app)

    @app.get("/subject")
    def read(response: Response) -> Subject:
        return tagged(response, NOW)

    @app.put("/subject")
    def write(if_match: IfMatch) -> Subject:
        if_match.require(NOW)
        return NOW

    return TestClient(app)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([], 200),
        (["*"], 200),
        ([TAG], 200),
        ([f'"x", {TAG}'], 200),
        (['"x"', TAG], 200),
        ([f"W/{TAG}"], 412),
        (['"x"'], 412),
        (["x"], 400),
    ],
)
def test_what_was_read_may_be_changed_until_somebody_else_does(
    client: TestClient, lines: list[str], status: int
) -> None:
    assert client.get("/subject").headers["etag"] == TAG
    assert client.put("/subject", headers=[("if-match", line) for line in lines]).status_code == status
