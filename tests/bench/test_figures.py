import pytest

from bench.figures import growth_per_100k, percentile


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.9, 90), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_the_value_that_so_many_do_not_exceed(share: float, value: int) -> None:
    assert percentile(range(1, 101), share) == value


def test_the_percentiles_of_a_single_value_are_that_value() -> None:
    assert [percentile([7.0], share) for share in (0.01, 0.5, 0.99)] == [7.0, 7.0, 7.0]


def test_growth_counts_only_what_comes_after_the_warm_up() -> None:
    points = [(50_000, 0), (100_000, 9_000_000), (200_000, 9_500_000), (300_000, 10_000_000)]

    assert growth_per_100k(points, after=100_000) == pytest.approx(500_000)


def test_growth_of_a_run_that_ends_with_the_warm_up_is_unknown() -> None:
    assert growth_per_100k([(50_000, 1), (100_000, 2)], after=100_000) is None
