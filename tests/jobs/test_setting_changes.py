from dataclasses import replace
from pathlib import Path

import pytest

from tokenrouter.config.problems import InvalidValues
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.setting_changes import setting_check

DECLARED = Settings(paths=Paths(None, Path("x"), Path("x"), Path("x")), auto_detect_local_servers=False)
SETTINGS = replace(DECLARED, providers=(Provider("acme", "openai-compatible", "https://acme.test", origin="database"),))


def test_the_default_provider_may_be_one_of_the_database_and_must_be_there() -> None:
    check = setting_check(DECLARED, SETTINGS)

    check({"default_provider": "acme"})
    check({"default_provider": ""})
    with pytest.raises(InvalidValues, match="there is no provider 'acne'; did you mean \"acme\""):
        check({"default_provider": "acne"})


def test_values_are_judged_as_those_of_the_file() -> None:
    with pytest.raises(InvalidValues, match="35"):
        setting_check(DECLARED, SETTINGS)({"ledger_retention_days": 1})
