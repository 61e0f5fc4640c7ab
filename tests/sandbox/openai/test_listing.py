"""Pages of a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.openai.listing import Json, listing
from tokenrouter.sandbox.server import Request

ITEMS: list[Json] = [{"id": f"file-{number}"} for number in range(30)]


def page(query: str) -> Json:
    return listing(ITEMS, Request("GET", "/v1/files", query, {}, b"", True, True), most=100)


def test_the_newest_comes_first() -> None:
    first = page("")

    assert first["data"] == ITEMS[::-1][:20]
    assert (first["first_id"], first["last_id"], first["has_more"]) == ("file-29", "file-10", True)
    assert page("order=asc&limit=2")["data"] == ITEMS[:2]


@given(st.integers(1, 40), st.sampled_from(["asc", "desc"]))
def test_the_pages_together_are_the_list(limit: int, order: str) -> None:
    found: list[object] = []
    query = f"limit={limit}&order={order}"
    while True:
        got = page(query)
        found += got["data"] if isinstance(got["data"], list) else []
        if not got["has_more"]:
            break
        query = f"limit={limit}&order={order}&after={got['last_id']}"

    assert found == (ITEMS if order == "asc" else ITEMS[::-1])


def test_an_empty_list_has_no_ends() -> None:
    nothing = listing([], Request("GET", "/v1/files", "", {}, b"", True, True), most=100)

    assert nothing == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


@pytest.mark.parametrize(
    ("query", "param"), [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("after=file-99", "after"),
                         ("order=best", "order")]
)  # fmt: skip
def test_a_wrong_question_is_refused(query: str, param: str) -> None:
    with pytest.raises(ApiError) as caught:
        page(query)

    assert (caught.value.status, caught.value.param) == (400, param)
