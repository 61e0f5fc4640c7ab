import re
from datetime import date

import pytest

from tokenrouter.domain.catalog import Provider
from tokenrouter.providers import adapter
from tokenrouter.providers.codecs import provider_codecs
from tokenrouter.providers.presets import OPENAI_COMPATIBLE, Preset, preset, presets, read_presets

OTHER_PURPOSES = {
    "AICORE_SERVICE_KEY",
    "AWS_ACCESS_KEY_ID",
    "CLOUDFLARE_API_TOKEN",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "GOOGLE_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "HF_TOKEN",
    "SCW_SECRET_KEY",
    "VERTEX_AI_ACCESS_TOKEN",
}
"""Variables that open other doors than a model API; their presence is no wish to use one."""

ADDRESSES = {
    "302ai": "https://api.302.ai/v1/chat/completions",
    "amazon-bedrock": "https://bedrock-runtime.my.amazonaws.com/model/m%2F1/converse",
    "anthropic": "https://api.anthropic.com/v1/messages",
    "azure": "https://my.openai.azure.com/openai/v1/chat/completions",
    "azure-cognitive-services": "https://my.cognitiveservices.azure.com/openai/v1/chat/completions",
    "azure-deployments": "https://my.openai.azure.com/openai/deployments/m%2F1/chat/completions?api-version=2024-10-21",
    "baseten": "https://inference.baseten.co/v1/chat/completions",
    "cerebras": "https://api.cerebras.ai/v1/chat/completions",
    "cloudflare-ai-gateway": "https://gateway.ai.cloudflare.com/v1/my/my/compat/chat/completions",
    "cloudflare-workers-ai": "https://api.cloudflare.com/client/v4/accounts/my/ai/v1/chat/completions",
    "cohere": "https://api.cohere.ai/compatibility/v1/chat/completions",
    "cortecs": "https://api.cortecs.ai/v1/chat/completions",
    "deepinfra": "https://api.deepinfra.com/v1/openai/chat/completions",
    "deepseek": "https://api.deepseek.com/chat/completions",
    "fireworks": "https://api.fireworks.ai/inference/v1/chat/completions",
    "github-copilot": "https://api.githubcopilot.com/chat/completions",
    "gitlab": "https://gitlab.com/api/v4/ai/v1/chat/completions",
    "google-gemini": "https://generativelanguage.googleapis.com/v1beta/models/m%2F1:generateContent",
    "google-vertex-ai": (
        "https://my-aiplatform.googleapis.com/v1/projects/my/locations/my/publishers/google/models/m:generateContent"
    ),
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "helicone": "https://ai-gateway.helicone.ai/v1/chat/completions",
    "huggingface": "https://router.huggingface.co/v1/chat/completions",
    "hyperbolic": "https://api.hyperbolic.xyz/v1/chat/completions",
    "io-net": "https://api.intelligence.io.solutions/api/v1/chat/completions",
    "llama-cpp": "http://127.0.0.1:8080/v1/chat/completions",
    "lmstudio": "http://127.0.0.1:1234/v1/chat/completions",
    "minimax": "https://api.minimax.io/v1/chat/completions",
    "mistral": "https://api.mistral.ai/v1/chat/completions",
    "moonshotai": "https://api.moonshot.ai/v1/chat/completions",
    "nebius": "https://api.tokenfactory.nebius.com/v1/chat/completions",
    "nvidia": "https://integrate.api.nvidia.com/v1/chat/completions",
    "ollama": "http://127.0.0.1:11434/v1/chat/completions",
    "ollama-cloud": "https://ollama.com/v1/chat/completions",
    "openai": "https://api.openai.com/v1/chat/completions",
    "opencode-zen": "https://opencode.ai/zen/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "ovhcloud": "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1/chat/completions",
    "perplexity": "https://api.perplexity.ai/chat/completions",
    "poe": "https://api.poe.com/v1/chat/completions",
    "sambanova": "https://api.sambanova.ai/v1/chat/completions",
    "sap-ai-core": "https://my/v2/inference/deployments/my/chat/completions",
    "scaleway": "https://api.scaleway.ai/v1/chat/completions",
    "together": "https://api.together.ai/v1/chat/completions",
    "venice": "https://api.venice.ai/api/v1/chat/completions",
    "vercel-ai-gateway": "https://ai-gateway.vercel.sh/v1/chat/completions",
    "vllm": "http://127.0.0.1:8000/v1/chat/completions",
    "xai": "https://api.x.ai/v1/chat/completions",
    "zai": "https://api.z.ai/api/paas/v4/chat/completions",
    "zenmux": "https://zenmux.ai/api/v1/chat/completions",
}

ROWS = list(presets().values())
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def completed(row: Preset) -> str:
    """Return the base URL as an operator would write it, every placeholder filled with `my`."""
    return re.sub(r"\{\w+\}", "my", row.base_url.replace("{ai_api_url}", "https://my"))


def address(kind: str, base_url: str) -> str:
    built = adapter(Provider("p", kind, base_url, secret="k"))
    row = preset(kind)
    operation = "chat" if row is None else row.operations[0]
    model = "google/m" if kind == "google-vertex-ai" else "m/1"
    endpoint = built.endpoint(operation, model)
    assert endpoint is not None
    return f"{built.origin}{endpoint.head.split()[1].decode()}"


def test_the_table_has_every_row_and_no_other() -> None:
    assert list(ADDRESSES) == list(presets())


@each_row
def test_conversations_go_to_the_address_in_the_vendors_documentation(row: Preset) -> None:
    assert address(row.name, completed(row)) == ADDRESSES[row.name]


@each_row
def test_the_base_url_need_not_be_repeated(row: Preset) -> None:
    if row.is_template:
        with pytest.raises(ValueError, match="placeholder"):
            adapter(Provider("p", row.name, ""))
    else:
        assert address(row.name, "") == ADDRESSES[row.name]


@each_row
def test_a_row_names_its_source_or_says_that_it_has_none(row: Preset) -> None:
    if row.checked:
        assert row.source.startswith("https://")
        assert date.fromisoformat(row.checked) <= date(2026, 11, 21)
    else:
        assert not row.source
        assert re.search(r"No (page|documentation)|no page|could be read for", row.note)


@each_row
def test_no_row_joins_by_a_variable_that_serves_another_purpose(row: Preset) -> None:
    if row.env_auto:
        assert row.api_key_env
        assert not OTHER_PURPOSES & set(row.api_key_env)
        assert not row.is_template
        assert not row.local


def test_no_variable_makes_two_providers() -> None:
    automatic = [name for row in ROWS if row.env_auto for name in row.api_key_env]

    assert len(automatic) == len(set(automatic))
    assert "OPENAI_API_KEY" in automatic


@each_row
def test_a_row_is_whole(row: Preset) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", row.name)
    assert row.display_name
    assert row.docs_url.startswith("https://")
    assert provider_codecs(row)
    assert set(row.paths) <= set(row.operations)
    assert not row.base_url.endswith("/")
    assert row.local == row.base_url.startswith("http://127.0.0.1:")


def test_what_other_gateways_called_the_base_url_is_understood() -> None:
    assert address("opencode-zen", "https://opencode.ai/zen/") == ADDRESSES["opencode-zen"]
    assert address("minimax", "https://api.minimax.io/anthropic/v1") == ADDRESSES["minimax"]
    assert address("perplexity", "https://api.perplexity.ai/v1") == ADDRESSES["perplexity"]
    assert address("deepseek", "https://api.deepseek.com/v1") == "https://api.deepseek.com/v1/chat/completions"
    assert address("openai", "https://api.openai.com") == ADDRESSES["openai"]
    assert (
        address("sap-ai-core", "https://a/v2/inference/deployments/d/chat/completions?api-version=1")
        == "https://a/v2/inference/deployments/d/chat/completions?api-version=1"
    )


def test_a_preset_is_found_by_name() -> None:
    assert preset("groq") is presets()["groq"]
    assert preset("openai-compatible") is OPENAI_COMPATIBLE
    assert preset("acme") is None


def test_the_rows_cannot_be_changed_at_run_time() -> None:
    with pytest.raises(TypeError):
        presets()["acme"] = OPENAI_COMPATIBLE  # type: ignore[index]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('base_ulr = "x"', r"\[acme\]: unknown field 'base_ulr'"),
        ('base_url = "x"\nquirks = { stream_usgae = "always" }', r"\[acme.quirks\]: unknown field 'stream_usgae'"),
        ('base_url = "x"\nquirks = { stream_usage = "sometimes" }', r"\[acme\]: .*'sometimes'"),
        ('base_url = "x"\noperations = ["chat", "paint"]', r"\[acme\]: .*'paint'"),
        ('base_url = "x"\nauth = "basic"', r"\[acme\]: .*'basic'"),
        ('base_url = "x"\nlocal = "yes"', r"\[acme\]: .*bool"),
        ("local = true", r"\[acme\]: .*base_url"),
        ('base_url = "x"\nbase_url = "y"', "overwrite"),
    ],
)
def test_a_mistake_in_a_row_is_an_error_that_names_it(row: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_presets(f'[acme]\ndisplay_name = "Acme"\n{row}\n')
