"""LiteLLM's `config.yaml`."""

from pathlib import Path

import pytest

from tests.imports.conftest import BASE_URL
from tests.imports.predecessors import LITELLM_CONFIG
from tokenrouter.imports.found import SourceUnreadable
from tokenrouter.imports.litellm_config import LitellmConfig, load_yaml, read_config


@pytest.fixture
def config(tmp_path: Path) -> LitellmConfig:
    file = tmp_path / "config.yaml"
    file.write_text(LITELLM_CONFIG.format(base_url=BASE_URL))
    return read_config(file, {"LAB_KEY": "sandbox"})


def test_deployments_of_one_address_and_key_are_one_provider(config: LitellmConfig) -> None:
    assert [(one.name, one.kind, one.base_url, one.secret) for one in config.providers] == [
        ("openai", "openai-compatible", BASE_URL, "sandbox"),
        ("anthropic", "anthropic", "https://api.anthropic.com/v1", "sk-ant-secret"),
    ]


def test_what_clients_ask_for_is_an_alias_with_its_deployments_by_weight(config: LitellmConfig) -> None:
    aliases = {alias.name: alias for alias in config.aliases}
    assert [(one.name, one.weight) for one in aliases["gpt-4o"].targets] == [("openai/echo", 3), ("openai/verbose", 1)]
    assert aliases["gpt-4o"].selection == "weighted"
    assert aliases["claude"].fallback == "gpt-4o"


def test_prices_per_token_are_prices_per_million(config: LitellmConfig) -> None:
    assert config.prices["openai/echo"] == {
        "provider": "openai",
        "model": "echo",
        "input_per_1m": "2.5",
        "output_per_1m": "10",
    }


def test_what_has_no_place_here_is_named(config: LitellmConfig) -> None:
    left = [one.what for one in config.left_behind]
    assert "the deployment 'unheard_of/x' of 'nowhere'" in left
    assert "guardrails of config.yaml" in left
    assert "the fallbacks of 'claude' after the first" in left


def test_a_variable_that_is_not_set_is_told_and_no_secret_is_made_of_its_name(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LITELLM_CONFIG.format(base_url=BASE_URL))

    config = read_config(file, {})

    assert config.providers[0].secret is None
    assert any("LAB_KEY is not set" in one.why for one in config.left_behind)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "- just\n- a list\n",
        "a: [",
        "a: !!python/object/apply:os.system ['true']\n",
        "[" * 5000,
        "a: \x00",
    ],
    ids=["aliases", "no mapping", "cut off", "python", "deep", "NUL"],
)
def test_hostile_yaml_is_refused_with_words(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)

    with pytest.raises(SourceUnreadable):
        load_yaml(file)


def test_azure_and_bedrock_get_their_addresses_and_credentials(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("""
model_list:
  - model_name: a
    litellm_params: {model: azure/dep, api_base: "https://x.openai.azure.com/", api_key: k, api_version: 2024-06-01}
  - model_name: b
    litellm_params:
      model: bedrock/anthropic.claude
      aws_access_key_id: AK
      aws_secret_access_key: SK
      aws_region_name: eu-west-1
  - model_name: c
    litellm_params: {model: ollama/llama3, api_base: "http://127.0.0.1:11434"}
""")

    azure, bedrock, ollama = read_config(file, {}).providers

    assert azure.base_url == "https://x.openai.azure.com/openai?api-version=2024-06-01"
    assert (bedrock.base_url, bedrock.secret) == ("https://bedrock-runtime.eu-west-1.amazonaws.com", "AK:SK")
    assert ollama.base_url == "http://127.0.0.1:11434/v1"
