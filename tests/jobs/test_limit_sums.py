from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.limits import Limit, LimitTable, Window
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.jobs.limit_sums import limit_sums
from tokenrouter.jobs.limit_use import ChargeReader, follow_limits
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record

NOW_S = 1_800_000_000.0
TOKENS = Limit("tokens", "key:alice", "tokens", Window("lifetime"), 1_000)
OTHER = Limit("requests", "key:alice", "requests", Window("lifetime"), 1_000)
LIMITS = LimitTable([TOKENS, OTHER])
READER = ChargeReader(LIMITS, lambda key_id: "alice")


def entry(request_id: str, tokens: int) -> LedgerEntry:
    return LedgerEntry(
        request_id,
        int(NOW_S * 1e6),
        "chat",
        key_id="k1",
        chain=("k1",),
        provider="p",
        model="m",
        status=200,
        end_reason="completed",
        usage=Usage(tokens, 0),
        latency_us=1,
    )


def written(store: Store, *entries: LedgerEntry) -> None:
    follow_limits(store, LIMITS, READER, NOW_S)
    record(store, [Row(one, READER.charges_of(one)) for one in entries], {})


def test_what_counters_have_counted_already_is_left_out_of_their_own_sums_only(store: Store) -> None:
    written(store, entry("req_1", 10), entry("req_2", 20), entry("req_3", 30))
    counted = {"tokens": {"req_2", "req_9"}}

    sums = limit_sums(store, LIMITS, {"tokens", "requests"}, counted, READER, NOW_S)

    assert sums.used == {("tokens", "key:alice"): 40, ("requests", "key:alice"): 3}


def test_only_the_limits_that_were_asked_for_are_told(store: Store) -> None:
    written(store, entry("req_1", 10))

    assert limit_sums(store, LIMITS, {"tokens"}, {}, READER, NOW_S).used == {("tokens", "key:alice"): 10}
    assert limit_sums(store, LIMITS, set(), {}, READER, NOW_S).used == {}


def test_sums_say_up_to_which_adjustment_they_go(store: Store) -> None:
    written(store, entry("req_1", 10))
    before = limit_sums(store, LIMITS, {"tokens"}, {}, READER, NOW_S)
    reset_limit(store, TOKENS, None, made_by="test", now_s=NOW_S)
    after = limit_sums(store, LIMITS, {"tokens"}, {}, READER, NOW_S)

    assert (before.used, after.used) == ({("tokens", "key:alice"): 10}, {})
    assert before.adjusted < after.adjusted
