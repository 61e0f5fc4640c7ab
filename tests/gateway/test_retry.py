import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.errors import (
    ContentRefused,
    ContextTooLong,
    GatewayError,
    InternalError,
    InvalidRequest,
    JournalUnavailable,
    ModelNotFound,
    ProviderCredentialsRejected,
    ProviderCut,
    ProviderProtocolError,
    ProviderRefused,
    ProviderSlow,
    ProviderTimeout,
    ProviderUnreachable,
    QuotaExceeded,
)
from tokenrouter.gateway.retry import GIVE_UP, MAX_WAIT_S, NEXT, RULES, Again, Failure, Situation, decide, failure_of


def refused(status: int, retry_after_s: float | None = None) -> ProviderRefused:
    return ProviderRefused("no", provider="p", status=status, retry_after_s=retry_after_s)


def timeout(phase: str) -> ProviderTimeout:
    return ProviderTimeout("slow", provider="p", phase=phase)  # type: ignore[arg-type]


TABLE: list[tuple[GatewayError, Failure, bool, bool]] = [
    (ProviderUnreachable("x"), "unreachable", True, True),
    (timeout("connect"), "unreachable", True, True),
    (timeout("first_byte"), "silent", True, False),
    (timeout("between_bytes"), "silent", True, False),
    (timeout("total"), "silent", True, False),
    (timeout("deadline"), "late", False, False),
    (ProviderSlow("x"), "slow", True, False),
    (ProviderCut("x"), "cut", True, False),
    (ProviderProtocolError("x"), "malformed", True, False),
    (refused(429), "full", True, True),
    (refused(408), "overloaded", True, True),
    (refused(409), "overloaded", True, True),
    (refused(500), "overloaded", True, True),
    (refused(503), "overloaded", True, True),
    (refused(529), "overloaded", True, True),
    (refused(404), "missing", True, False),
    (ModelNotFound("x"), "missing", True, False),
    (refused(402), "unpaid", True, False),
    (refused(400), "client", False, False),
    (refused(413), "client", False, False),
    (refused(422), "client", False, False),
    (ProviderCredentialsRejected("x"), "credentials", True, False),
    (ContextTooLong("x", provider="p"), "context", True, False),
    (ContentRefused("x", provider="p", status=400), "refused", False, False),
    (InvalidRequest("x"), "client", False, False),
    (QuotaExceeded("x"), "limit", False, False),
    (JournalUnavailable("x"), "gateway", False, False),
    (InternalError("x"), "gateway", False, False),
]
ERRORS = [row[0] for row in TABLE]


@pytest.mark.parametrize(("error", "failure", "elsewhere", "again"), TABLE)
def test_what_went_wrong_decides(error: GatewayError, failure: Failure, elsewhere: bool, again: bool) -> None:
    assert failure_of(error) == failure
    assert decide(error, Situation(1, others_left=True)) == (NEXT if elsewhere else GIVE_UP)
    assert isinstance(decide(error, Situation(1, others_left=False)), Again) is again


def test_every_failure_has_a_rule() -> None:
    assert {row[1] for row in TABLE} == set(RULES)


def test_pauses_grow_and_are_spread() -> None:
    first = [decide(refused(503), Situation(1, others_left=False, chance=chance)) for chance in (0.0, 0.999)]
    second = decide(refused(503), Situation(2, others_left=False, chance=0.0))

    assert first == [Again(0.125), Again(0.249875)]
    assert second == Again(0.25)


def test_a_provider_is_left_alone_for_as_long_as_it_says() -> None:
    decision = decide(refused(429, 2.0), Situation(1, others_left=False))

    assert isinstance(decision, Again)
    assert decision.after_s >= 2.0


RESUMED = {
    *("unreachable", "silent", "cut", "malformed", "full", "overloaded"),
    *("credentials", "unpaid", "missing", "context"),
}
"""After what failures another target may go on with an answer that its client has in part."""


@pytest.mark.parametrize("left_s", [60.0, 0.0])
@pytest.mark.parametrize("is_resumption", [False, True])
@pytest.mark.parametrize("can_resume", [False, True])
@pytest.mark.parametrize(("error", "failure"), [row[:2] for row in TABLE])
def test_an_answer_that_its_client_has_in_part_is_gone_on_with_where_that_is_possible(
    error: GatewayError, failure: Failure, can_resume: bool, is_resumption: bool, left_s: float
) -> None:
    resumed = failure in RESUMED or (failure == "client" and is_resumption)
    at = Situation(
        1,
        others_left=True,
        has_content=True,
        can_resume=can_resume,
        is_resumption=is_resumption,
        left_s=left_s,
        moves_refused=True,
    )

    assert decide(error, at) == (NEXT if can_resume and resumed else GIVE_UP)


@pytest.mark.parametrize("situation", [Situation(1, others_left=False), Situation(1, others_left=False, left_s=5.0)])
def test_nobody_waits_for_what_takes_too_long(situation: Situation) -> None:
    assert decide(refused(429, MAX_WAIT_S + 1), situation) == GIVE_UP
    assert decide(refused(429, 6.0), Situation(1, others_left=False, left_s=5.0)) == GIVE_UP


def test_another_target_is_asked_at_once_whatever_the_first_one_says() -> None:
    assert decide(refused(429, 60.0), Situation(1, others_left=True)) == NEXT


def test_what_one_provider_refuses_for_its_content_is_asked_of_others_only_where_that_is_allowed() -> None:
    error = ContentRefused("x", provider="p", status=400)

    assert decide(error, Situation(1, others_left=True, moves_refused=True)) == NEXT
    assert decide(error, Situation(1, others_left=False, moves_refused=True)) == GIVE_UP
    assert decide(refused(400), Situation(1, others_left=True, moves_refused=True)) == GIVE_UP


@pytest.mark.parametrize("others_left", [False, True])
@pytest.mark.parametrize("may_repeat", [False, True])
@pytest.mark.parametrize("attempts", [1, 2, 3, 4])
@pytest.mark.parametrize(("error", "failure", "elsewhere", "again"), TABLE)
def test_every_cell_of_the_table(
    error: GatewayError,
    failure: Failure,
    elsewhere: bool,
    again: bool,
    attempts: int,
    may_repeat: bool,
    others_left: bool,
) -> None:
    at = Situation(attempts, others_left=others_left, may_repeat=may_repeat, chance=0.5, left_s=60.0)

    decision = decide(error, at)

    if others_left:
        assert decision == (NEXT if elsewhere else GIVE_UP)
    elif again and may_repeat and attempts <= 2:
        assert decision == Again([0.1875, 0.375][attempts - 1])
    else:
        assert decision == GIVE_UP


def test_a_provider_whose_budget_is_used_up_is_not_asked_again() -> None:
    assert decide(refused(503), Situation(1, others_left=False, may_repeat=False)) == GIVE_UP


@given(
    st.sampled_from(ERRORS),
    st.builds(
        Situation,
        attempts=st.integers(1, 50),
        others_left=st.booleans(),
        has_content=st.booleans(),
        left_s=st.floats(-1, 1e6),
        may_repeat=st.booleans(),
        chance=st.floats(0, 1, exclude_max=True),
    ),
)
def test_tries_come_to_an_end_and_nothing_is_tried_behind_the_clients_back(error: GatewayError, at: Situation) -> None:
    decision = decide(error, at)

    if at.has_content or at.left_s <= 0:
        assert decision == GIVE_UP
    if isinstance(decision, Again):
        assert at.attempts <= max(rule.again for rule in RULES.values())
        assert 0 <= decision.after_s < at.left_s
