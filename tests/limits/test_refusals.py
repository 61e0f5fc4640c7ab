import pytest

from tests.limits.suite import a_limit
from tokenrouter.domain.errors import LimitReached, QuotaExceeded, QuotaReserved, RateLimited
from tokenrouter.limits.refusals import refusal_of, slowest

DAY = a_limit("global", "tokens", "day", 100)


@pytest.mark.parametrize(
    ("used", "held", "kind"), [(60, 30, QuotaReserved), (80, 10, QuotaReserved), (81, 0, QuotaExceeded)]
)
def test_what_would_fit_without_running_requests_is_reserved(used: int, held: int, kind: type[LimitReached]) -> None:
    refusal = refusal_of(DAY, "global", used=used, held=held, asked=20, allowed=100, back_in_s=60.0)

    assert type(refusal) is kind
    assert refusal.retry_after_s == (60.0 if kind is QuotaExceeded else 2.0)


def test_a_limit_of_nothing_is_never_reserved() -> None:
    blocked = refusal_of(DAY, "global", used=0, held=0, asked=0, allowed=0, back_in_s=None)

    assert type(blocked) is QuotaExceeded


def test_the_slowest_of_several_is_the_one_that_never_ends() -> None:
    soon, late, never = (RateLimited("", retry_after_s=after_s) for after_s in (1.0, 60.0, None))

    assert slowest([soon, late]) is late
    assert slowest([late, never, soon]) is never
