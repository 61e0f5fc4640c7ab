"""Reading a server's answers."""

import pytest

from tests.cli.answering import Answering
from tokenrouter.cli.client import NoAnswer, Server
from tokenrouter.cli.terminal.answers import Me, Page, Sums, read, rows


def test_what_is_not_needed_may_be_there_and_what_is_missing_is_told() -> None:
    assert read({"name": "a", "role": "admin", "new": 1}, Me) == Me("a", "admin")
    with pytest.raises(NoAnswer, match="missing required field `requests`"):
        read({}, Sums)


@pytest.mark.parametrize("told", [None, 1, [], "x", {"data": 1}, {"data": [], "next": 1}])
def test_what_is_no_page_is_told(told: object) -> None:
    with pytest.raises(NoAnswer, match="not what toro expects"):
        read(told, Page)


def test_a_list_is_asked_for_with_its_filters_only() -> None:
    with Answering(200, b'{"data": [1, 2], "next": null}') as server:
        assert list(rows(Server(server.url), "/x", q="a b", provider="", team=None)) == [1, 2]

    assert [path for _, path, _, _ in server.asked] == ["/x?q=a+b&limit=1000"]


def test_all_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {"/x?limit=1000": ([1], "two="), "/x?limit=1000&after=two%3D": ([2], None)}

    def ask(self: Server, method: str, path: str) -> object:
        data, after = pages[path]
        return {"data": data, "next": after}

    monkeypatch.setattr(Server, "ask", ask)

    assert list(rows(Server("http://x"), "/x")) == [1, 2]


def test_a_list_that_goes_round_in_a_circle_is_told() -> None:
    with Answering(200, b'{"data": [1], "next": "x"}') as server, pytest.raises(NoAnswer, match="no end"):
        list(rows(Server(server.url), "/x"))
    assert len(server.asked) == 2
