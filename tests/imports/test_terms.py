"""Limits and rows, as all sources have them."""

import pytest

from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.limit_text import MAX_AMOUNT
from tokenrouter.domain.limits import Window
from tokenrouter.imports.terms import LIFETIME, end_of, found_limit, imported_row, interval_or_lifetime


def test_amounts_stay_within_what_is_kept() -> None:
    one = found_limit("team:t", "tokens", LIFETIME, 2**80, used=-5)

    assert (one.limit.amount, one.used, one.limit.id) == (MAX_AMOUNT, 0, "team:t|tokens|lifetime")


@pytest.mark.parametrize(("length_s", "window"), [(60, Window("interval", 60)), (0, LIFETIME), (10**12, LIFETIME)])
def test_a_window_that_never_ends_is_a_lifetime(length_s: int, window: Window) -> None:
    assert interval_or_lifetime(length_s) == window


@pytest.mark.parametrize(
    ("status", "end"),
    [
        (200, "completed"),
        (401, "client_error"),
        (429, "limit_reached"),
        (504, "provider_timeout"),
        (500, "provider_error"),
    ],
)
def test_a_status_says_how_it_ended(status: int, end: str) -> None:
    assert end_of(status) == end


def test_a_row_is_charged_to_its_key_and_says_that_it_is_imported() -> None:
    row = imported_row(("x",), 5, Usage(1, 2), key_id="key_1", model="m")

    assert (row.chain, row.price_source, row.requested_model, row.end_reason) == (
        ("key_1",),
        "imported",
        "m",
        "completed",
    )
