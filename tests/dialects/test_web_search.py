import json
from typing import Any

import pytest

from tokenrouter.dialects.web_search import search_settings
from tokenrouter.domain.requests import HostedTool

HERE = {"type": "approximate", "country": "DE"}


def settings(**fields: Any) -> Any:
    told = search_settings(HostedTool("web_search", "any", json.dumps(fields).encode()))
    return None if told is None else {name: json.loads(bytes(raw)) for name, raw in told.items()}


@pytest.mark.parametrize(
    "fields", [{"allowed_domains": ["a.example"]}, {"filters": {"allowed_domains": ["a.example"]}}]
)
def test_the_domains_stand_in_one_place_or_the_other(fields: dict[str, Any]) -> None:
    assert settings(type="web_search", **fields) == {"allowed_domains": ["a.example"]}


def test_where_the_user_is_goes_along() -> None:
    assert settings(user_location=HERE, search_context_size="low") == {"user_location": HERE}


def test_what_is_not_set_is_not_told() -> None:
    assert settings(allowed_domains=None, filters=None, user_location=None) == {}


@pytest.mark.parametrize(
    "fields", [{"filters": "everything"}, {"blocked_domains": ["a.example"]}, {"external_web_access": False}]
)
def test_no_other_search_takes_the_place_of_one_that_is_bound_otherwise(fields: dict[str, Any]) -> None:
    assert settings(**fields) is None
