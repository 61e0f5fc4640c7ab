from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import (
    MAX_COST,
    MAX_RATE,
    MILLION,
    Price,
    Rates,
    Sheet,
    billed_tier,
    ceiling_of,
    cost,
    dearer_ceilings,
    flat_price,
    in_batches,
    joined_ceiling,
    most_cost,
    rates_of,
    scaled,
    since_when_known,
    total_of,
)

COUNTS = st.integers(0, 10**9)
RATES = st.builds(Rates, *[st.integers(0, MAX_RATE)] * 10)
STEPS = st.lists(st.tuples(st.integers(1, 10**6), RATES), max_size=3, unique_by=lambda step: step[0]).map(
    lambda steps: tuple(sorted(steps))
)
SHEETS = st.builds(Sheet, RATES, STEPS)
PRICES = st.builds(
    lambda sheet, flex, request_nano: Price(sheet.rates, sheet.above, (("flex", flex),), request_nano),
    SHEETS,
    SHEETS,
    st.integers(0, 10**12),
)
TIERS = st.sampled_from(("", "flex", "unheard of"))


@st.composite
def usages(draw: st.DrawFn, *, asked: st.SearchStrategy[int] = st.just(1)) -> Usage:  # noqa: B008
    """What a vendor reports that reports rightly: parts are not more than what they are of."""
    parts = [draw(st.integers(0, 10**6)) for _ in range(9)]
    fresh, read, short, long, heard, seen, thought, spoken, drawn = parts
    return Usage(
        fresh + read + short + long + heard + seen,
        draw(st.integers(0, 10**6)) + thought + spoken + drawn,
        read,
        short + long,
        thought,
        heard + spoken,
        long,
        spoken,
        seen,
        drawn,
        draw(asked),
        draw(TIERS),
    )


def exact(usage: Usage, price: Price) -> int:
    """The cost in millionths of a nano-dollar, from the definition: each token has the rate of its own kind."""
    sheet = dict(price.tiers).get(usage.tier) or Sheet(price.rates, price.above)
    rates = sheet.rates
    for least, dearer in sheet.above:
        if usage.input_tokens // max(usage.provider_requests, 1) > least:
            rates = dearer
    heard = usage.audio_tokens - usage.audio_output_tokens
    parts = {
        "cached_input": usage.cached_input_tokens,
        "cache_write": usage.cache_write_tokens - usage.cache_write_1h_tokens,
        "cache_write_1h": usage.cache_write_1h_tokens,
        "audio_input": heard,
        "image_input": usage.image_input_tokens,
        "reasoning": usage.reasoning_tokens,
        "audio_output": usage.audio_output_tokens,
        "image_output": usage.image_output_tokens,
    }
    into = ("cached_input", "cache_write", "cache_write_1h", "audio_input", "image_input")
    parts["input"] = usage.input_tokens - sum(parts[kind] for kind in into)
    parts["output"] = usage.output_tokens - sum(parts[kind] for kind in ("reasoning", "audio_output", "image_output"))
    tokens: int = sum(getattr(rates, kind) * count for kind, count in parts.items())
    return tokens + price.request_nano * usage.provider_requests * MILLION


@given(usages(asked=st.integers(1, 5)), PRICES)
def test_a_cost_is_what_each_token_costs_rounded_up_by_less_than_a_nano_dollar(usage: Usage, price: Price) -> None:
    spent = cost(usage, price)

    assert 0 <= spent * MILLION - exact(usage, price) < MILLION


@given(usages(), PRICES, TIERS)
def test_no_request_costs_more_than_its_ceiling_says(usage: Usage, price: Price, tier: str) -> None:
    usage = usage._replace(tier=tier)

    assert cost(usage, price) <= most_cost(usage.input_tokens, usage.output_tokens, ceiling_of(price, tier))


@given(usages(), PRICES, COUNTS, COUNTS)
def test_a_ceiling_never_falls_as_tokens_are_added(usage: Usage, price: Price, into: int, out: int) -> None:
    ceiling = ceiling_of(price)
    less = most_cost(usage.input_tokens, usage.output_tokens, ceiling)

    assert less <= most_cost(usage.input_tokens + into, usage.output_tokens + out, ceiling)


ADDED: dict[str, Callable[[Usage, int], Usage]] = {
    "plain input": lambda usage, more: usage,
    "cached": lambda usage, more: usage._replace(cached_input_tokens=usage.cached_input_tokens + more),
    "written": lambda usage, more: usage._replace(cache_write_tokens=usage.cache_write_tokens + more),
    "written for an hour": lambda usage, more: usage._replace(
        cache_write_tokens=usage.cache_write_tokens + more,
        cache_write_1h_tokens=usage.cache_write_1h_tokens + more,
    ),
    "heard": lambda usage, more: usage._replace(audio_tokens=usage.audio_tokens + more),
    "seen": lambda usage, more: usage._replace(image_input_tokens=usage.image_input_tokens + more),
}


@given(usages(), RATES, st.sampled_from(sorted(ADDED)), st.integers(0, 10**6))
def test_a_cost_never_falls_as_input_of_any_kind_is_added(usage: Usage, rates: Rates, kind: str, more: int) -> None:
    added = ADDED[kind](usage, more)._replace(input_tokens=usage.input_tokens + more)

    assert cost(usage, Price(rates)) <= cost(added, Price(rates))


@given(usages(), RATES, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_cost_never_falls_as_output_or_requests_are_added(
    usage: Usage, rates: Rates, said: int, thought: int
) -> None:
    price = Price(rates, request_nano=7)
    more = usage._replace(
        output_tokens=usage.output_tokens + said + thought, reasoning_tokens=usage.reasoning_tokens + thought
    )

    assert cost(usage, price) <= cost(more, price)
    assert cost(usage, price) <= cost(usage._replace(provider_requests=usage.provider_requests + 1), price)


@given(st.builds(Usage, *[COUNTS] * 11, TIERS), PRICES)
def test_whatever_a_vendor_reports_costs_something_or_nothing_but_never_less(usage: Usage, price: Price) -> None:
    assert cost(usage, price) >= 0


def test_a_cost_that_no_database_could_hold_is_the_most_that_one_can() -> None:
    assert cost(Usage(2**62, 2**62), flat_price(10**9, 10**9)) == MAX_COST
    assert most_cost(2**62, 2**62, ceiling_of(flat_price(10**9, 10**9))) == MAX_COST


def test_each_kind_of_token_has_its_price() -> None:
    price = Price(rates_of(1000 * MILLION, 4000 * MILLION, cached_input=100 * MILLION, cache_write=1250 * MILLION))
    usage = Usage(input_tokens=100, output_tokens=10, cached_input_tokens=60, cache_write_tokens=20)

    assert cost(usage, price) == 20 * 1000 + 60 * 100 + 20 * 1250 + 10 * 4000


def test_without_a_price_of_its_own_a_cached_token_costs_what_any_other_does() -> None:
    assert cost(Usage(100, 0, cached_input_tokens=60), flat_price(1000, 4000)) == 100_000


@given(COUNTS, COUNTS, COUNTS)
def test_more_cached_than_read_never_makes_money(read: int, cached: int, written: int) -> None:
    cached_apart = Price(rates_of(7 * MILLION, 0, cached_input=MILLION))

    assert cost(Usage(read, 0, cached_input_tokens=cached), cached_apart) >= cached
    assert cost(Usage(read, written), flat_price(7, 9)) == read * 7 + written * 9


def test_the_price_of_a_request_is_paid_for_each_and_for_none_where_none_was_made() -> None:
    price = flat_price(1, 1)._replace(request_nano=50)

    assert cost(Usage(10, 0), price) == 60
    assert cost(Usage(30, 0, provider_requests=3), price) == 180
    assert cost(Usage(provider_requests=0), price) == 0


def test_requests_that_were_made_together_are_each_as_long_as_they_are() -> None:
    price = flat_price(1, 1)._replace(above=((100, rates_of(10 * MILLION, 10 * MILLION)),))

    assert cost(total_of([Usage(90, 1)] * 3), price) == 273
    assert cost(Usage(270, 3), price) == 2730


def test_a_sum_has_every_count_and_the_first_tier_that_is_told() -> None:
    counts = tuple(range(1, 11))
    parts = [Usage._make((*counts, 1, "")), Usage._make((*counts, 1, "flex")), Usage(tier="priority")]

    assert total_of(parts) == Usage._make((*(2 * count for count in counts), 3, "flex"))
    assert total_of([]) == Usage()


@pytest.mark.parametrize(
    ("word", "tier"),
    [
        ("default", ""),
        ("Standard", ""),
        ("ON_DEMAND", ""),
        (None, ""),
        ("", ""),
        ("FLEX", "flex"),
        ("x" * 99, "x" * 32),
    ],
)
def test_what_costs_the_usual_price_has_no_name(word: str | None, tier: str) -> None:
    assert billed_tier(word) == tier


def test_a_share_of_a_sheet_is_rounded_up() -> None:
    sheet = scaled(Sheet(rates_of(3, 100), ((10, rates_of(5, 7)),)), 50)

    assert (sheet.rates.input, sheet.rates.output) == (2, 50)
    assert sheet.above == ((10, rates_of(3, 4)),)


def test_batches_have_a_sheet_of_their_own_or_a_share_of_the_usual() -> None:
    own = Sheet(rates_of(7, 7))
    price = Price(rates_of(10, 10), tiers=(("batch", own), ("flex", own)), dated="d")

    assert in_batches(price, 50) == Price(own.rates, dated="d")
    assert in_batches(price._replace(tiers=()), 50) == Price(rates_of(5, 5), dated="d")
    assert in_batches(price._replace(tiers=()), 100) == Price(rates_of(10, 10), dated="d")


@given(SHEETS, SHEETS, st.integers(0, 10**7), COUNTS)
def test_a_joined_ceiling_is_no_lower_than_either(one: Sheet, other: Sheet, into: int, out: int) -> None:
    ceilings = [ceiling_of(Price(*sheet)) for sheet in (one, other)]

    assert most_cost(into, out, joined_ceiling(*ceilings)) >= max(most_cost(into, out, each) for each in ceilings)


def test_only_tiers_that_can_cost_more_have_a_ceiling_of_their_own() -> None:
    usual = Sheet(rates_of(10, 10))
    tiers = (("flex", scaled(usual, 50)), ("priority", scaled(usual, 200)))
    price = Price(*usual, tiers)

    assert dearer_ceilings(price) == {"priority": ceiling_of(price, "priority")}


def test_a_price_is_known_since_it_was_first_seen() -> None:
    before = flat_price(1, 1)._replace(dated="2026-11-20")
    now = flat_price(1, 1)._replace(dated="2026-11-21")
    changed: Any = flat_price(1, 2)._replace(dated="2026-11-21")

    assert since_when_known(now, before) is before
    assert since_when_known(changed, before) is changed
    assert since_when_known(now, None) is now


def test_a_row_names_the_price_that_it_was_charged_by_and_no_other() -> None:
    price = flat_price(150, 600)
    others = [
        price._replace(request_nano=1),
        price._replace(rates=price.rates._replace(reasoning=1)),
        price._replace(above=((200_000, price.rates),)),
        price._replace(tiers=(("flex", Sheet(price.rates)),)),
        price._replace(dated="2026-11-22"),
    ]

    assert price.named.startswith(f"{price.label} #")
    assert price.named == flat_price(150, 600).named
    assert len({price.named, *(other.named for other in others)}) == 6
