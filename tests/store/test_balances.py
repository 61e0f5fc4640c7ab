"""What deleted rows had used."""

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.balances import add_to_balances, balances_since, closed_until
from tokenrouter.store.engine import Store

MONTH_US = 31 * 86_400_000_000


def was_admitted(row: LedgerEntry) -> bool:
    return row.end_reason != "client_error"


def close(store: Store, *rows: LedgerEntry) -> None:
    with store.write() as connection:
        add_to_balances(connection, rows, was_admitted)


def test_rows_are_summed_up_by_month_and_by_whom_and_where(store: Store) -> None:
    refused = entry(
        "05", end_reason="client_error", status=400, usage=Usage(), cost_nano_usd=0, count=60, key_name="renamed"
    )
    close(store, entry("01"), entry("02", started_us=NOON_US + 7), entry("03", chain=("other",)))
    close(store, entry("04", started_us=NOON_US + 3, key_name="renamed"), refused)
    close(store, entry("06", started_us=NOON_US + MONTH_US, cost_nano_usd=None))

    with store.read() as connection:
        sums = sorted(balances_since(connection, 0), key=lambda one: (one.period, one.entry.chain, one.admitted))

    turned_away, january, other, february = sums
    assert [one.period for one in sums] == ["2026-01", "2026-01", "2026-01", "2026-02"]
    assert (turned_away.requests, turned_away.admitted, turned_away.failed) == (60, False, 60)
    assert (january.requests, january.admitted, january.failed) == (3, True, 0)
    assert (january.first_us, january.last_us) == (NOON_US, NOON_US + 7)
    assert january.entry.usage == Usage(input_tokens=30, output_tokens=15, cached_input_tokens=12, reasoning_tokens=6)
    assert (january.entry.cost_nano_usd, january.entry.key_name, january.entry.chain) == (
        75,
        "renamed",
        ("alice", "parent"),
    )
    assert (january.entry.team, january.entry.provider, january.entry.model) == ("physics", "acme", "small")
    assert (other.requests, other.entry.chain) == (1, ("other",))
    assert (february.unpriced_requests, february.entry.cost_nano_usd) == (1, 0)


def test_a_balance_is_found_from_any_time_up_to_its_last_row(store: Store) -> None:
    close(store, entry("01"), entry("02", started_us=NOON_US + 7))

    with store.read() as connection:
        found = [len(list(balances_since(connection, NOON_US + later))) for later in (0, 7, 8)]

    assert found == [1, 1, 0]


def test_it_is_known_since_when_all_rows_are_there(store: Store) -> None:
    with store.read() as connection:
        assert closed_until(connection) == 0
    close(store, entry("01"), entry("02", started_us=NOON_US + 7))
    close(store, entry("03", started_us=NOON_US + 2))

    with store.read() as connection:
        assert closed_until(connection) == NOON_US + 8
