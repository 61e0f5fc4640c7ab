"""Providers in the file's words."""

import pytest

from tokenrouter.config.stored_providers import read_values
from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.imports.provider_words import is_private, provider_words

PROVIDER = Provider(
    name="lab",
    kind="openai-compatible",
    base_url="https://lab.example/v1",
    secret="first-secret",
    other_secrets=("second-secret",),
    allowed_models=("a*",),
    models=("a1",),
    model_mapping={"x": "a1"},
    timeouts=Timeouts(first_byte_s=30.0),
    allow_private=True,
)


def test_what_is_written_is_read_back() -> None:
    assert read_values(provider_words(PROVIDER), Timeouts()).provider == PROVIDER


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://127.0.0.1:9/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://[::1]:9/v1", True),
        ("http://ollama:11434/v1", True),
        ("https://api.example.com/v1", False),
        ("https://8.8.8.8/v1", False),
        ("nonsense", False),
    ],
)
def test_private_addresses_are_told_from_public_ones(url: str, private: bool) -> None:
    assert is_private(Provider("x", "openai-compatible", url)) is private
