import json
from dataclasses import replace
from pathlib import Path

from tokenrouter.config.settings import Paths, RegistrationSettings, Settings
from tokenrouter.config.shown import shown_settings

SETTINGS = Settings(
    paths=Paths(None, Path("x"), Path("x"), Path("x")),
    encryption_key="hidden-1",
    encryption_key_old="hidden-2",
    encryption_key_first="hidden-3",
    admin_password="hidden-4",
    metrics_token="hidden-5",
    database_url="postgresql://me:hidden-6@db.test/tokenrouter?sslmode=require&password=hidden-7",
    redis_url="redis://:hidden-8@cache.test:6379/0",
    proxies={"https_proxy": "http://me:hidden-9@proxy.test"},
    registration=RegistrationSettings(access_codes=("hidden-10",), quota_tokens=7),
    origins={"settings.metrics_token": "torod.toml:3"},
)


def test_nothing_that_is_secret_is_shown() -> None:
    shown = {one.name: one.value for one in shown_settings(SETTINGS, SETTINGS, {})}

    assert "hidden" not in json.dumps(shown)
    assert (shown["registration.access_codes"], shown["registration.quota_tokens"]) == ("set", 7)
    assert (shown["encryption_key"], shown["proxies"], shown["admin_password"]) == ("set", "set", "set")
    assert shown["database_url"] == "postgresql://me@db.test/tokenrouter"
    assert shown["redis_url"] == "redis://@cache.test:6379/0"


def test_a_change_is_shown_over_what_it_changes() -> None:
    changed = replace(SETTINGS, ledger_retention_days=40)
    shown = {one.name: one for one in shown_settings(changed, SETTINGS, {"ledger_retention_days": 40})}

    days = shown["ledger_retention_days"]
    assert (days.value, days.origin, days.declared, days.declared_at, days.is_changeable) == (
        40,
        "database",
        0,
        "",
        True,
    )
    token = shown["metrics_token"]
    assert (token.value, token.origin, token.declared_at, token.is_changeable) == (
        "set",
        "torod.toml:3",
        "torod.toml:3",
        False,
    )


def test_names_are_paths_of_the_file_and_each_stands_once() -> None:
    names = [one.name for one in shown_settings(SETTINGS, SETTINGS, {})]

    assert names == sorted(set(names))
    assert {"cache.ttl_s", "timeouts.total_s", "local_servers.ports.ollama", "unpriced", "workers"} <= set(names)


def test_every_value_is_a_plain_one_or_a_list_of_them() -> None:
    """What is made of parts is shown by its parts: a whole one would show what is secret in it."""
    for one in shown_settings(SETTINGS, SETTINGS, {}):
        parts = one.value if isinstance(one.value, list) else [one.value]
        assert all(isinstance(part, str | int | float | bool | None) for part in parts), one.name
