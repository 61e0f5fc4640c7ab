import pytest
from pydantic import ValidationError

from tests.admin.installation import TOKENS
from tokenrouter.admin.compat.go_quotas import Quota, limits_of, shown_quota
from tokenrouter.domain.limits import CounterPast
from tokenrouter.jobs.limit_use import LimitFigures

BOTH = Quota.model_validate(
    {"requests": {"limit": 5, "interval_seconds": 3600}, "tokens": {"limit": 1000}, "cost": {"limit": 1}}
)


def test_a_quota_is_a_limit_for_each_budget() -> None:
    assert [(limit.id, limit.amount) for limit in limits_of(BOTH, "alice")] == [
        ("key:alice|requests|interval:3600s", 5),
        ("key:alice|tokens|lifetime", 1000),
    ]
    assert limits_of(None, "alice") == limits_of(Quota(), "alice") == ()


def test_it_is_shown_as_it_was_said_with_what_is_used() -> None:
    limits = list(limits_of(BOTH, "alice"))
    figures = LimitFigures(
        used={(limits[0].id, "key:alice"): 2, (limits[1].id, "key:alice"): 300},
        past={(limits[0].id, "key:alice"): CounterPast(1_000_000.0)},
    )

    shown = shown_quota(limits, "key:alice", figures, 1_000_000.0 + 2 * 3600 + 5)

    assert shown == {
        "requests": {
            "limit": 5,
            "interval_seconds": 3600,
            "used": 2,
            "window_started_at": "1970-01-12T15:46:40Z",
        },
        "tokens": {"limit": 1000, "interval_seconds": 0, "used": 300},
    }


def test_before_the_first_use_no_window_has_begun() -> None:
    shown = shown_quota(list(limits_of(BOTH, "alice")), "key:alice", LimitFigures(), 5.0)

    assert shown is not None
    assert "window_started_at" not in shown["requests"]


def test_limits_that_it_could_not_say_are_no_quota() -> None:
    assert shown_quota([], "key:alice", LimitFigures(), 5.0) is None
    assert shown_quota([TOKENS], "key:alice", LimitFigures(), 5.0) is not None


@pytest.mark.parametrize(
    "budget",
    [{"limit": 0}, {"limit": -1}, {"limit": 2**63}, {}, {"limit": 1, "interval_seconds": -1}, {"limit": "many"}],
)
def test_a_budget_is_more_than_nothing_in_a_time_that_can_be(budget: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Quota.model_validate({"tokens": budget})
