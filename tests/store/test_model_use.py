import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, record
from tokenrouter.store.model_use import ModelUse, model_uses
from tokenrouter.store.within import Within

SMALL = ("acme", "small")
S = 1_000_000


def keep(store: Store, *rows: LedgerEntry) -> None:
    record(store, [Row(row) for row in rows], {})


def streamed(entry_id: str, first_us: int, latency_us: int = 3 * S, **changes: object) -> LedgerEntry:
    used = Usage(input_tokens=100, output_tokens=50)
    return entry(entry_id, first_token_us=first_us, latency_us=latency_us, usage=used, **changes)


def use(store: Store, **wanted: object) -> ModelUse:
    return model_uses(store, LedgerFilter(**wanted)).by_model[SMALL]  # type: ignore[arg-type]


def test_every_model_has_what_it_was_asked_for(store: Store) -> None:
    keep(store, entry("1"), entry("2", cost_nano_usd=None), entry("3", provider="other"), entry("4", provider=""))

    found = model_uses(store, LedgerFilter())

    assert found.by_model.keys() == {SMALL, ("other", "small")}
    told = found.by_model[SMALL]
    assert (told.requests, told.failed, told.cost_nano_usd) == (2, 0, 25)
    assert (told.input_tokens, told.cached_input_tokens, told.output_tokens) == (20, 8, 10)


def test_only_what_began_in_the_time_and_is_the_callers_counts(store: Store) -> None:
    keep(store, entry("1"), entry("2", started_us=NOON_US - S), entry("3", user="bob", team="art", key_id="k"))

    assert use(store, since_us=NOON_US).requests == 2
    assert use(store, within=Within(users=frozenset({"bob"}))).requests == 1
    assert model_uses(store, LedgerFilter(within=Within())).by_model == {}


def test_a_row_that_may_be_seen_for_two_reasons_counts_once(store: Store) -> None:
    keep(store, entry("1"), entry("2", team="art"), entry("3", user="bob", team="art"))

    within = Within(teams=frozenset({"physics"}), users=frozenset({"ann"}))

    assert use(store, within=within).requests == 2


def test_failures_and_refusals_counted_in_one_row_are_told(store: Store) -> None:
    keep(
        store,
        entry("1"),
        entry("2", status=502, end_reason="provider_error", usage=Usage()),
        entry("3", status=429, end_reason="client_error", count=60, usage=Usage()),
    )

    told = use(store)

    assert (told.requests, told.failed) == (62, 61)


def test_speeds_are_all_tokens_by_all_the_time_they_took(store: Store) -> None:
    keep(store, streamed("1", S), streamed("2", 1_500_000, 2_500_000), streamed("3", 100_000, 200_000))

    told = use(store)

    assert told.prompt_tokens_per_s == pytest.approx(300 / 2.75)  # a tenth of a second counts as a quarter
    assert told.generated_tokens_per_s == pytest.approx(150 / 3.25)
    assert told.first_token_us == S


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 500},
        {"end_reason": "provider_cut"},
        {"answered_by": "cache"},
        {"count": 2},
        {"latency_us": 0},
    ],
)
def test_what_says_nothing_of_the_provider_is_in_no_speed(store: Store, changes: dict[str, object]) -> None:
    keep(store, entry("1", first_token_us=S, **{"latency_us": 2 * S, **changes}))

    told = use(store)

    assert (told.prompt_tokens_per_s, told.generated_tokens_per_s, told.first_token_us) == (None, None, None)


def test_an_answer_that_came_whole_tells_how_fast_it_was_written_only(store: Store) -> None:
    keep(store, streamed("1", 0, 2 * S))

    told = use(store)

    assert (told.prompt_tokens_per_s, told.generated_tokens_per_s, told.first_token_us) == (None, 25.0, None)


def test_the_newest_rows_are_read_and_since_when_is_told(store: Store) -> None:
    keep(store, *(entry(str(number), started_us=NOON_US + number) for number in range(5)))

    whole = model_uses(store, LedgerFilter(since_us=7), max_rows=6)
    part = model_uses(store, LedgerFilter(since_us=7), max_rows=3)

    assert (whole.is_whole, whole.since_us, whole.by_model[SMALL].requests) == (True, 7, 5)
    assert (part.is_whole, part.since_us, part.by_model[SMALL].requests) == (False, NOON_US + 2, 3)
