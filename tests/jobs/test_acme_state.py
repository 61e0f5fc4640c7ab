from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.config.settings import TlsSettings
from tokenrouter.jobs.acme_question import Proof
from tokenrouter.jobs.acme_state import (
    BACK_OFF_S,
    DAY_S,
    LETS_ENCRYPT,
    LETS_ENCRYPT_STAGING,
    MAX_TRIES_A_DAY,
    OrderState,
    Showing,
    allowed_at_s,
    as_text,
    asked_for,
    directory_of,
    first_renewal_s,
    next_order_s,
    read_order_state,
    read_showing,
    staging_of,
    trial_allowed_at_s,
    wanted_at_s,
    with_moment,
)
from tokenrouter.tls.pair import CertificateFacts

TLS = TlsSettings(enabled=True, domains=("a.example", "b.example"))
ISSUED = OrderState(directory_url=LETS_ENCRYPT)
PROOF = Proof("http-01", "a.example", "token", "token.thumbprint")


def facts(days: float = 90, names: tuple[str, ...] = ("b.example", "a.example")) -> CertificateFacts:
    return CertificateFacts(names, "an authority", False, 0.0, days * DAY_S, "AB")


def failed(count: int, at_s: float = 1000.0, **changed: object) -> OrderState:
    state = OrderState(tries=(at_s,), failures=count, asked_for=asked_for(TLS), code="unauthorized")
    return msgspec.structs.replace(state, **changed)


@pytest.mark.parametrize(("days", "renewed_on"), [(90, 60.0), (6, 4.0), (1 / 1440, 1 / 2160)])
def test_a_certificate_is_renewed_at_two_thirds_of_its_life(days: float, renewed_on: float) -> None:
    assert wanted_at_s(ISSUED, TLS, facts(days)) == pytest.approx(renewed_on * DAY_S)


@given(st.floats(0, 1))
def test_chance_makes_it_sooner_never_later(chance: float) -> None:
    assert 0.6 * 90 * DAY_S < first_renewal_s(facts(), chance) <= 60 * DAY_S


@pytest.mark.parametrize(("asked_day", "renewed_on"), [(30.0, 30.0), (75.0, 75.0), (89.9, 81.0), (400.0, 81.0)])
def test_the_authority_may_say_when_but_not_too_late(asked_day: float, renewed_on: float) -> None:
    state = msgspec.structs.replace(ISSUED, renew_at_s=asked_day * DAY_S)

    assert wanted_at_s(state, TLS, facts()) == pytest.approx(renewed_on * DAY_S)


@pytest.mark.parametrize(
    ("state", "tls", "served"),
    [
        (OrderState(), TLS, None),
        (ISSUED, TLS, facts(names=("a.example",))),
        (ISSUED, replace(TLS, domains=("a.example",)), facts()),
        (ISSUED, replace(TLS, acme_directory_url="https://other.example/dir"), facts()),
    ],
)
def test_one_is_ordered_at_once_where_there_is_none_for_these_names_from_this_authority(
    state: OrderState, tls: TlsSettings, served: CertificateFacts | None
) -> None:
    assert next_order_s(state, tls, served) == 0.0


@pytest.mark.parametrize("count", range(1, 9))
def test_after_failures_it_is_tried_less_and_less_often(count: int) -> None:
    pause_s = BACK_OFF_S[min(count, len(BACK_OFF_S)) - 1]

    assert next_order_s(failed(count), TLS, None) == 1000.0 + pause_s


def test_who_is_told_that_it_is_too_often_waits_longest() -> None:
    assert allowed_at_s(failed(1, code="rateLimited"), TLS) == 1000.0 + BACK_OFF_S[-1]


def test_another_configuration_is_tried_at_once_and_so_is_what_somebody_asks_for() -> None:
    assert allowed_at_s(failed(5), replace(TLS, email="other@a.example")) == 0.0
    assert allowed_at_s(failed(5), TLS, by_hand=True) == 0.0


def test_never_more_are_ordered_in_a_day_than_are_allowed_whoever_asks() -> None:
    moments: tuple[float, ...] = ()
    for number in range(MAX_TRIES_A_DAY):
        assert allowed_at_s(OrderState(tries=moments), TLS, by_hand=True) == 0.0
        moments = with_moment(moments, 100.0 + number)

    full = OrderState(tries=moments, tests=moments)
    assert allowed_at_s(full, replace(TLS, email="other@a.example"), by_hand=True) == 100.0 + DAY_S
    assert trial_allowed_at_s(full) == 100.0 + DAY_S
    assert trial_allowed_at_s(OrderState(tries=moments)) == 0.0
    assert len(with_moment(moments, 100.0 + DAY_S)) == MAX_TRIES_A_DAY


def test_trials_go_where_nobody_trusts_what_is_issued() -> None:
    own = replace(TLS, acme_directory_url="https://ca.internal/dir")

    assert (directory_of(TLS), staging_of(TLS)) == (LETS_ENCRYPT, LETS_ENCRYPT_STAGING)
    assert directory_of(own) == staging_of(own) == "https://ca.internal/dir"


def test_what_is_written_is_read_again_and_garbage_is_nothing() -> None:
    assert read_order_state(as_text(failed(3))) == failed(3)
    assert list(read_showing(as_text(Showing([PROOF], 10.0)), 9.0)) == [PROOF]
    for text in ("", "{", "[]", '{"tries": "x"}'):
        assert read_order_state(text) == OrderState()
        assert list(read_showing(text, 0.0)) == []


def test_nothing_is_shown_any_more_when_whoever_ordered_has_died() -> None:
    assert list(read_showing(as_text(Showing([PROOF], 10.0)), 10.0)) == []
