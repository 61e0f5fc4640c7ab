import pytest

from tests.gateway.fakes import KEY, Notes, catalog
from tokenrouter.dialects.openai.embeddings import EMBEDDINGS
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import InvalidRequest, ModelNotFound
from tokenrouter.domain.ledger import Price
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.lanes import MAX_LANES, Books, Lane, lane_of


def principal(directory: Directory) -> Principal:
    return directory.authenticate((KEY,), 0.0)


def lane(directory: Directory, model: str, notes: Notes | None = None) -> Lane:
    return lane_of(directory, principal(directory), CHAT, model, books=Books(notes or Notes()))


def test_a_lane_is_worked_out_once() -> None:
    directory = Directory(catalog(), b"")

    assert lane(directory, "acme/small") is lane(directory, "acme/small")
    assert lane(directory, "acme/a/b") is not lane(directory, "acme/small")


def test_a_changed_catalogue_forgets_every_lane_but_not_what_was_learned() -> None:
    books = Books(Notes())
    old = Directory(catalog(), b"")
    before = lane_of(old, principal(old), CHAT, "acme/small", books=books)
    priced = catalog()
    priced.prices["acme/small"] = Price(1, 2, source="file")
    new = Directory(priced, b"")

    after = lane_of(new, principal(new), CHAT, "acme/small", books=books)

    assert before.price is None
    assert after.price == Price(1, 2, source="file")
    assert after.subject.price_source == "file"
    assert after.estimates is before.estimates


def test_names_without_end_do_not_fill_the_memory() -> None:
    directory = Directory(catalog(), b"")
    for number in range(MAX_LANES + 10):
        lane(directory, f"acme/model-{number}")

    assert len(principal(directory).lanes) <= MAX_LANES


def test_a_name_that_leads_nowhere_is_not_remembered() -> None:
    provider = Provider("acme", "openai-compatible", "http://127.0.0.1:9/v1", enabled=False)
    directory = Directory(catalog(providers=(provider,)), b"")

    with pytest.raises(ModelNotFound):
        lane(directory, "acme/small")
    assert not principal(directory).lanes


def test_an_operation_that_the_vendor_lacks_is_refused_by_name() -> None:
    directory = Directory(catalog(providers=(Provider("claude", "anthropic", "", secret="sk-x"),)), b"")

    with pytest.raises(InvalidRequest, match="embeddings"):
        lane_of(directory, principal(directory), EMBEDDINGS, "claude/x", books=Books(Notes()))


def test_who_is_charged_stands_in_the_lane() -> None:
    found = lane(Directory(catalog(team="physics"), b""), "acme/small")

    assert found.scopes == ("key:alice", "team:physics", "global", "provider:acme", "model:acme/small")
    assert (found.subject.key_name, found.subject.team, found.subject.model) == ("alice", "physics", "small")
