"""The LLM API Proxy's database."""

import os
from pathlib import Path

from tests.imports.conftest import BASE_URL, Here
from tests.imports.predecessors import PROXY_KEY, build_llm_proxy
from tokenrouter.domain.keys import key_digest
from tokenrouter.store.keys import list_keys
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.providers import list_providers


def test_users_keep_their_keys_and_whoever_was_switched_off_is(here: Here, tmp_path: Path) -> None:
    here.bring("llm-proxy", build_llm_proxy(tmp_path, BASE_URL))

    keys = {key.name: key for key in list_keys(here.store)}
    assert keys["alice"].digest == key_digest(PROXY_KEY, b"")
    assert (keys["alice"].user, keys["alice"].enabled, keys["gone"].enabled) == ("alice", True, False)


def test_usage_and_errors_are_rows(here: Here, tmp_path: Path) -> None:
    here.bring("llm-proxy", build_llm_proxy(tmp_path, BASE_URL))

    rows = ledger_page(here.store, LedgerFilter(user="alice"), limit=10)
    told = sorted((row.status, row.end_reason, row.usage.input_tokens, row.usage.cached_input_tokens) for row in rows)
    assert told == [
        (200, "completed", 10, 4),
        (200, "completed", 20, 0),
        (504, "provider_timeout", 0, 0),
    ]


def test_the_backend_is_a_provider_with_its_mapping(here: Here, tmp_path: Path) -> None:
    here.bring("llm-proxy", build_llm_proxy(tmp_path, "http://127.0.0.1:9"))

    (provider,) = list_providers(here.store, here.installation.ring)
    assert provider.name == "openai"
    assert provider.values["base_url"] == "http://127.0.0.1:9/v1"
    assert provider.values["model_mapping"] == {"gpt-4": "echo"}
    assert provider.values["api_key"] == "sandbox"


def test_the_source_and_its_folder_are_as_before(here: Here, tmp_path: Path) -> None:
    file = build_llm_proxy(tmp_path, BASE_URL)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}

    here.bring("llm-proxy", file)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_without_an_env_file_the_operator_is_told_what_to_set(here: Here, tmp_path: Path) -> None:
    file = build_llm_proxy(tmp_path, BASE_URL)
    os.unlink(tmp_path / ".env")

    outcome = here.bring("llm-proxy", file)

    assert "providers" not in outcome.added
    assert "the backend" in [one.what for one in outcome.left_behind]
