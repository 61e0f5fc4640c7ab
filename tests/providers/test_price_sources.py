import pytest

from tokenrouter.domain.catalog import Provider
from tokenrouter.providers.presets import presets
from tokenrouter.providers.price_sources import costs_nothing, lists_prices, price_page, price_vendor


@pytest.mark.parametrize(
    ("kind", "base_url", "vendor"),
    [
        ("openai", "https://api.openai.com/v1", "openai"),
        ("openai", "https://eu.api.openai.com/v1", "openai"),
        ("openai", "", "openai"),
        ("openai", "http://127.0.0.1:8000/v1", ""),
        ("openai", "https://proxy.example.com/v1", ""),
        ("azure", "https://acme.openai.azure.com/openai/v1", "azure"),
        ("google-vertex-ai", "https://europe-west1-aiplatform.googleapis.com/v1", "google"),
        ("amazon-bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", "aws"),
        ("openai-compatible", "https://api.openai.com/v1", "openai"),
        ("openai-compatible", "https://api.deepseek.com", "deepseek"),
        ("openai-compatible", "http://127.0.0.1:9/v1", ""),
        ("openai-compatible", "http://[::1", ""),
        ("ollama", "http://127.0.0.1:11434/v1", ""),
    ],
)
def test_a_vendors_prices_hold_at_its_own_address_only(kind: str, base_url: str, vendor: str) -> None:
    assert price_vendor(Provider("p", kind, base_url)) == vendor


def test_what_costs_nothing_and_who_lists_prices_is_known_by_kind() -> None:
    assert costs_nothing(Provider("p", "ollama", "http://127.0.0.1:11434/v1"))
    assert not costs_nothing(Provider("p", "openai-compatible", "http://127.0.0.1:11434/v1"))
    assert lists_prices(Provider("p", "openrouter", "https://openrouter.ai/api/v1"))
    assert not lists_prices(Provider("p", "openai", "https://api.openai.com/v1"))


def test_a_page_of_prices_is_read_for_its_own_vendor_only() -> None:
    assert price_page(Provider("p", "opencode-zen", "https://opencode.ai/zen/v1")) == "https://opencode.ai/docs/zen"
    assert price_page(Provider("p", "opencode-zen", "http://127.0.0.1:9/v1")) == ""
    assert price_page(Provider("p", "openai", "")) == ""


def test_every_vendor_of_the_bundled_data_that_a_row_names_is_there() -> None:
    genai_prices = pytest.importorskip("genai_prices.data")
    known = {vendor.id for vendor in genai_prices.providers}

    assert {row.price_data for row in presets().values() if row.price_data} <= known
