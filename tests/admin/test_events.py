import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import PEPPER, Installation
from tokenrouter.admin.callers import Caller
from tokenrouter.admin.events import ACTIONS, ASKED_AGAIN_S, MAX_STREAMS, changes, scopes_of
from tokenrouter.admin.live import LiveChanges
from tokenrouter.admin.permissions import PERMISSIONS, Role
from tokenrouter.domain.actors import Actor
from tokenrouter.store.keys import KeyRequest, create_key

NOBODY = Actor("key", "key_1", "one")


class Seconds:
    """A hub whose seconds pass when a test says so."""

    def __init__(self, installation: Installation) -> None:
        self.passed: asyncio.Queue[None] = asyncio.Queue()
        installation.state.live = LiveChanges(sleep=self._sleep)

    async def _sleep(self, _seconds: float) -> None:
        await self.passed.get()

    def passes(self) -> None:
        self.passed.put_nowait(None)


def read(event: bytes) -> list[tuple[str, dict[str, Any]]]:
    parts = [part.split("\n") for part in event.decode().split("\n\n") if part.startswith("event:")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in parts]


async def begun(installation: Installation, role: Role = "admin") -> AsyncIterator[bytes]:
    stream = changes(installation.state, lambda: Caller(role, NOBODY))
    assert await anext(stream) == b": connected\n\n"
    return stream


async def test_a_reader_is_told_what_they_may_hear_of_and_then_what_has_changed(installation: Installation) -> None:
    seconds = Seconds(installation)
    stream = await begun(installation)
    assert read(await anext(stream))[0] == ("begin", {"scopes": sorted(ACTIONS)})

    create_key(installation.store, KeyRequest("bob"), pepper=PEPPER, now_s=1.0)
    seconds.passes()

    assert read(await anext(stream)) == [("changed", {"scopes": ["audit", "keys"]})]
    await stream.aclose()  # type: ignore[attr-defined]
    assert installation.state.live.listeners == 0


async def test_what_changes_between_the_connection_and_the_next_look_is_told(installation: Installation) -> None:
    seconds = Seconds(installation)
    first = await begun(installation)
    await anext(first)
    second = await begun(installation)

    create_key(installation.store, KeyRequest("bob"), pepper=PEPPER, now_s=1.0)
    seconds.passes()

    assert read(await anext(second))[0] == ("begin", {"scopes": sorted(ACTIONS)})
    assert read(await anext(second)) == [("changed", {"scopes": ["audit", "keys"]})]


async def test_what_runs_is_told_as_a_number(installation: Installation) -> None:
    seconds = Seconds(installation)
    stream = await begun(installation)
    assert read(await anext(stream))[1] == ("running", {"requests": 0})

    installation.figures = {"w": {"gauges": {"in_flight": 3}}}
    seconds.passes()

    assert read(await anext(stream)) == [("running", {"requests": 3})]


async def test_a_member_hears_nothing_of_what_is_not_theirs(installation: Installation) -> None:
    Seconds(installation)
    stream = await begun(installation, "member")

    assert read(await anext(stream)) == [
        ("begin", {"scopes": ["aliases", "conversations", "keys", "limits", "models", "teams", "usage", "users"]})
    ]


async def test_who_may_not_any_more_is_not_told_any_more(installation: Installation) -> None:
    Seconds(installation)
    stream = changes(installation.state, lambda: None)

    assert [one async for one in stream] == [b": connected\n\n"]


def test_every_scope_needs_an_action_of_the_table() -> None:
    assert set(ACTIONS.values()) <= PERMISSIONS.keys()
    assert scopes_of(Caller("inferrer", NOBODY)) == {"keys", "limits", "models", "usage"}
    assert ASKED_AGAIN_S <= 2


def test_so_many_may_listen_and_no_more(client: TestClient, installation: Installation) -> None:
    installation.state.live.listeners = MAX_STREAMS
    root = {"Authorization": "Bearer tr_root-key-of-the-file-0123456789"}

    assert client.get("/api/v1/events", headers=root).status_code == 429


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_without_a_key_there_is_no_stream(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/api/v1/events", headers=headers).status_code == 401
