"""TokenRouter-Go's configuration."""

from pathlib import Path

import pytest

from tests.imports.conftest import BASE_URL, Here
from tests.imports.predecessors import GO_KEY, build_tokenrouter_go
from tokenrouter.domain.keys import key_digest
from tokenrouter.imports.found import SourceUnreadable
from tokenrouter.store.aliases import chosen_profile, list_aliases
from tokenrouter.store.keys import list_keys
from tokenrouter.store.limit_use import first_uses, limit_use
from tokenrouter.store.providers import list_providers
from tokenrouter.store.settings import changed_settings


def test_keys_keep_role_parent_and_value(here: Here, tmp_path: Path) -> None:
    here.bring("tokenrouter-go", build_tokenrouter_go(tmp_path, BASE_URL))

    keys = {key.name: key for key in list_keys(here.store)}
    assert keys["alice"].digest == key_digest(GO_KEY, here.installation.pepper)
    assert {name: key.role for name, key in keys.items()} == {
        "root": "admin",
        "alice": "keymaster",
        "child": "inferrer",
        "legacy-1": "inferrer",
    }
    assert keys["child"].parent_id == keys["alice"].id


def test_quotas_go_on_where_they_were(here: Here, tmp_path: Path) -> None:
    here.bring("tokenrouter-go", build_tokenrouter_go(tmp_path, BASE_URL))

    with here.store.read() as connection:
        used, began = limit_use(connection), first_uses(connection)
    hourly = "key:alice|requests|interval:3600s", "key:alice"
    assert used["key:alice|tokens|lifetime", "key:alice"] == {0: 990}
    assert used[hourly] == {began[hourly]: 7}


def test_a_provider_that_does_not_say_so_is_not_enabled(here: Here, tmp_path: Path) -> None:
    outcome = here.bring("tokenrouter-go", build_tokenrouter_go(tmp_path, BASE_URL))

    enabled = {one.name: one.enabled for one in list_providers(here.store, here.installation.ring)}
    assert enabled == {"lab": True, "off": False}
    assert "the sign-in of provider 'off'" in [one.what for one in outcome.left_behind]


def test_aliases_profile_and_default_provider_count(here: Here, tmp_path: Path) -> None:
    here.bring("tokenrouter-go", build_tokenrouter_go(tmp_path, BASE_URL))

    (fast,) = list_aliases(here.store)
    assert (fast.alias.name, fast.alias.targets[0].name, fast.alias.targets[0].profile) == ("fast", "lab/echo", "cheap")
    assert chosen_profile(here.store) == "cheap"
    assert changed_settings(here.store) == {"default_provider": "lab"}


def test_what_is_not_carried_is_named_with_what_to_do(here: Here, tmp_path: Path) -> None:
    outcome = here.bring("tokenrouter-go", build_tokenrouter_go(tmp_path, BASE_URL), tmp_path / "cache")

    left = {one.what: one.why for one in outcome.left_behind}
    assert "incoming_tokens 'short'" in left
    assert "torod keys create" in left["allow_localhost_no_auth"]
    assert {"listen_addr", "conversations.json"} <= left.keys()
    assert outcome.added["requests"] == 3


def test_two_files_or_none_are_refused(here: Here, tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match=r"torod\.toml"):
        here.bring("tokenrouter-go", tmp_path)
    with pytest.raises(SourceUnreadable, match="there is no"):
        here.bring("tokenrouter-go", tmp_path / "missing.toml")
