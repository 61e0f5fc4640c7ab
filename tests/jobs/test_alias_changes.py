from pathlib import Path

import pytest

from tokenrouter.config.settings import Paths, Settings
from tokenrouter.domain.alias_text import InvalidAlias
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.alias_changes import alias_check
from tokenrouter.store.errors import AliasRefused

DECLARED = Alias("declared", (Target("acme/small"),), origin="torod.toml:9")
SETTINGS = Settings(
    Paths(None, Path("/c"), Path("/s"), Path("/t")),
    providers=(Provider("acme", "openai-compatible", "http://h/v1"),),
    aliases=(DECLARED,),
)
A = Alias("a", (Target("acme/small"),))
B = Alias("b", (Target("a"), Target("declared")))
BROKEN = Alias("broken", (Target("gone/x"),))


def test_a_change_that_is_right_passes() -> None:
    alias_check(SETTINGS, A)([], [A])
    alias_check(SETTINGS, B)([A], [A, B])
    alias_check(SETTINGS, None)([A, B], [A])


def test_an_alias_that_is_wrong_itself_is_told_by_its_field() -> None:
    circle = Alias("a", (Target("b"),))
    with pytest.raises(InvalidAlias, match="targets: then the alias 'b' of global leads in a circle: a → b → a"):
        alias_check(SETTINGS, circle)([A, B], [circle, B])
    with pytest.raises(InvalidAlias, match="'gone/x' is neither"):
        alias_check(SETTINGS, BROKEN)([], [BROKEN])


def test_an_alias_to_which_others_lead_stays() -> None:
    with pytest.raises(AliasRefused, match="the alias 'b' of global forbids it: 'a' is neither"):
        alias_check(SETTINGS, None)([A, B], [B])


def test_what_was_wrong_before_stops_no_other_change() -> None:
    alias_check(SETTINGS, A)([BROKEN], [BROKEN, A])
    alias_check(SETTINGS, None)([BROKEN, A], [BROKEN])


def test_an_alias_that_was_wrong_before_is_to_be_right_when_it_is_changed() -> None:
    still = Alias("broken", (Target("gone/x"),), fallback="a")

    with pytest.raises(InvalidAlias):
        alias_check(SETTINGS, still)([A, BROKEN], [A, still])
