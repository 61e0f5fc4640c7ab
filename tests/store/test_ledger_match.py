from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, ledger_page, record
from tokenrouter.store.ledger_match import has_word, is_wanted
from tokenrouter.store.ledger_search import search_ledger
from tokenrouter.store.within import Within

ROWS = [
    entry("a", client_tool="curl"),
    entry("b", status=502, end_reason="provider_error", latency_us=5_000, stream=True),
    entry("c", status=429, end_reason="limit_reached", error_code="rate_limited", cost_nano_usd=None, team="other"),
    entry("d", end_reason="client_disconnect", provider="beta", model="large", started_us=NOON_US + 9),
    entry("e.2", end_reason="provider_cut", alias="fast", key_id="key_bob", user="bob", cost_nano_usd=900),
    entry("f", status=404, end_reason="completed", client_ip="192.0.2.7", started_us=NOON_US - 9),
]
WITHIN = st.builds(
    Within,
    teams=st.sampled_from([frozenset[str](), frozenset({"other"})]),
    users=st.sampled_from([frozenset[str](), frozenset({"bob"})]),
    key_ids=st.sampled_from([frozenset[str](), frozenset({"key_alice"})]),
)
FILTERS = st.builds(
    LedgerFilter,
    key_ids=st.sampled_from([None, None, frozenset({"key_bob"})]),
    team=st.sampled_from(["", "", "other"]),
    provider=st.sampled_from(["", "", "beta"]),
    end_reason=st.sampled_from(["", "", "provider_cut"]),
    client_ip=st.sampled_from(["", "", "192.0.2.7"]),
    outcome=st.sampled_from(["", "ok", "failed", "4xx", "5xx", "cut"]),
    stream=st.sampled_from([None, None, True, False]),
    min_cost_nano_usd=st.sampled_from([0, 0, 25, 26]),
    min_latency_us=st.sampled_from([0, 0, 5_000]),
    since_us=st.sampled_from([0, NOON_US]),
    until_us=st.sampled_from([None, NOON_US + 1]),
    within=st.none() | WITHIN,
)


def ids(rows: list[LedgerEntry]) -> set[str]:
    return {row.id for row in rows}


@given(FILTERS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_row_is_wanted_when_the_database_would_find_it(store: Store, wanted: LedgerFilter) -> None:
    record(store, [Row(row) for row in ROWS], {})

    found = ids(ledger_page(store, wanted, limit=100))

    assert {row.id for row in ROWS if is_wanted(wanted, row)} == found


@given(
    st.sampled_from(["a", "e", "e.2", "curl", "bob", "key_bob", "beta", "large", "fast", "192.0.2.7", "rate_limited"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_word_is_found_where_the_database_would_find_it(store: Store, word: str) -> None:
    record(store, [Row(row) for row in ROWS], {})
    keys = frozenset({"key_bob"}) if word == "key_bob" else frozenset[str]()

    found = ids(search_ledger(store, LedgerFilter(), word, keys, limit=100))

    assert {row.id for row in ROWS if has_word(row, word, keys)} == found
