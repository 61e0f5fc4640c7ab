"""The scripts of `limits/scripts`, each with the words that all of them begin with."""

from dataclasses import dataclass, fields
from importlib.resources import files

from tokenrouter.redis.script import Script


@dataclass(frozen=True, slots=True)
class LimitScripts:
    """One attribute for each file but `prelude.lua`; each file says what it takes and answers."""

    adjust: Script
    announce: Script
    bury: Script
    correct: Script
    counted: Script
    extend: Script
    follow: Script
    forget: Script
    install: Script
    join: Script
    leave: Script
    renew: Script
    reserve: Script
    settle: Script
    states: Script


def load_scripts() -> LimitScripts:
    """Read the scripts that are packaged with this module."""
    folder = files("tokenrouter.limits") / "scripts"
    prelude = (folder / "prelude.lua").read_text("utf-8")
    names = [field.name for field in fields(LimitScripts)]
    return LimitScripts(
        *(Script.of(name, f"{prelude}\n{(folder / f'{name}.lua').read_text('utf-8')}") for name in names)
    )
