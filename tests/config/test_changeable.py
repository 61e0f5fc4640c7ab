from pathlib import Path
from typing import Any

import pytest

from tokenrouter.config.changeable import CHANGEABLE, with_changes
from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors, InvalidValues
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.config.shown import SHOWN, shown_settings

SETTINGS = Settings(paths=Paths(None, Path("x"), Path("x"), Path("x")))
OTHERWISE: dict[str, Any] = {
    "allow_unpriced": True,
    "auto_detect_local_servers": False,
    "auto_enable_public_free_models": True,
    "auto_remove_empty_quota_tokens": True,
    "auto_remove_expired_tokens": False,
    "cache.models": ["a*"],
    "cache.share_in_flight": "always",
    "cache.teams": ["*"],
    "cache.ttl_s": 7.5,
    "default_provider": "acme",
    "discovery": False,
    "hold_first_byte_s": 3.0,
    "keep_alive_s": 4.0,
    "ledger_retention_days": 40,
    "max_concurrent_requests": 9,
    "max_concurrent_wait_s": 8.0,
    "max_waiting_requests": 7,
    "on_journal_failure": "serve",
    "quota_in_answers": True,
    "quota_inspection": False,
    "quota_wait_s": 2.0,
    "responses_store_default": True,
    "soft_limit_alerts": [50],
    "unbounded_input": "deny",
    "unpriced": "deny",
}


def test_each_changeable_setting_is_changed_alone() -> None:
    assert set(OTHERWISE) == set(CHANGEABLE) <= set(SHOWN)

    for name, value in OTHERWISE.items():
        changed = with_changes(SETTINGS, {name: value})
        shown = {one.name: one.value for one in shown_settings(changed, SETTINGS, {name: value})}
        usual = {one.name: one.value for one in shown_settings(SETTINGS, SETTINGS, {})}
        assert {key for key in shown if shown[key] != usual[key]} == {name}
        assert shown[name] == value


def test_a_change_comes_over_what_the_file_says_and_leaves_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "torod.toml"
    file.write_text('unpriced = "deny"\nkeep_alive_s = 3\n[cache]\nttl_s = 9\nteams = ["*"]\n')
    declared = load(config=str(file), environ={"TOKENROUTER_HOME": str(tmp_path)})

    changed = with_changes(declared, {"cache.ttl_s": 1, "unpriced": "allow"})

    assert (changed.policy.unpriced, changed.policy.keep_alive_s) == ("allow", 3.0)
    assert (changed.policy.cache.ttl_s, changed.policy.cache.teams) == (1.0, ("*",))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ledger_retention_days": 3}, "ledger_retention_days: 3 is less than 35"),
        ({"unpriced": "maybe"}, "unpriced: 'maybe' is not known"),
        ({"cache.ttl_s": -1}, "cache.ttl_s: -1 must be a number of seconds"),
        ({"soft_limit_alerts": [0]}, "soft_limit_alerts: must be an array"),
        ({"listen_addr": "0.0.0.0:1"}, "listen_addr: cannot be changed at run time"),
        ({"allow_private_providers": True}, "allow_private_providers: cannot be changed at run time"),
        ({"retention": 1}, "retention: cannot be changed at run time"),
        ({"cache": {"ttl_s": 1}}, "cache: cannot be changed at run time"),
        ({"discovery": "yes"}, "discovery: 'yes' must be true or false"),
    ],
)
def test_a_change_is_judged_as_the_file_is(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidValues) as caught:
        with_changes(SETTINGS, changes)

    assert words in str(caught.value)


def test_the_file_is_judged_likewise(tmp_path: Path) -> None:
    (tmp_path / "torod.toml").write_text("ledger_retention_days = 3\n")

    with pytest.raises(ConfigErrors, match="3 is less than 35"):
        load(config=None, environ={"TOKENROUTER_HOME": str(tmp_path)})
