from dataclasses import replace

import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.period_usage import MAX_TOKENS_PER_S, PeriodSums, period_buckets, period_sums

HOUR_US = 3_600_000_000
NOON_S = NOON_US // 1_000_000


def keep(store: Store, *rows: LedgerEntry) -> None:
    record(store, [Row(row) for row in rows], {})


def test_only_what_began_in_the_period_counts(store: Store) -> None:
    keep(store, entry("01", started_us=NOON_US - HOUR_US), entry("02"), entry("03", started_us=NOON_US - 1))

    assert period_sums(store, NOON_US).requests == 1
    assert period_sums(store, NOON_US - HOUR_US).requests == 3


def test_a_key_can_be_asked_for_alone(store: Store) -> None:
    keep(store, entry("01"), entry("02", key_id="key_bob", usage=Usage(input_tokens=7)))

    assert period_sums(store, 0, key_id="key_bob").input_tokens == 7


def test_refusals_that_were_counted_in_one_row_are_failures_of_their_number(store: Store) -> None:
    keep(store, entry("01"), entry("02", status=429, count=60, usage=Usage()))

    sums = period_sums(store, 0)

    assert (sums.requests, sums.failed) == (61, 60)


@pytest.mark.parametrize(
    ("latency_us", "first_us", "prompt", "generation"),
    [
        (3_000_000, 1_000_000, 100.0, 25.0),
        (2_000_000, 0, 50.0, 25.0),
        (300_000, 100_000, 400.0, 200.0),
    ],
    ids=["a stream has two phases", "a whole answer has one", "a short phase counts as a quarter of a second"],
)
def test_speeds_are_tokens_by_the_phase_in_which_they_went(
    store: Store, latency_us: int, first_us: int, prompt: float, generation: float
) -> None:
    keep(
        store,
        entry("01", latency_us=latency_us, first_token_us=first_us, usage=Usage(input_tokens=100, output_tokens=50)),
    )

    sums = period_sums(store, 0)

    assert (sums.prompt_tps, sums.generation_tps, sums.latency_us) == (prompt, generation, latency_us)


def test_no_speed_is_beyond_belief_and_failures_have_none(store: Store) -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=1)
    keep(store, entry("01", latency_us=1_000_000, usage=usage), entry("02", latency_us=1, status=502, usage=usage))

    assert period_sums(store, 0).prompt_tps == MAX_TOKENS_PER_S


def test_buckets_are_slots_of_time_by_provider_model_client_and_key(store: Store) -> None:
    keep(
        store,
        entry("01", client_tool="curl", client_ip="192.0.2.1"),
        entry("02", client_tool="curl", client_ip="192.0.2.1", started_us=NOON_US + 59_000_000),
        entry("03", client_tool="curl", client_ip="192.0.2.1", started_us=NOON_US + 60_000_000),
        entry("04", client_tool="curl", client_ip="192.0.2.2"),
    )

    buckets = period_buckets(store, NOON_US, 60)

    shown = [(bucket.start_s - NOON_S, bucket.client_ip, bucket.sums.requests) for bucket in buckets]
    assert sorted(shown) == [(0, "192.0.2.1", 2), (0, "192.0.2.2", 1), (60, "192.0.2.1", 1)]
    assert buckets[-1].start_s == NOON_S + 60
    assert replace(buckets[-1], sums=PeriodSums()).requested_model == "acme/small"


def test_nothing_is_a_sum_too(store: Store) -> None:
    assert period_sums(store, 0) == PeriodSums()
    assert period_buckets(store, 0, 60) == []
