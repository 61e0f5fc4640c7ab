from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.speeds import BOUNDS_US, BUCKETS, RATIO, Speeds, bucket_of, quantile_us


def counts_of(durations: list[int]) -> list[int]:
    counts = [0] * BUCKETS
    for duration in durations:
        counts[bucket_of(duration)] += 1
    return counts


@given(st.integers(0, 10**12))
def test_a_duration_is_within_the_bounds_of_its_bucket(duration: int) -> None:
    bucket = bucket_of(duration)

    assert bucket == 0 or BOUNDS_US[bucket - 1] < duration
    assert bucket == BUCKETS - 1 or duration <= BOUNDS_US[bucket]


def test_bounds_grow_by_one_ratio() -> None:
    assert all(later / earlier == pytest.approx(RATIO, rel=1e-3) for earlier, later in pairwise(BOUNDS_US))
    assert (BOUNDS_US[0], len(BOUNDS_US)) == (10_000, BUCKETS - 1)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95, 1.0])
def test_a_percentile_is_off_by_less_than_a_bucket(share: float) -> None:
    chance = Random(7)
    durations = sorted(int(chance.lognormvariate(14, 1)) for _ in range(5000))

    found = quantile_us(counts_of(durations), share)

    assert found == pytest.approx(durations[int(share * 5000) - 1], rel=RATIO - 1)


def test_of_nothing_there_is_no_percentile() -> None:
    assert quantile_us([0] * BUCKETS, 0.5) is None


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_higher_percentiles_are_never_shorter(durations: list[int]) -> None:
    found = [quantile_us(counts_of(durations), share) or 0 for share in (0.0, 0.25, 0.5, 0.95, 1.0)]

    assert found == sorted(found)


def test_speeds_of_parts_are_added_to_those_of_all() -> None:
    one = Speeds(100, 2_000_000, 30, 1_000_000, tuple(counts_of([20_000])), tuple(counts_of([5])))

    both = one + one + Speeds()

    assert (both.prompt_tokens_per_s, both.generated_tokens_per_s) == (50.0, 30.0)
    assert (sum(both.latency), sum(both.first_token)) == (2, 2)
    assert Speeds().generated_tokens_per_s is None
