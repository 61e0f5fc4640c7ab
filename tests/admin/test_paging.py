import asyncio
import csv
import io
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from tokenrouter.admin.paging import (
    MAX_INTEGER,
    MAX_ROWS,
    Page,
    Place,
    Reader,
    Wanted,
    all_pages,
    beside,
    checked,
    cursor,
    declared_first,
    listing,
    one_page,
    place_of,
    whole_list,
)
from tokenrouter.admin.problems import Problem

PARTS = (
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
)


class Subject(BaseModel):
    name: str
    tags: list[str] = []
    enabled: bool = True
    count: int | None = None


def reader(names: list[str]) -> Reader[str]:
    """A list of names in alphabetical order."""

    def read(after: Place, rows: int) -> list[tuple[Place, str]]:
        behind = checked(after, str)[0] if after else ""
        placed: list[tuple[Place, str]] = [((name,), name) for name in sorted(names) if name > behind]
        return placed[:rows]

    return read


@given(st.sets(st.tuples(st.integers(0, 3), st.text("ab", max_size=2))), st.integers(1, 4))
def test_a_list_that_is_read_at_once_comes_in_pages_too(names: set[tuple[int, str]], rows: int) -> None:
    ordered = sorted(f"{number}{name}" for number, name in names)

    assert walked(whole_list(ordered, lambda name: (int(name[0]), name[1:])), rows) == ordered


def walked(read: Reader[str], rows: int) -> list[str]:
    """Everything, page by page, as a client would."""
    page, after = one_page(read, Wanted(rows))
    while after is not None:
        more, after = one_page(read, Wanted(rows, place_of(after)))
        page += more
    return page


def text_of(answer: Page[Subject] | StreamingResponse) -> str:
    async def read() -> str:
        assert isinstance(answer, StreamingResponse)
        return "".join([str(text) async for text in answer.body_iterator])

    return asyncio.run(read())


@given(st.lists(PARTS, min_size=1, max_size=4))
def test_a_cursor_leads_back_to_its_place(parts: list[str | int | float]) -> None:
    assert place_of(cursor(tuple(parts))) == tuple(parts)


@given(st.text(max_size=30))
def test_what_is_no_cursor_is_refused_and_never_an_error_of_ours(text: str) -> None:
    with suppress(Problem):
        assert isinstance(place_of(text), tuple)


@pytest.mark.parametrize(
    "place", [[], {}, None, "a", [None], [True], [1e400], ["a\0"], ["\ud800"], [2**63], [["a"]], [{}]]
)
def test_a_forged_cursor_holds_nothing_that_a_database_would_choke_on(place: object) -> None:
    with pytest.raises(Problem, match="after: "):
        place_of(urlsafe_b64encode(json.dumps(place).encode()).decode())


@pytest.mark.parametrize("place", [(), ("a", 1), (1,)])
def test_a_cursor_of_another_list_is_refused(place: Place) -> None:
    with pytest.raises(Problem, match="after: "):
        checked(place, str)


@given(st.sets(st.text("abc", min_size=1, max_size=4)), st.integers(1, 5))
def test_pages_follow_each_other_without_gap_or_repeat(names: set[str], rows: int) -> None:
    assert walked(reader(list(names)), rows) == sorted(names)


@given(st.lists(st.text("xyz"), max_size=5), st.sets(st.text("abc", min_size=1), max_size=5), st.integers(1, 4))
def test_what_is_declared_comes_before_what_is_stored(declared: list[str], stored: set[str], rows: int) -> None:
    assert walked(declared_first(declared, reader(list(stored))), rows) == declared + sorted(stored)


@pytest.mark.parametrize("place", [("a",), (0,), (2, 1), (0, "a"), (1, 1), (1,)])
def test_no_forged_place_confuses_the_two(place: Place) -> None:
    with pytest.raises(Problem, match="after: "):
        declared_first(["x"], reader(["a"]))(place, 10)


def test_the_last_page_says_that_it_is() -> None:
    assert one_page(reader(["a", "b"]), Wanted(2)) == (["a", "b"], None)
    assert one_page(reader(["a", "b", "c"]), Wanted(2)) == (["a", "b"], cursor(("b",)))


def test_all_of_a_list_is_read_in_pages() -> None:
    names = [f"{number:05}" for number in range(2 * MAX_ROWS + 1)]

    pages = list(all_pages(reader(names)))

    assert [len(page) for page in pages] == [MAX_ROWS, MAX_ROWS, 1]
    assert [name for page in pages for name in page] == names


def test_a_page_of_json_shows_its_rows() -> None:
    page = listing("subjects", Wanted(1), Subject, reader(["a", "b"]), lambda name: Subject(name=name))

    assert isinstance(page, Page)
    assert page.model_dump()["data"] == [{"name": "a", "tags": [], "enabled": True, "count": None}]
    assert page.next == cursor(("a",))


def test_csv_has_every_row_and_a_column_for_each_field() -> None:
    names = ["=1+1", *(f"{number:05}" for number in range(MAX_ROWS + 5))]

    answer = listing(
        "subjects", Wanted(1, form="csv"), Subject, reader(names), lambda name: Subject(name=name, tags=["x", "é"])
    )

    assert isinstance(answer, StreamingResponse)
    assert answer.headers["content-disposition"] == 'attachment; filename="subjects.csv"'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(text_of(answer), newline="")))
    assert len(rows) == len(names)
    assert rows[-1] == {"name": "'=1+1", "tags": '["x", "é"]', "enabled": "true", "count": ""}


def test_csv_of_nothing_has_its_header() -> None:
    answer = listing("subjects", Wanted(form="csv"), Subject, reader([]), lambda name: Subject(name=name))

    assert text_of(answer) == "name,tags,enabled,count\r\n"


def test_what_stands_beside_rows_is_found_for_a_page_at_once() -> None:
    asked: list[list[str]] = []

    def look(rows: Sequence[str]) -> list[int]:
        asked.append(list(rows))
        return [len(row) for row in rows]

    read = beside(whole_list(["a", "bb", "ccc"], lambda row: (row,)), look)

    assert read(("a",), 2) == [(("bb",), ("bb", 2)), (("ccc",), ("ccc", 3))]
    assert asked == [["bb", "ccc"]]
