import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.dialects.preferences import first_model, has_preferences, read_models, read_preferences
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.preferences import MaxPrice, Preferences

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WISHES = st.sampled_from(
    ["order", "only", "ignore", "sort", "allow_fallbacks", "max_price", "data_collection", "zdr", "quantizations", "x"]
)


def fields(**values: object) -> RawObject:
    return peek_object(json.dumps(values).encode()).fields


def provider(**wishes: Any) -> Preferences:
    return read_preferences(fields(provider=wishes))


def test_all_that_can_be_wished_is_read() -> None:
    wishes = read_preferences(
        fields(
            models=["a", "b:floor", "a"],
            provider={
                "order": ["Acme", "other"],
                "only": ["acme"],
                "ignore": ["slow"],
                "sort": {"by": "latency", "partition": "none"},
                "allow_fallbacks": False,
                "max_price": {"prompt": 0.5, "completion": "1.25", "request": 0.001},
            },
        )
    )

    assert wishes == Preferences(
        models=("a", "b:floor"),
        order=("acme", "other"),
        only=("acme",),
        ignore=("slow",),
        sort="latency",
        sorts_models=True,
        allow_fallbacks=False,
        max_price=MaxPrice(500_000_000, 1_250_000_000, 1_000_000),
    )


def test_nothing_is_wished_by_null_or_by_what_is_usual() -> None:
    usual = {"order": None, "sort": None, "allow_fallbacks": None, "data_collection": "allow", "zdr": False}

    assert read_preferences(fields(models=None, provider=None)) == Preferences()
    assert provider(**usual, require_parameters=False, quantizations=[]) == Preferences()


def test_what_would_only_have_made_a_better_choice_is_named() -> None:
    wishes = provider(require_parameters=True, quantizations=["fp8"], preferred_max_latency=2, novelty={"a": 1})

    assert wishes.unheard == (
        "provider.require_parameters",
        "provider.quantizations",
        "provider.preferred_max_latency",
        "provider.novelty",
    )


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"data_collection": "deny"}, "provider.data_collection"),
        ({"zdr": True}, "provider.zdr"),
        ({"enforce_distillable_text": True}, "provider.enforce_distillable_text"),
        ({"max_price": {"image": 1}}, "provider.max_price.image"),
        ({"max_price": {"prompt": -1}}, "provider.max_price.prompt"),
        ({"max_price": {"prompt": True}}, "provider.max_price.prompt"),
        ({"max_price": {"prompt": "1 dollar"}}, "provider.max_price.prompt"),
        ({"max_price": {"prompt": "NaN"}}, "provider.max_price.prompt"),
        ({"max_price": {"completion": 10**7}}, "provider.max_price.completion"),
        ({"max_price": 1}, "provider.max_price"),
        ({"sort": "beauty"}, "provider.sort"),
        ({"sort": {"by": "price", "partition": "moon"}}, "provider.sort.partition"),
        ({"allow_fallbacks": "no"}, "provider.allow_fallbacks"),
        ({"order": "acme"}, "provider.order"),
        ({"only": [1]}, "provider.only"),
        ({"ignore": ["x"] * 3 + [""]}, "provider.ignore"),
        ({"order": [f"p{number}" for number in range(65)]}, "provider.order"),
    ],
)
def test_what_cannot_be_promised_or_understood_is_refused_by_its_name(wishes: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        provider(**wishes)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"provider": "acme"}, "provider"),
        ({"models": "a"}, "models"),
        ({"models": ["a", 1]}, "models"),
        ({"models": [str(number) for number in range(9)]}, "models"),
        ({"models": ["x" * 257]}, "models"),
    ],
)
def test_fields_of_another_shape_are_refused(wishes: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_preferences(fields(**wishes))

    assert caught.value.param == param


def test_the_first_of_several_models_stands_for_the_model() -> None:
    assert first_model(fields(models=["b", "a"])) == "b"
    assert first_model(fields(model="x")) is None
    assert read_models(fields(models=["b", "a", "b"])) == ("b", "a")


def test_a_body_without_either_field_wishes_nothing() -> None:
    assert not has_preferences(fields(model="a", route="fallback"))
    assert has_preferences(fields(provider={}))
    assert has_preferences(fields(models=[]))


@given(st.dictionaries(WISHES, JSON, max_size=4) | JSON, JSON)
def test_whatever_is_sent_is_read_or_refused_by_name(said: Any, models: Any) -> None:
    problem = ""
    try:
        wishes = read_preferences(fields(provider=said, models=models))
    except InvalidRequest as error:
        wishes, problem = Preferences(), error.param or "nothing"

    assert len(wishes.models) <= 8
    assert problem.startswith(("provider", "models")) or not problem
