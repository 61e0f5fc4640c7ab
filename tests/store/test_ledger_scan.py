import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Outcome, Row, record
from tokenrouter.store.ledger_scan import scan_page
from tokenrouter.store.within import Within


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    entries = [entry(f"{n:02}", started_us=NOON_US + n, latency_us=n) for n in range(10)]
    endings: dict[int, dict[str, object]] = {
        1: {"end_reason": "provider_error", "status": 502},
        4: {"end_reason": "limit_reached", "status": 429},
        6: {"end_reason": "client_disconnect", "user": "bob"},
        8: {"end_reason": "interrupted", "status": 0, "team": "other", "user": "bob"},
    }
    for number, changes in endings.items():
        entries[number] = entry(f"{number:02}", started_us=NOON_US + number, **changes)
    record(store, [Row(one) for one in entries], {})


@pytest.mark.parametrize(
    ("outcome", "ids"),
    [
        ("failed", ["08", "04", "01"]),
        ("cut", ["08", "06"]),
        ("4xx", ["04"]),
        ("5xx", ["01"]),
        ("ok", ["09", "07", "06", "05", "03", "02", "00"]),
    ],
)
def test_requests_are_sorted_by_how_they_ended(store: Store, outcome: Outcome, ids: list[str]) -> None:
    found, stopped = scan_page(store, LedgerFilter(outcome=outcome), limit=100)

    assert [row.id for row in found] == ids
    assert stopped is None


def test_no_more_than_so_many_are_looked_at_and_the_next_page_goes_on_there(store: Store) -> None:
    wanted = LedgerFilter(min_latency_us=1)
    first, stopped = scan_page(store, wanted, limit=100, scanned=4)
    assert [row.id for row in first] == ["09", "07", "05"]
    assert stopped == (NOON_US + 5, "")

    rest, stopped = scan_page(store, LedgerFilter(min_latency_us=1, before=stopped), limit=100, scanned=4)

    assert [row.id for row in rest] == ["03", "02"]
    assert stopped == (NOON_US + 1, "")


def test_a_page_of_what_failed_is_found_however_much_did_not(store: Store) -> None:
    found, stopped = scan_page(store, LedgerFilter(outcome="failed"), limit=2, scanned=3)

    assert [row.id for row in found] == ["08", "04"]
    assert stopped is None


def test_who_sees_rows_for_two_reasons_sees_each_once(store: Store) -> None:
    within = Within(teams=frozenset({"other"}), users=frozenset({"bob"}))

    found, _ = scan_page(store, LedgerFilter(within=within), limit=100)

    assert [row.id for row in found] == ["08", "06"]


def test_rows_of_one_moment_stop_nobody(store: Store) -> None:
    record(store, [Row(entry(f"x{n}", started_us=NOON_US + 50)) for n in range(5)], {})
    place, found = None, []
    for _ in range(20):
        rows, place = scan_page(store, LedgerFilter(min_latency_us=1, before=place), limit=100, scanned=2)
        found += [row.id for row in rows]
        if place is None:
            break

    assert (found, place) == (["09", "07", "05", "03", "02"], None)
