"""Versions and betas come from headers or, on the clouds, from the body."""

from typing import Any

import pytest

from tests.sandbox.anthropic_wire import CLASSIC, MODERN
from tokenrouter.sandbox.anthropic.errors import AnthropicError
from tokenrouter.sandbox.anthropic.terms import body_terms, header_terms
from tokenrouter.sandbox.server import Request

OWN = "vertex-2023-10-16"


def request(**headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/v1/messages", "", named, b"", keep_alive=True, may_chunk=True)


@pytest.mark.parametrize(("version", "is_modern"), [(CLASSIC, False), (MODERN, True)])
def test_both_versions_are_known(version: str, is_modern: bool) -> None:
    assert header_terms(request(anthropic_version=version)).is_modern is is_modern


def test_betas_are_listed_with_commas() -> None:
    terms = header_terms(request(anthropic_version=CLASSIC, anthropic_beta="a-2025-01-01, b-2025-01-01,"))

    assert terms.betas == {"a-2025-01-01", "b-2025-01-01"}
    assert terms.has("b-")
    assert not terms.has("c-")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "anthropic-version: header is required"),
        ({"anthropic_version": "2023-01-01"}, 'anthropic-version: "2023-01-01" is not a valid version'),
    ],
)
def test_a_version_has_to_be_named(headers: dict[str, str], message: str) -> None:
    with pytest.raises(AnthropicError) as caught:
        header_terms(request(**headers))

    assert caught.value.message == message


def test_a_clouds_body_has_them_beside_the_rest() -> None:
    terms, rest = body_terms({"anthropic_version": OWN, "anthropic_beta": ["a-1"], "max_tokens": 5}, OWN, "b-2")

    assert rest == {"max_tokens": 5}
    assert terms.betas == {"a-1", "b-2"}
    assert not terms.is_modern
    assert body_terms({"anthropic_version": MODERN}, OWN)[0].is_modern


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "anthropic_version: Field required"),
        ({"anthropic_version": CLASSIC}, f"anthropic_version: Input should be '{OWN}' or '{MODERN}'"),
        ({"anthropic_version": "bedrock-2023-05-31"}, f"anthropic_version: Input should be '{OWN}' or '{MODERN}'"),
        ({"anthropic_version": OWN, "anthropic_beta": "a-1"}, "anthropic_beta: Input should be a valid list"),
    ],
)
def test_a_body_without_its_clouds_version_is_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(AnthropicError) as caught:
        body_terms(body, OWN)

    assert caught.value.message == message
