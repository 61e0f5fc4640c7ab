from dataclasses import fields
from importlib.resources import files

import pytest

from tokenrouter.limits.redis_scripts import LimitScripts, load_scripts
from tokenrouter.testing.valkey import ValkeyServer

NAMES = [field.name for field in fields(LimitScripts)]


def test_there_is_a_script_for_each_file() -> None:
    folder = files("tokenrouter.limits") / "scripts"

    assert sorted(path.name for path in folder.iterdir()) == sorted([*(f"{name}.lua" for name in NAMES), "prelude.lua"])


@pytest.mark.parametrize("name", NAMES)
def test_the_server_understands_each_script(valkey: ValkeyServer, name: str) -> None:
    script = getattr(load_scripts(), name)

    assert (script.name, valkey.ask("SCRIPT", "LOAD", script.text.decode())) == (name, script.sha)
