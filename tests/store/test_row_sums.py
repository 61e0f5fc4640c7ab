"""Rows that stand for many."""

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.row_sums import summed_rows

REFUSALS = ("client_error",)


def test_rows_of_the_same_people_and_models_are_one_and_refusals_are_none(store: Store) -> None:
    rows = [
        entry("01"),
        entry("02", started_us=NOON_US + 5, cost_nano_usd=None, key_name="renamed"),
        entry("03", chain=()),
        entry("04", client_ip="::1", usage=Usage(2**60, 2**60)),
        entry("05", client_ip="::1", usage=Usage(2**60, 2**60)),
        entry("06", end_reason="client_error", usage=Usage(7, 7)),
        entry("07", end_reason="client_error", latency_us=1),
        entry("08", count=60),
    ]
    record(store, [Row(row) for row in rows], {})

    with store.read(may_take_long=True) as connection:
        summed = {(one.chain, one.client_ip): (one, requests) for one, requests in summed_rows(connection, REFUSALS)}

    one, requests = summed[("alice", "parent"), ""]
    assert (requests, one.started_us, one.usage[:2], one.cost_nano_usd) == (3, NOON_US + 5, (30, 15), 50)
    assert (one.user, one.team, one.provider, one.model) == ("ann", "physics", "acme", "small")
    assert summed[(), ""][1] == 1
    assert summed[("alice", "parent"), "::1"][0].usage[:2] == (2**61, 2**61)
    assert len(summed) == 3
