from dataclasses import replace
from pathlib import Path
from typing import Any

from tokenrouter.config.providers import ReadProvider
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.prices import flat_price
from tokenrouter.jobs.catalog_builder import build_catalog
from tokenrouter.jobs.joined_settings import join_settings, remembered_settings

FILE = Provider("file", "openai-compatible", "https://file.test")
SANDBOX = Provider("sandbox", "sandbox", "http://127.0.0.1:1/v1", origin="sandbox")
STORED = Provider("stored", "openai-compatible", "https://stored.test", secret="x", origin="database")
OWN = flat_price(1, 2)._replace(dated="torod.toml:3")
THEIRS = flat_price(3, 4)._replace(dated="database")
DECLARED = Settings(
    paths=Paths(None, Path("x"), Path("x"), Path("x")),
    providers=(FILE, SANDBOX),
    prices={"file/own-*": OWN},
    report_keys={"file": "r"},
)


def joined(**changes: Any) -> Settings:
    said: dict[str, Any] = {"providers": (), "prices": {}, "switched": {}, "changed": {}}
    return join_settings(DECLARED, **{**said, **changes})


def test_the_databases_come_after_those_of_the_file_and_before_the_sandbox() -> None:
    settings = joined(providers=[ReadProvider(STORED, "report", "small")])

    assert settings.providers == (FILE, STORED, SANDBOX)
    assert settings.report_keys == {"file": "r", "stored": "report"}
    assert settings.quota_probes == {"stored": "small"}


def test_what_the_file_names_shadows_the_databases() -> None:
    shadowed = ReadProvider(replace(STORED, name="file"), "other", "small")
    settings = joined(providers=[shadowed], prices={"file/own-1": THEIRS, "file/other": THEIRS})

    assert (settings.providers, settings.report_keys, settings.quota_probes) == (
        (FILE, SANDBOX),
        {"file": "r"},
        {},
    )
    assert settings.prices == {"file/own-*": OWN, "file/other": THEIRS}


def test_declared_providers_are_on_or_off_as_was_said() -> None:
    assert [one.enabled for one in joined(switched={"file": False, "gone": True}).providers] == [False, True]


def test_a_change_that_cannot_be_any_more_is_passed_over() -> None:
    settings = joined(changed={"unpriced": "deny", "no_such": 1, "keep_alive_s": "soon", "ledger_retention_days": 40})

    assert (settings.policy.unpriced, settings.policy.keep_alive_s) == ("deny", 15.0)
    assert settings.ledger_retention_days == 40


def test_the_next_start_remembers_what_was_said_at_run_time() -> None:
    switched, changed = {"file": False}, {"unpriced": "deny"}
    settings = joined(
        providers=[ReadProvider(STORED)], prices={"stored/small": THEIRS}, switched=switched, changed=changed
    )
    last = build_catalog(settings, (), {}, b"", switched=switched, changed=changed)

    again = remembered_settings(DECLARED, last)

    assert [(one.name, one.enabled) for one in again.providers] == [
        ("file", False),
        ("stored", True),
        ("sandbox", True),
    ]
    assert again.prices == settings.prices
    assert again.policy == settings.policy
