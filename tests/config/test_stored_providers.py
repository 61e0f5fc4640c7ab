from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.config.problems import InvalidValues
from tokenrouter.config.stored_providers import changed_values, join_secrets, read_values, split_secrets
from tokenrouter.domain.catalog import Timeouts

ACME: dict[str, Any] = {
    "name": "acme",
    "base_url": "https://acme.test/v1",
    "api_key": "first-secret",
    "api_keys": ["second-secret", "third-secret"],
    "headers": {"x-key": "header-secret"},
    "models": ["small"],
}
SECRETS = ("first-secret", "second-secret", "third-secret", "header-secret")


def changed(unreadable: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    return changed_values(ACME, changes, unreadable)


def needed_again(unreadable: tuple[str, ...] = (), **changes: Any) -> list[str]:
    with pytest.raises(InvalidValues, match="is needed again") as caught:
        changed(unreadable, **changes)
    return [mistake.field for mistake in caught.value.mistakes]


def test_what_is_kept_apart_is_joined_again() -> None:
    said, secrets = split_secrets(ACME)

    assert not [secret for secret in SECRETS if secret in repr(said)]
    assert set(secrets.values()) == set(SECRETS)
    assert join_secrets(said, secrets) == ACME


@given(st.lists(st.text(), max_size=12), st.dictionaries(st.text(min_size=1), st.text(), max_size=4))
def test_any_keys_and_headers_keep_their_order_and_names(keys: list[str], headers: dict[str, str]) -> None:
    values: dict[str, Any] = {"name": "x"}
    values |= {"api_keys": keys} if keys else {}
    values |= {"headers": headers} if headers else {}

    assert join_secrets(*split_secrets(values)) == values


def test_a_provider_is_read_as_the_file_would_be() -> None:
    provider = read_values(ACME, Timeouts()).provider

    assert (provider.name, provider.secret, provider.other_secrets) == ("acme", SECRETS[0], SECRETS[1:3])
    assert provider.headers == {"x-key": "header-secret"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "name: is missing"),
        ({"name": "Acme"}, "name: 'Acme' is not usable"),
        ({"base_url": "ftp://x"}, "base_url: must begin with http"),
        ({"api_key": "env:HOME"}, "api_key: begins with env: or file:"),
        ({"api_key": "file:/etc/passwd"}, "api_key: begins with env: or file:"),
        ({"api_keys": ["env:HOME"]}, "api_keys[0]: begins with env: or file:"),
        ({"report_key": "env:HOME", "provider_type": "openai"}, "report_key: begins with env: or file:"),
        ({"timeouts": {"connect": 1}}, "timeouts.connect: unknown key"),
        ({"operations": ["chat", "chatt"]}, "operations: 'chatt' is not known"),
        ({"models": ["x" * 300_000]}, "has 200000 characters at most"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_no_pointer_is_followed(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidValues) as caught:
        read_values({**ACME, **values}, Timeouts())

    assert words in str(caught.value)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


def test_blank_secrets_stay_and_others_are_replaced() -> None:
    after = changed(api_key="", api_keys=["", "new", ""], headers={"x-key": "", "x-new": "n"}, models=["big"])

    assert after["api_key"] == "first-secret"
    assert after["api_keys"] == ["second-secret", "new", ""]
    assert after["headers"] == {"x-key": "header-secret", "x-new": "n"}
    assert after["models"] == ["big"]


def test_null_takes_a_word_away() -> None:
    after = changed(headers=None, api_key=None, models=None)

    assert set(after) == {"name", "base_url", "api_keys"}


@pytest.mark.parametrize(
    "base_url",
    ["http://acme.test/v1", "https://acme.test:8443/v1", "https://acme.test.evil.test/v1", "https://evil/v1"],
)
def test_a_provider_that_is_asked_elsewhere_needs_every_secret_again(base_url: str) -> None:
    assert needed_again(base_url=base_url) == ["api_key", "api_keys", "headers"]
    assert needed_again(base_url=base_url, api_key="", api_keys=[""], headers={"x-key": ""}) == [
        "api_key",
        "api_keys[0]",
        "headers.x-key",
    ]
    after = changed(base_url=base_url, api_key="mine", api_keys=None, headers={"x-key": "mine"})
    assert not [secret for secret in SECRETS if secret in repr(after)]


def test_another_kind_without_an_address_is_another_place_too() -> None:
    assert "api_key" in needed_again(provider_type="openai", base_url=None)


def test_another_path_at_the_same_place_keeps_the_secrets() -> None:
    assert changed(base_url="https://acme.test:443/v2")["api_key"] == "first-secret"


def test_what_cannot_be_decrypted_must_be_given_again_or_taken_away() -> None:
    assert needed_again(("api_keys.1",), models=["x"]) == ["api_keys.1"]
    assert needed_again(("api_keys.1",), api_keys=["", "new"]) == ["api_keys.1"]
    assert needed_again(("headers.x-key",), headers={"x-key": ""}) == ["headers.x-key"]
    assert changed(("api_keys.1",), api_keys=["a", "b"])["api_keys"] == ["a", "b"]
    assert "headers" not in changed(("headers.x-key",), headers=None)
