"""The list of models in Anthropic's shape, by pages in both directions."""

import pytest

from tokenrouter.sandbox.anthropic.errors import AnthropicError
from tokenrouter.sandbox.anthropic.models import PAGE_SIZE, model_listing, model_page
from tokenrouter.sandbox.faults import FAULTS
from tokenrouter.sandbox.models import MODELS

NAMES = [*MODELS, *(f"fault/{name}" for name in FAULTS)]


def ids(page: dict[str, object]) -> list[str]:
    data = page["data"]
    assert isinstance(data, list)
    return [model["id"] for model in data]


def test_pages_forward_have_them_all() -> None:
    found: list[str] = []
    query: dict[str, str] = {}
    while True:
        page = model_listing({"limit": "7", **query})
        found += ids(page)
        assert (page["first_id"], page["last_id"]) == (ids(page)[0], ids(page)[-1])
        if not page["has_more"]:
            break
        query = {"after_id": str(page["last_id"])}

    assert found == NAMES


def test_pages_backward_end_where_they_began() -> None:
    page = model_listing({"limit": "3", "before_id": NAMES[5]})

    assert ids(page) == NAMES[2:5]
    assert page["has_more"] is True
    assert model_listing({"limit": "3", "before_id": NAMES[2]})["has_more"] is False


def test_without_a_limit_a_page_has_so_many() -> None:
    assert len(ids(model_listing({}))) == PAGE_SIZE
    assert ids(model_listing({"limit": "1000"})) == NAMES
    assert model_listing({"after_id": NAMES[-1]}) == {"data": [], "has_more": False, "first_id": None, "last_id": None}


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"after_id": "nobody"}])
def test_a_page_that_cannot_be_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(AnthropicError) as caught:
        model_listing(query)

    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("echo", {"adaptive": False, "enabled": False, "disabled": True, "between_tools": False}),
        ("thinker", {"adaptive": True, "enabled": True, "disabled": True, "between_tools": True}),
        ("thinker-adaptive", {"adaptive": True, "enabled": False, "disabled": True, "between_tools": True}),
    ],
)
def test_a_page_says_how_a_model_thinks(name: str, kinds: dict[str, bool]) -> None:
    capabilities = model_page(name)["capabilities"]

    assert isinstance(capabilities, dict)
    assert capabilities["thinking"]["types"] == {kind: {"supported": is_} for kind, is_ in kinds.items()}


def test_an_unknown_model_has_no_page() -> None:
    with pytest.raises(AnthropicError) as caught:
        model_page("nobody")

    assert (caught.value.status, caught.value.message) == (404, "model: nobody")
