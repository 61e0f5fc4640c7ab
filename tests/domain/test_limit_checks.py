from dataclasses import replace

import pytest

from tokenrouter.domain.limit_checks import Names, contradiction, limit_warnings, subject_mistake
from tokenrouter.domain.limit_text import read_limit
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.prices import flat_price

NAMES = Names(
    keys=("alice",), users=("ann",), teams=("physics",), providers=("acme",), aliases=("fast",), models=("acme/small",)
)
PRICES = {"acme/small": flat_price(150, 600), "acme/big": flat_price(5000, 15_000)}


def a_limit(scope: str = "global", metric: str = "tokens", amount: object = 1000, **more: object) -> Limit:
    return read_limit({"scope": scope, "metric": metric, "window": "day", "amount": amount, **more})


def warnings(limit: Limit, *others: Limit) -> str:
    return "; ".join(limit_warnings(limit, others, NAMES, PRICES, 100.0))


@pytest.mark.parametrize("scope", ["provider:acne", "model:acne/small", "alias:fats"])
def test_what_can_only_be_declared_must_be(scope: str) -> None:
    mistake = subject_mistake(a_limit(scope), NAMES)

    assert mistake is not None
    assert "did you mean" in mistake.message


@pytest.mark.parametrize("kind", ["key", "team", "user"])
def test_other_subjects_may_be_elsewhere_unless_all_are_known(kind: str) -> None:
    limit = a_limit(f"{kind}:nobody")

    assert subject_mistake(limit, NAMES) is None
    assert f"no {kind} 'nobody' is known" in warnings(limit)
    assert subject_mistake(limit, replace(NAMES, complete=frozenset((kind,)))) is not None


@pytest.mark.parametrize(
    "scope",
    ["global", "key:alice", "key:*", "user:ann", "team:physics", "provider:acme", "model:acme/small", "alias:fast"],
)
def test_what_exists_is_neither_a_mistake_nor_worth_a_word(scope: str) -> None:
    everything = replace(NAMES, complete=frozenset(("key", "user", "team", "provider", "alias")))

    assert subject_mistake(a_limit(scope), everything) is None
    assert not warnings(a_limit(scope))
    assert subject_mistake(a_limit("ip:192.0.2.0/24"), everything) is None


def test_models_are_missed_only_where_some_are_known() -> None:
    assert "did you mean" in warnings(a_limit("model:acme/smal"))
    assert not limit_warnings(a_limit("model:new/smal"), (), Names(), {}, 0.0)


def test_two_of_a_kind_contradict_each_other_and_the_place_is_named() -> None:
    first = replace(a_limit(), origin="torod.toml:5")

    mistake = contradiction(a_limit(amount=5, tz="Asia/Tokyo"), [first])

    assert mistake is not None
    assert "torod.toml:5" in mistake.message
    for other in (a_limit(mode="soft"), a_limit("key:alice"), a_limit(metric="requests"), a_limit(window="hour")):
        assert contradiction(other, [first]) is None


@pytest.mark.parametrize(
    ("metric", "least"),
    [("requests", 1), ("concurrency", 1), ("tokens", 9), ("input_tokens", 8), ("output_tokens", 1)],
)
def test_a_limit_too_small_for_any_chat_is_told(metric: str, least: int) -> None:
    assert warnings(a_limit(metric=metric, amount=least - 1))
    assert not warnings(a_limit(metric=metric, amount=least))
    assert not warnings(a_limit(metric=metric, amount=least - 1, mode="soft"))


@pytest.mark.parametrize(
    ("scope", "needed"), [("global", 8 * 150 + 600), ("model:acme/small", 1800), ("provider:acme", 1800)]
)
def test_costs_are_measured_by_the_cheapest_price_in_reach(scope: str, needed: int) -> None:
    assert warnings(a_limit(scope, "cost_usd", f"0.{needed - 1:09d}"))
    assert not warnings(a_limit(scope, "cost_usd", f"0.{needed:09d}"))


def test_where_nothing_is_priced_nothing_is_said_of_costs() -> None:
    assert not limit_warnings(a_limit("global", "cost_usd", "0.000000001"), (), NAMES, {}, 0.0)


def test_a_boost_that_opens_a_limit_of_nothing_is_enough_and_one_that_ended_is_told() -> None:
    assert not warnings(a_limit(amount=0, boost=50, boost_until=101))
    assert "its boost has ended" in warnings(a_limit(boost=50, boost_until=100))


def test_an_alert_above_its_hard_limit_is_told_from_either_side() -> None:
    hard, soft = a_limit(amount=50), a_limit(amount=80, mode="soft")

    assert "never tells" in warnings(hard, soft)
    assert "never tells" in warnings(soft, hard)
    assert not warnings(a_limit(amount=80), a_limit(amount=50, mode="soft"))
