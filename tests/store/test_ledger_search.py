import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, record
from tokenrouter.store.ledger_search import search_ledger
from tokenrouter.store.within import Within


@pytest.fixture
def rows(store: Store) -> Store:
    entries = [
        entry("01", client_ip="192.0.2.7"),
        entry("02", client_tool="curl", started_us=NOON_US + 2),
        entry("03", alias="fast", error_code="provider_cut", started_us=NOON_US + 1),
        entry("04", client_request_id="mine", provider_request_id="theirs"),
        entry("05", user="fast", team="fast", key_id="key_fast"),
        entry("01.2", provider="other", model="large"),
    ]
    record(store, [Row(one) for one in entries], {})
    return store


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("192.0.2.7", ["01"]),
        ("curl", ["02"]),
        ("fast", ["03", "05"]),
        ("provider_cut", ["03"]),
        ("mine", ["04"]),
        ("theirs", ["04"]),
        ("01", ["01.2", "01"]),
        ("01.2", ["01.2", "01"]),
        ("large", ["01.2"]),
        ("nothing", []),
        ("fas", []),
        ("%", []),
    ],
)
def test_a_word_is_found_where_people_remember_it(rows: Store, word: str, ids: list[str]) -> None:
    assert [row.id for row in search_ledger(rows, LedgerFilter(), word, frozenset(), limit=10)] == ids


def test_the_name_of_a_key_is_found_by_its_ids(rows: Store) -> None:
    assert [row.id for row in search_ledger(rows, LedgerFilter(), "x", frozenset({"key_fast"}), limit=10)] == ["05"]


def test_filters_and_pages_hold_for_a_search(rows: Store) -> None:
    first = search_ledger(rows, LedgerFilter(), "fast", frozenset(), limit=1)
    place = (first[0].started_us, first[0].id)

    assert [row.id for row in search_ledger(rows, LedgerFilter(before=place), "fast", frozenset(), limit=9)] == ["05"]
    assert [row.id for row in search_ledger(rows, LedgerFilter(alias="fast"), "fast", frozenset(), limit=9)] == ["03"]


@pytest.mark.parametrize(
    ("within", "ids"),
    [
        (Within(), []),
        (Within(teams=frozenset({"fast"})), ["05"]),
        (Within(teams=frozenset({"fast"}), users=frozenset({"fast", "ann"})), ["03", "05"]),
        (Within(key_ids=frozenset({"key_none"})), []),
    ],
)
def test_nobody_finds_what_is_not_theirs(rows: Store, within: Within, ids: list[str]) -> None:
    found = search_ledger(rows, LedgerFilter(within=within), "fast", frozenset(), limit=9)

    assert [row.id for row in found] == ids
