"""What the documents show as JSON, YAML and TOML can be read, and configurations load."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.docs.snippets import Snippet, executed
from tokenrouter.config.load import load

OF_OTHERS: Final = ("model_providers", "project", "server_url", "scrape_configs")
"""Tables that say that a snippet configures another program."""
AROUND: Final = {
    "providers": '[[providers]]\nname = "{}"\nprovider_type = "openai-compatible"\nbase_url = "http://127.0.0.1:9/v1"\n'
}
NAMED: Final = ("acme", "other", "groq", "lab", "openai", "anthropic")
NAMES_OF_SECRETS: Final = (
    *("ACME_KEY", "ALERTS_SECRET", "AZURE_API_KEY", "GROQ_API_KEY", "GROQ_KEY_A", "GROQ_KEY_B", "LAB_KEY"),
    *("OIDC_SECRET", "OTEL_AUTH", "SMTP_PASSWORD"),
)
SECRETS: Final = {
    name: f"sixteen-characters-or-more-{name}"
    for name in [
        "ACME_KEY",
        "ALERTS_SECRET",
        "AZURE_API_KEY",
        "GROQ_API_KEY",
        "GROQ_KEY_A",
        "GROQ_KEY_B",
        "LAB_KEY",
        "OIDC_SECRET",
        "OTEL_AUTH",
        "SMTP_PASSWORD",
    ]
} | {"ALERTS_URL": "https://hooks.example.org/alerts", "ENCRYPTION_KEY": "A" * 43 + "="}


@pytest.mark.parametrize("snippet", executed("json"), ids=lambda one: one.name)
def test_json_can_be_read(snippet: Snippet) -> None:
    text = re.sub(r"(?<=[\[{, ])…(?=[\]},])", '"…"', snippet.text).replace('"…"}', '"…": 0}')

    json.loads(text)


@pytest.mark.parametrize("snippet", executed("yaml"), ids=lambda one: one.name)
def test_yaml_can_be_read(snippet: Snippet) -> None:
    assert list(yaml.safe_load_all(snippet.text))


@pytest.mark.parametrize("snippet", executed("toml"), ids=lambda one: one.name)
def test_a_configuration_loads(snippet: Snippet, tmp_path: Path) -> None:
    said = tomllib.loads(snippet.text)
    if any(name in said for name in OF_OTHERS):
        return
    text = re.sub(r'"file:/[^"]*/([^/"]+)"', lambda found: f'"file:{_secret(tmp_path, found[1])}"', snippet.text)
    file = tmp_path / "torod.toml"
    file.write_text("\n".join([text, *_around(said)]))

    load(config=None, environ={**SECRETS, "TOKENROUTER_HOME": str(tmp_path)})


def _secret(folder: Path, name: str) -> Path:
    file = folder / name
    file.write_text("sixteen-characters-or-more")
    file.chmod(0o600)
    return file


def _around(said: dict[str, object]) -> Iterator[str]:
    """Yield what a snippet takes for granted: providers and keys that it names and does not declare."""
    declared = said.get("providers", [])
    names = {one["name"] for one in declared} if isinstance(declared, list) else set()
    yield from (AROUND["providers"].format(name) for name in NAMED if name not in names)
