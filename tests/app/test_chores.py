"""What the control process does again and again beside requests."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.app.kept import Node, node, until
from tokenrouter.app.alarms import Alarms
from tokenrouter.app.chores import Chores
from tokenrouter.app.cluster import Cluster
from tokenrouter.config.sealing import Sealing
from tokenrouter.domain.alerts import Trouble
from tokenrouter.jobs.conversation_drain import ConversationDrain
from tokenrouter.jobs.ledger_drain import LedgerDrain
from tokenrouter.jobs.provider_quotas import ProviderQuotas
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.store.errors import StoreError
from tokenrouter.store.keys import KeyRequest, create_key, list_keys


@asynccontextmanager
async def chores_of(here: Node, *, troubles: tuple[Trouble, ...] = ()) -> AsyncIterator[Chores]:
    kept = here.kept()
    folder = here.settings.paths.state_dir
    alarms = Alarms(lambda: kept.settings, here.upstream, here.store)
    conditions = kept.gathering.conditions
    yield Chores(
        kept=kept,
        store=here.store,
        cluster=Cluster("", lambda: None),
        drain=LedgerDrain(here.store, folder / "journal", lambda: kept.limits),
        conversations=ConversationDrain(here.store, folder / "conversations", Sealing(bytes(32))),
        alarms=alarms,
        quotas=ProviderQuotas(
            lambda: kept.settings, lambda: kept.catalog.providers, here.store, here.upstream, conditions
        ),
        statuses=tuple,
        troubles=lambda: troubles,
        goes_on=lambda: True,
    )
    await alarms.close()
    kept.close()


async def test_a_key_that_has_expired_is_gone_when_the_cleaning_returns(tmp_path: Path) -> None:
    with node(tmp_path) as here:
        create_key(
            here.store,
            KeyRequest("short", temporary=True, expires_at_s=time.time() - 5),
            pepper=b"",
            now_s=time.time() - 10,
        )
        async with chores_of(here) as chores:
            assert [key.name for key in chores.kept.catalog.keys] == ["short"]

            await chores.clean_now()

            assert chores.kept.catalog.keys == ()
        assert list_keys(here.store) == ()


async def test_what_does_not_work_here_is_told_of(tmp_path: Path) -> None:
    with node(tmp_path) as here:
        tasks = BackgroundTasks()
        async with chores_of(here, troubles=(Trouble("journal.unwritable", "node-1"),)) as chores:
            chores.begin(tasks)
            await until(lambda: chores.alarms.telling.counts == {"journal.unwritable": 1})
            await tasks.close()


async def test_what_is_repeated_goes_on_when_the_database_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with node(tmp_path) as here:
        tasks = BackgroundTasks()
        async with chores_of(here) as chores:
            asked, drain = list[int](), chores.drain.drain

            def is_away_first() -> int:
                asked.append(1)
                if len(asked) < 3:
                    raise StoreError("the database is away")
                return drain()

            monkeypatch.setattr(chores.drain, "drain", is_away_first)
            chores.begin(tasks)
            await until(lambda: len(asked) > 4)
            await tasks.close()


async def test_a_last_drain_that_fails_leaves_the_journal_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_away() -> int:
        raise StoreError("the database is away")

    with node(tmp_path) as here:
        async with chores_of(here) as chores:
            monkeypatch.setattr(chores.drain, "drain", is_away)

            chores.last_drain()
