from tests.store.entries import entry
from tokenrouter.store.decisions import attempts_of, decision_of
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record


def test_a_request_is_found_with_all_its_attempts_in_their_order_by_the_id_of_any(store: Store) -> None:
    names = ["req_1.10", "req_1", "req_1.2", "req_11", "req_2"]
    record(store, [Row(entry(name)) for name in names], {})

    for name in ("req_1", "req_1.2", "req_1.99"):
        assert [row.id for row in attempts_of(store, name)] == ["req_1", "req_1.2", "req_1.10"]
    assert attempts_of(store, "req_") == []


def test_the_last_attempt_that_knows_the_decision_tells_it() -> None:
    rows = [entry("a", decision="1"), entry("a.2", decision="2"), entry("a.3", decision="")]

    assert [decision_of(rows), decision_of(rows[:1]), decision_of([])] == ["2", "1", ""]
