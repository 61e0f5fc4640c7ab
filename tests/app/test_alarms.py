"""What is told of by itself, put together as the control process has it."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tokenrouter.app.alarms import Alarms
from tokenrouter.config.load import load
from tokenrouter.domain.alerts import Trouble
from tokenrouter.store.engine import open_store
from tokenrouter.store.migrate import migrate
from tokenrouter.upstream.client import UpstreamClient


@pytest.fixture
async def alarms(tmp_path: Path) -> AsyncIterator[Alarms]:
    settings = load(config=None, environ={"TOKENROUTER_HOME": str(tmp_path)})
    upstream = UpstreamClient(settings.proxies)
    url = f"sqlite:///{tmp_path / 'alarms.db'}"
    migrate(url)
    with closing(open_store(url)) as store:
        made = Alarms(lambda: settings, upstream, store)
        yield made
        await made.close()
    upstream.close()


async def test_a_trouble_is_told_when_it_has_lasted_and_when_it_is_over(alarms: Alarms) -> None:
    trouble = Trouble("journal.unwritable", "node-1")

    for _ in range(2):
        alarms.look_at_troubles([trouble], [])
    assert alarms.telling.counts == {"journal.unwritable": 1}

    alarms.look_at_troubles([], [])
    assert sum(alarms.telling.counts.values()) == 2


async def test_without_limits_nothing_is_told_of_limits(alarms: Alarms) -> None:
    await alarms.look_at_limits(())

    assert alarms.telling.counts == {}
    assert alarms.limits.counts == {}
