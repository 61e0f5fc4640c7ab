import pytest

from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.edge.model_lists import model_card, model_list
from tokenrouter.gateway.routing import Offer

OFFERS = [Offer(f"acme/m{number}", "acme", f"m{number}") for number in range(5)]
NAMES = [offer.name for offer in OFFERS]


def test_openais_callers_get_one_list() -> None:
    listed = model_list(CHAT, OFFERS, b"limit=2")

    assert listed["object"] == "list"
    assert [card["id"] for card in listed["data"]] == NAMES
    assert listed["data"][0]["owned_by"] == "acme"


def test_anthropics_callers_page_forwards_and_back() -> None:
    first = model_list(MESSAGES, OFFERS, b"limit=2")
    second = model_list(MESSAGES, OFFERS, b"limit=2&after_id=acme/m1")
    before = model_list(MESSAGES, OFFERS, b"limit=2&before_id=acme/m4")

    assert [card["id"] for card in first["data"]] == ["acme/m0", "acme/m1"]
    assert (first["has_more"], first["first_id"], first["last_id"]) == (True, "acme/m0", "acme/m1")
    assert [card["id"] for card in second["data"]] == ["acme/m2", "acme/m3"]
    assert [card["id"] for card in before["data"]] == ["acme/m2", "acme/m3"]
    assert model_list(MESSAGES, OFFERS, b"limit=1000")["has_more"] is False
    assert model_list(MESSAGES, [], b"")["first_id"] is None


def test_geminis_callers_page_by_a_token() -> None:
    first = model_list(GENERATE_CONTENT, OFFERS, b"pageSize=3")
    rest = model_list(GENERATE_CONTENT, OFFERS, b"pageSize=3&pageToken=" + first["nextPageToken"].encode())

    assert [card["name"] for card in first["models"]] == ["models/acme/m0", "models/acme/m1", "models/acme/m2"]
    assert [card["name"] for card in rest["models"]] == ["models/acme/m3", "models/acme/m4"]
    assert "nextPageToken" not in rest


@pytest.mark.parametrize(
    ("dialect", "query"),
    [(MESSAGES, b"limit=0"), (MESSAGES, b"limit=\xb2"), (MESSAGES, b"after_id=x"), (GENERATE_CONTENT, b"pageToken=x")],
)
def test_a_page_that_cannot_be_is_refused(dialect: Dialect, query: bytes) -> None:
    with pytest.raises(InvalidRequest):
        model_list(dialect, OFFERS, query)


def test_one_model_looks_like_an_entry_of_the_list() -> None:
    for dialect, field in ((CHAT, "data"), (MESSAGES, "data"), (GENERATE_CONTENT, "models")):
        assert model_list(dialect, OFFERS, b"")[field][0] == model_card(dialect, OFFERS[0])


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        (CHAT, ("context_length", "max_output_tokens")),
        (MESSAGES, ("max_input_tokens", "max_tokens")),
        (GENERATE_CONTENT, ("inputTokenLimit", "outputTokenLimit")),
    ],
)
def test_what_is_known_of_lengths_is_told_and_nothing_else(dialect: Dialect, fields: tuple[str, str]) -> None:
    both = model_card(dialect, Offer("acme/m", "acme", "m", facts=ModelFacts(8192, 1024)))
    window = model_card(dialect, Offer("acme/m", "acme", "m", facts=ModelFacts(8192)))
    nothing = model_card(dialect, Offer("acme/m", "acme", "m"))

    assert tuple(both[field] for field in fields) == (8192, 1024)
    assert (window[fields[0]], fields[1] in window) == (8192, False)
    assert not nothing.keys() & set(fields)


def test_an_alias_says_where_it_leads_where_the_shape_has_room_for_it() -> None:
    alias = Offer("fast", "acme", "small", "home")

    assert model_card(CHAT, alias) == {
        "id": "fast",
        "object": "model",
        "created": 0,
        "owned_by": "tokenrouter",
        "provider": "tokenrouter",
        "alias": True,
        "profile": "home",
        "resolved_provider": "acme",
        "resolved_model": "small",
    }
    assert model_card(MESSAGES, alias)["id"] == "fast"
    assert model_card(GENERATE_CONTENT, alias)["name"] == "models/fast"
