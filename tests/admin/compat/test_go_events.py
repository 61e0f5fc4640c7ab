import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import MASTER, ROOT, Installation
from tokenrouter.admin.compat.go_events import MAX_STREAMS, events
from tokenrouter.admin.live_marks import LiveMarks
from tokenrouter.jobs.benchmark import ModelProgress, Plan, Run

PATH = "/admin/api/events"


class Seconds:
    """Time that passes when it is slept; `at` says what happens in which second. Each ends with a look."""

    def __init__(self, end_s: int, at: dict[int, Callable[[], object]] | None = None) -> None:
        self.now_s = 0
        self.end_s = end_s
        self.at = at or {}
        self.look: Callable[[], Awaitable[None]] | None = None

    async def sleep(self, _seconds: float) -> None:
        self.now_s += 1
        self.at.get(self.now_s, lambda: None)()
        assert self.look is not None
        await self.look()

    async def goes_on(self) -> bool:
        return self.now_s < self.end_s


async def told(installation: Installation, speed: str, seconds: Seconds) -> list[tuple[int, Any]]:
    found: list[tuple[int, Any]] = []
    seconds.look = partial(installation.state.live.look_once, LiveMarks(installation.state).look)
    await seconds.look()
    async for event in events(installation.state, seconds.goes_on, speed, sleep=seconds.sleep):
        message = json.loads(event.removeprefix(b"data: ")) if event.startswith(b"data:") else event
        found.append((seconds.now_s, message))
    return found


async def test_a_reader_is_told_to_look_at_once_and_every_so_often(installation: Installation) -> None:
    refreshes = await told(installation, "10s", Seconds(25))

    assert refreshes == [(0, {"type": "refresh"}), (10, {"type": "refresh"}), (20, {"type": "refresh"})]
    assert await told(installation, "disabled", Seconds(20)) == [(0, {"type": "refresh"})]


async def test_in_real_time_changes_are_told_with_their_scope(installation: Installation) -> None:
    run = Run("bench-1", 1.0, Plan(("m",)), [ModelProgress("m")])
    happens: dict[int, Callable[[], object]] = {
        2: lambda: setattr(installation, "figures", {"w": {"series": [{"requests": 3}]}}),
        4: lambda: setattr(installation.state.benchmark, "run", run),
    }

    changes = [one for one in await told(installation, "realtime", Seconds(6, happens)) if one[0]]

    assert changes == [(2, {"type": "changed", "scope": "stats"}), (4, {"type": "changed", "scope": "benchmark"})]


async def test_a_new_catalog_is_a_change_of_all_that_is_in_it(installation: Installation) -> None:
    def renew() -> None:
        catalog = installation.catalog()
        object.__setattr__(catalog, "version", 8)
        installation.state.catalog = lambda: catalog

    changes = [one["scope"] for at, one in await told(installation, "realtime", Seconds(2, {1: renew})) if at]

    assert changes == ["access", "providers", "models", "model_aliases"]


async def test_a_silent_stream_says_that_it_is_there(installation: Installation) -> None:
    assert await told(installation, "15m", Seconds(30)) == [(0, {"type": "refresh"}), (25, b": still here\n\n")]


@pytest.mark.parametrize("headers", [{}, MASTER])
def test_events_are_for_administrators(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get(PATH, headers=headers).status_code in (401, 403)


def test_so_many_may_listen_and_no_more(client: TestClient, installation: Installation) -> None:
    installation.state.event_streams = MAX_STREAMS

    assert client.get(PATH, headers=ROOT).status_code == 429
