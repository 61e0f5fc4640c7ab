from pathlib import Path

import pytest

from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import Settings


def settings(tmp_path: Path, **environ: str) -> Settings:
    return load(config=None, environ={"HOME": str(tmp_path), **environ})


def test_a_key_in_the_environment_makes_its_vendor_join(tmp_path: Path) -> None:
    found = settings(tmp_path, OPENAI_API_KEY="sk-1", ANTHROPIC_API_KEY="sk-2", GROQ_API_KEY="sk-3")

    assert [provider.name for provider in found.providers] == ["anthropic", "groq", "openai"]
    assert found.origins["providers.openai"] == "$OPENAI_API_KEY"


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GITLAB_TOKEN", "HF_TOKEN", "CLOUDFLARE_API_TOKEN"])
def test_a_variable_that_serves_other_purposes_makes_nobody_join(tmp_path: Path, name: str) -> None:
    assert settings(tmp_path, **{name: "x"}).providers == ()


def test_the_classroom_systems_variables_make_a_provider(tmp_path: Path) -> None:
    found = settings(tmp_path, PROVIDER_API_KEY="sk", ALLOWED_MODELS="GPT-5-nano, GPT-5-mini").providers[0]

    assert (found.name, found.base_url) == ("provider", "https://api.poe.com/v1")
    assert found.allowed_models == ("GPT-5-nano", "GPT-5-mini")


def test_the_llm_api_proxys_variables_make_a_provider(tmp_path: Path) -> None:
    mapping = tmp_path / "model_mapping.json"
    mapping.write_text('{"gpt-4": "gpt-5"}')
    found = settings(
        tmp_path,
        OPENAI_BACKEND_URL="https://backend.example/",
        OPENAI_API_KEY="sk",
        MODEL_MAPPING_FILE=str(mapping),
        REQUEST_TIMEOUT="30",
        MAX_CONCURRENT_REQUESTS="500",
        DATABASE_URL="sqlite+aiosqlite:///./llm_proxy.db",
    )

    assert found.providers[0].base_url == "https://backend.example"
    assert found.providers[0].model_mapping == {"gpt-4": "gpt-5"}
    assert found.providers[0].timeouts.first_byte_s == 30
    assert found.policy.max_concurrent_requests == 500
    assert found.database_url.endswith("/.local/share/tokenrouter/llm_proxy.db")


def test_tokentracers_rates_hold_for_every_user_and_key_and_zero_means_none(tmp_path: Path) -> None:
    limits = settings(tmp_path, RATE_LIMIT_MINUTE="10", RATE_LIMIT_DAILY="0").limits

    assert {(limit.scope, limit.amount, limit.window.length_s) for limit in limits} == {
        ("user:*", 10, 60),
        ("key:*", 10, 60),
    }


@pytest.mark.parametrize("name", ["RATE_LIMIT_MINUTE", "MAX_CONCURRENT_REQUESTS", "REQUEST_TIMEOUT"])
def test_a_number_that_is_none_is_told_by_its_variable(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigErrors, match=rf"\${name}"):
        settings(tmp_path, **{name: "many"})


def test_the_file_wins_over_a_vendor_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "torod.toml"
    file.write_text('[[providers]]\nname = "mine"\nprovider_type = "openai"\napi_key = "sk-file"\n')
    found = load(config=str(file), environ={"HOME": str(tmp_path), "OPENAI_API_KEY": "sk-env"})

    assert [provider.secret for provider in found.providers] == ["sk-file"]


def test_the_sandbox_comes_last(tmp_path: Path) -> None:
    found = settings(tmp_path, TOKENROUTER_SANDBOX_URL="http://127.0.0.1:9/v1", OPENAI_API_KEY="sk")

    assert [provider.name for provider in found.providers] == ["openai", "sandbox"]
    assert found.providers[1].origin == "sandbox"
