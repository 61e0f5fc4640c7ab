from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.jobs.reconciliation import Comparison, Drift, Reconciliation, Side, reconcile
from tokenrouter.providers.reports import ReportInvalid, ReportLine
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record

DAY = date(2026, 1, 1)
NEXT = date(2026, 1, 2)
DAY_US = 86_400_000_000


def used(store: Store, model: str, cost_nano: int | None, tokens: tuple[int, int], *, day: int = 0) -> None:
    name = f"{model}-{day}-{cost_nano}"
    row = entry(name, model=model, cost_nano_usd=cost_nano, usage=Usage(*tokens), started_us=NOON_US + day * DAY_US)
    record(store, [Row(row)], {})


def billed(model: str, usd: str, tokens: tuple[int, int], day: date = DAY) -> ReportLine:
    return ReportLine(day, model, Decimal(usd), *tokens, 1)


def compare(store: Store, *lines: ReportLine, tolerance: str = "0.5", **names: str) -> Reconciliation:
    return reconcile(store, "acme", lines, DAY, NEXT, tolerance=Decimal(tolerance), names=names)


def test_what_is_the_same_on_both_sides_does_not_drift(store: Store) -> None:
    used(store, "small", 2_000_000_000, (100, 10))

    found = compare(store, billed("small", "2.00", (100, 10)))

    assert not found.beyond
    side = Side(2_000_000_000, 100, 10, 1)
    even = Drift(0, Decimal(0))
    assert found.rows == (Comparison("2026-01-01", "small", side, side, even, even, even, 0, beyond=False),)
    assert found.total.ours == found.total.theirs == side


@pytest.mark.parametrize(("tolerance", "beyond"), [("1", True), ("5", False)])
def test_a_drift_is_told_absolute_and_in_per_cent_and_judged_by_the_tolerance(
    store: Store, tolerance: str, beyond: bool
) -> None:
    used(store, "small", 1_960_000_000, (100, 10))

    row = compare(store, billed("small", "2.00", (100, 10)), tolerance=tolerance).rows[0]

    assert row.cost == Drift(40_000_000, Decimal("2.000"))
    assert row.beyond is beyond


def test_tokens_alone_may_drift(store: Store) -> None:
    used(store, "small", 2_000_000_000, (90, 10))

    row = compare(store, billed("small", "2.00", (100, 10))).rows[0]

    assert (row.input_tokens, row.output_tokens) == (Drift(10, Decimal("10.000")), Drift(0, Decimal(0)))
    assert row.beyond


def test_less_than_half_a_cent_is_rounding(store: Store) -> None:
    used(store, "small", 1, (100, 10))

    row = compare(store, billed("small", "0.005", (100, 10))).rows[0]

    assert row.cost == Drift(4_999_999, Decimal("100.000"))
    assert not row.beyond


def test_what_only_one_side_has_is_shown(store: Store) -> None:
    used(store, "ours", 1_000_000_000, (1, 1))

    found = compare(store, billed("theirs", "1", (1, 1)), billed("web search", "0.02", (0, 0)))

    shown = [(row.model, row.ours is None, row.theirs is None, row.beyond) for row in found.rows]
    assert shown == [("ours", False, True, True), ("theirs", True, False, True), ("web search", True, False, True)]


def test_a_report_without_a_line_says_that_nothing_was_billed(store: Store) -> None:
    used(store, "small", 1_000_000_000, (1, 1))

    found = compare(store)

    assert found.beyond
    assert found.rows[0].cost == Drift(-1_000_000_000, None)


def test_what_used_nothing_is_not_shown(store: Store) -> None:
    used(store, "refused", None, (0, 0))

    assert compare(store).rows == ()


def test_a_request_without_a_price_explains_a_drift(store: Store) -> None:
    used(store, "small", None, (100, 10))

    row = compare(store, billed("small", "2.00", (100, 10))).rows[0]

    assert row.unpriced_requests == 1
    assert row.cost == Drift(2_000_000_000, Decimal("100.000"))


def test_models_are_joined_by_name_without_the_date_and_by_the_operators_mapping(store: Store) -> None:
    used(store, "small", 1_000_000_000, (1, 1))
    used(store, "deploy-7", 1_000_000_000, (1, 1))

    found = compare(store, billed("Small-2026-01-01", "1", (1, 1)), billed("large", "1", (1, 1)), large="deploy-7")

    assert [row.model for row in found.rows] == ["deploy-7", "small"]
    assert not found.beyond


def test_days_are_compared_one_by_one_and_other_days_not_at_all(store: Store) -> None:
    for day in (-1, 0, 1, 2):
        used(store, "small", 1_000_000_000, (1, 1), day=day)
    other_days = [billed("small", "9", (9, 9), date(2025, 12, 31)), billed("small", "9", (9, 9), date(2026, 1, 3))]

    found = compare(store, billed("small", "1", (1, 1)), billed("small", "1", (1, 1), NEXT), *other_days)

    assert [row.day for row in found.rows] == ["2026-01-01", "2026-01-02"]
    assert not found.beyond
    assert found.total.ours == Side(2_000_000_000, 2, 2, 2)


def test_money_and_tokens_may_come_in_lines_of_their_own(store: Store) -> None:
    used(store, "small", 1_000_000_000, (1, 1))

    cost = ReportLine(DAY, "small", cost_usd=Decimal("0.6"))
    more = ReportLine(DAY, "small", cost_usd=Decimal("0.4"))
    tokens = ReportLine(DAY, "small", input_tokens=1, output_tokens=1)

    assert not compare(store, cost, tokens, more).beyond


def test_what_a_report_does_not_speak_of_is_not_compared(store: Store) -> None:
    used(store, "small", 1_000_000_000, (1, 1))

    row = compare(store, ReportLine(DAY, "small", cost_usd=Decimal(1))).rows[0]

    assert row.input_tokens is None
    assert row.ours is not None
    assert row.ours.input_tokens is None
    assert not row.beyond


def test_a_report_that_is_not_split_by_model_is_compared_by_day(store: Store) -> None:
    used(store, "small", 1_000_000_000, (1, 1))
    used(store, "large", 3_000_000_000, (1, 1))

    found = compare(store, ReportLine(DAY, "", cost_usd=Decimal(4)))

    assert [(row.model, row.beyond) for row in found.rows] == [("", False)]


def test_a_report_that_is_split_by_halves_is_refused(store: Store) -> None:
    with pytest.raises(ReportInvalid, match="without saying for which model"):
        compare(store, ReportLine(DAY, "", cost_usd=Decimal(4)), ReportLine(DAY, "small", input_tokens=1))


AMOUNTS = st.tuples(st.sampled_from(["a", "b", "b-2026-01-01"]), st.integers(0, 10**12), st.integers(0, 10**6))


@given(st.lists(AMOUNTS, max_size=6), st.lists(AMOUNTS, max_size=6))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30, deadline=None
)
def test_the_total_is_the_sum_of_its_rows(
    store: Store, ours: list[tuple[str, int, int]], theirs: list[tuple[str, int, int]]
) -> None:
    since = date(2000, 1, 1)
    with store.write() as connection:
        for table in ("tr_ledger", "tr_usage_daily"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    rows = [entry(f"{i}", model=m, cost_nano_usd=cost, usage=Usage(n)) for i, (m, cost, n) in enumerate(ours)]
    record(store, [Row(row) for row in rows], {})
    lines = [ReportLine(DAY, m, Decimal(cost).scaleb(-9), n, 0) for m, cost, n in theirs]

    found = reconcile(store, "acme", lines, since, NEXT)

    drift = sum(row.cost.absolute for row in found.rows if row.cost is not None)
    total = found.total.cost.absolute if found.total.cost is not None else 0
    assert drift == total == sum(cost for _, cost, _ in theirs) - sum(cost for _, cost, _ in ours)
