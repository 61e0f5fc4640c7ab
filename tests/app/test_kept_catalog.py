"""What counts on a node: kept up to date, and told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.kept import TEXT, Node, node
from tokenrouter.app.channel import CatalogMessage, KeysMessage
from tokenrouter.config.applied import read_applied
from tokenrouter.domain.limit_text import read_limit
from tokenrouter.store.errors import StoreError
from tokenrouter.store.keys import KeyRequest, create_key, revoke_key
from tokenrouter.store.limits import create_limit

LIMIT = read_limit({"scope": "key:ann", "metric": "tokens", "window": "day", "amount": 5})


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Node]:
    monkeypatch.setenv("TOKENROUTER_HOME", str(tmp_path))
    with node(tmp_path) as made:
        yield made


async def test_a_key_is_told_as_that_key_and_counts_at_once(here: Node) -> None:
    kept = here.kept()
    await kept.look()
    here.told.clear()
    made = create_key(here.store, KeyRequest("ann"), pepper=kept.pepper, now_s=1.0)
    before = kept.catalog.version

    await kept.look()
    told = [message for message in here.told if isinstance(message, KeysMessage)]
    here.told.clear()
    revoke_key(here.store, made.stored.id)
    await kept.look()

    assert [len(message.put) for message in told] == [1]
    assert [message.gone for message in here.told if isinstance(message, KeysMessage)] == [[made.stored.id]]
    assert kept.catalog.version > before
    assert "ann" not in {key.name for key in kept.catalog.keys}
    kept.close()


async def test_a_limit_makes_another_catalog_and_nothing_new_makes_none(here: Node) -> None:
    kept = here.kept()
    await kept.look()
    create_limit(here.store, LIMIT, now_s=1.0)
    before = kept.catalog.version

    await kept.look()
    (after, limits, taken), told = (kept.catalog.version, kept.catalog.limits, here.taken), list(here.told)
    await kept.look()

    assert limits == (replace(LIMIT, origin="database"),)
    assert (kept.catalog.version, here.taken) == (after, taken)
    assert after > before
    assert isinstance(told[-1], CatalogMessage)
    assert told[-1].catalog.limits == limits
    kept.close()


async def test_who_knows_nothing_is_told_the_keys_of_the_database_and_the_catalog_without_them(here: Node) -> None:
    kept = here.kept()
    create_key(here.store, KeyRequest("ann"), pepper=kept.pepper, now_s=1.0)
    await kept.look()

    *keys, catalog = kept.messages()

    assert [len(message.put) for message in keys if isinstance(message, KeysMessage)] == [1]
    assert isinstance(catalog, CatalogMessage)
    assert (catalog.catalog.keys, catalog.catalog.version) == ((), kept.catalog.version)
    kept.close()


async def test_a_file_that_is_wrong_changes_nothing_and_its_fault_is_noted(here: Node) -> None:
    kept = here.kept()
    declared, version = kept.declared, kept.catalog.version
    here.file.write_text("nonsense = 1")

    assert not kept.read_again()

    noted = read_applied(here.settings.paths.state_dir)
    assert noted is not None
    assert "nonsense" in noted.problems[0]
    assert kept.declared is declared
    assert kept.catalog.version == version
    kept.close()


async def test_a_file_that_is_right_counts_at_once(here: Node) -> None:
    kept = here.kept()
    here.file.write_text(TEXT.replace("ttl_s = 60", "ttl_s = 70"))
    taken = here.taken

    assert kept.read_again()

    assert kept.settings.policy.cache.ttl_s == 70
    assert here.taken == taken + 1
    kept.close()


async def test_what_was_read_while_the_database_was_away_counts_when_it_is_back(
    here: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = here.kept()
    await kept.look()
    here.file.write_text(TEXT.replace("ttl_s = 60", "ttl_s = 70"))

    def is_away(_: object) -> list[object]:
        raise StoreError("the database is away")

    with monkeypatch.context() as away:
        away.setattr("tokenrouter.app.kept_catalog.list_limits", is_away)
        assert not kept.read_again()
        await kept.look_quietly()
        taken = here.taken
    noted = read_applied(here.settings.paths.state_dir)
    await kept.look()

    assert noted is not None
    assert "as soon as the database is there" in noted.problems[0]
    assert kept.settings.policy.cache.ttl_s == 70
    assert here.taken == taken + 1
    kept.close()
