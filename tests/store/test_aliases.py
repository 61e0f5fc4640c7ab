"""Aliases of the database, and the profile chosen at run time."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.conduct import Conduct
from tokenrouter.store.aliases import (
    choose_profile,
    chosen_profile,
    create_alias,
    list_aliases,
    remove_alias,
    update_alias,
)
from tokenrouter.store.catalog_version import CatalogWatch
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import AliasTaken, AliasUnknown
from tokenrouter.store.schema import tr_aliases

FAST = Alias(
    "gpt-*",
    (Target("acme/*"), Target("other/ü", "home", 3)),
    scope="team:physics",
    selection="weighted",
    fallback="spare",
    use_light_model=True,
    light_model="nano",
    light_model_threshold=7,
    conduct=Conduct(sticky=False, deadline_s=7.5),
)
PLAIN = Alias("plain", (Target("acme/small"),))


def allow(before: Sequence[Alias], after: Sequence[Alias]) -> None: ...


class Refused(Exception):
    pass


def refuse(before: Sequence[Alias], after: Sequence[Alias]) -> None:
    raise Refused


def test_an_alias_is_read_back_as_it_was_made(store: Store) -> None:
    create_alias(store, FAST, allow, comment="spring", made_by="key_1", now_s=1.0)
    create_alias(store, PLAIN, allow, now_s=2.0)

    first, second = list_aliases(store)

    assert (first.alias, second.alias) == (replace(FAST, origin="database"), replace(PLAIN, origin="database"))
    assert (first.comment, first.made_by, first.created_at_s) == ("spring", "key_1", 1.0)


def test_there_is_one_alias_of_a_scope_and_name(store: Store) -> None:
    create_alias(store, PLAIN, allow, now_s=1.0)
    create_alias(store, replace(PLAIN, scope="user:ann"), allow, now_s=1.0)

    with pytest.raises(AliasTaken, match="'plain' of global"):
        create_alias(store, PLAIN, allow, now_s=2.0)


def test_a_change_replaces_what_the_alias_says(store: Store) -> None:
    create_alias(store, PLAIN, allow, comment="first", made_by="key_1", now_s=1.0)

    changed = update_alias(store, replace(PLAIN, fallback="acme/large"), allow)

    assert list_aliases(store) == (changed,)
    assert (changed.alias.fallback, changed.comment, changed.made_by) == ("acme/large", "first", "key_1")
    assert update_alias(store, PLAIN, allow, comment="").comment == ""


def test_what_is_not_there_cannot_be_changed_or_removed(store: Store) -> None:
    create_alias(store, PLAIN, allow, now_s=1.0)
    assert remove_alias(store, Alias("plain", ()), allow).alias.targets == PLAIN.targets

    with pytest.raises(AliasUnknown):
        remove_alias(store, PLAIN, allow)
    with pytest.raises(AliasUnknown):
        update_alias(store, PLAIN, allow)


def test_a_change_that_is_refused_is_not_made(store: Store) -> None:
    create_alias(store, PLAIN, allow, now_s=1.0)

    with pytest.raises(Refused):
        create_alias(store, FAST, refuse, now_s=2.0)
    with pytest.raises(Refused):
        update_alias(store, replace(PLAIN, fallback="acme/large"), refuse)
    with pytest.raises(Refused):
        remove_alias(store, PLAIN, refuse)
    assert [one.alias for one in list_aliases(store)] == [replace(PLAIN, origin="database")]


def test_of_two_that_write_at_once_the_second_sees_what_the_first_wrote(store: Store) -> None:
    seen: list[int] = []

    def note(_before: Sequence[Alias], after: Sequence[Alias]) -> None:
        seen.append(len(after))

    def make(number: int) -> None:
        create_alias(store, Alias(f"a{number}", PLAIN.targets), note, now_s=1.0)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(8)))

    assert sorted(seen) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_what_a_newer_version_has_written_is_passed_over(store: Store) -> None:
    create_alias(store, PLAIN, allow, now_s=1.0)
    said = {"name": "plain", "targets": ["acme/small"], "from_a_newer_version": 2}
    with store.write() as connection:
        connection.execute(update(tr_aliases).values(said=json.dumps(said)))

    assert [one.alias.name for one in list_aliases(store)] == ["plain"]


def test_a_profile_is_chosen_and_the_choice_undone(store: Store) -> None:
    assert chosen_profile(store) == ""

    choose_profile(store, "home")
    choose_profile(store, "work")
    assert chosen_profile(store) == "work"

    choose_profile(store, "")
    assert chosen_profile(store) == ""


def test_every_change_is_noticed(store: Store) -> None:
    with CatalogWatch(store) as watch:
        watch.changed()
        create_alias(store, PLAIN, allow, now_s=1.0)
        assert watch.changed()
        update_alias(store, PLAIN, allow)
        assert watch.changed()
        remove_alias(store, PLAIN, allow)
        assert watch.changed()
        choose_profile(store, "home")
        assert watch.changed()
        assert not watch.changed()
