import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest
from fastapi.security import HTTPAuthorizationCredentials
from fastapi.testclient import TestClient
from starlette.requests import Request

from tests.admin.installation import ALICE, MASTER, ROOT, ROOT_KEY, Installation
from tokenrouter.admin.callers import Needs
from tokenrouter.admin.logs import MAX_STREAMS, log_folder, stream_logs
from tokenrouter.observe.log_files import LogBounds, LogFiles
from tokenrouter.store.audit import AuditFilter, audit_page


def say(installation: Installation, *texts: str, level: str = "info") -> None:
    log = LogFiles(log_folder(installation.state), "data", LogBounds())
    for text in texts:
        log.write({"event": text, "level": level, "provider": "acme"})
    log.close()


def test_pages_go_from_the_newest_line_on(client: TestClient, installation: Installation) -> None:
    say(installation, "one", "two", "three")

    first = client.get("/api/v1/logs?limit=2", headers=ROOT).json()
    second = client.get(f"/api/v1/logs?limit=2&after={first['next']}", headers=ROOT).json()

    assert [line["message"] for line in first["data"]] == ["three", "two"]
    assert [line["message"] for line in second["data"]] == ["one"]
    assert second["next"] is None
    assert first["data"][0]["fields"] == {"provider": "acme"}
    assert first["data"][0]["timestamp"].endswith("Z")


def test_filters_are_by_level_text_process_and_time(client: TestClient, installation: Installation) -> None:
    say(installation, "fine")
    say(installation, "Broken", level="error")

    def found(query: str) -> list[str]:
        data = client.get(f"/api/v1/logs?{query}", headers=ROOT).json()["data"]
        return [line["message"] for line in data]

    assert found("level=warning") == ["Broken"]
    assert found("q=BROK") == ["Broken"]
    assert found("q=acme&process=control") == []
    assert found("to=2020-01-01") == []
    assert found("from=2020-01-01") == ["Broken", "fine"]


def test_all_of_it_comes_as_csv(client: TestClient, installation: Installation) -> None:
    say(installation, "one", "two, or three")

    answer = client.get("/api/v1/logs?format=csv", headers=ROOT)

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == "id,timestamp,level,process,message,fields"
    assert '"two, or three"' in answer.text.splitlines()[1]


@pytest.mark.parametrize("query", ["level=loud", "limit=0", "limit=100000", "from=yesterday", "after=" + "x" * 99])
def test_what_makes_no_sense_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/v1/logs?{query}", headers=ROOT).status_code == 422


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("GET", "/stream")])
def test_only_admins_may(client: TestClient, method: str, path: str) -> None:
    for headers, status in ((ALICE, 403), (MASTER, 403), ({}, 401)):
        assert client.request(method, f"/api/v1/logs{path}", headers=headers).status_code == status


def test_all_can_be_deleted(client: TestClient, installation: Installation) -> None:
    say(installation, "one")

    assert client.delete("/api/v1/logs", headers=ROOT).json() == {"files": 1}
    assert client.get("/api/v1/logs", headers=ROOT).json()["data"] == []
    (entry,) = audit_page(installation.store, AuditFilter(action="logs.delete"), limit=9)
    assert entry.actor.name == "root"


async def stream(installation: Installation, last_event_id: str = "", **wanted: str) -> AsyncIterator[bytes]:
    credentials = HTTPAuthorizationCredentials(scheme="Bearer", credentials=ROOT_KEY)
    request = Request({"type": "http", "method": "GET", "headers": []})
    grant = Needs("logs.read")(request, installation.state, credentials)
    answer = await stream_logs(
        request, installation.state, grant, credentials, level="info", last_event_id=last_event_id, **cast(Any, wanted)
    )
    return cast(AsyncIterator[bytes], answer.body_iterator)


def told(event: bytes) -> Any:
    return json.loads(event.partition(b"data: ")[2])


async def test_what_is_new_is_streamed_and_a_reader_goes_on_where_he_was(installation: Installation) -> None:
    installation.now_s = 4e9
    say(installation, "before")
    events = await stream(installation)
    assert (await anext(events)).startswith(b":")
    await asyncio.to_thread(say, installation, "one", "two")

    first, second = await anext(events), await anext(events)
    assert [told(first)["message"], told(second)["message"]] == ["one", "two"]
    await cast(Any, events).aclose()
    assert installation.state.log_streams == 0

    again = await stream(installation, told(first)["id"])
    await anext(again)
    assert await anext(again) == second
    await cast(Any, again).aclose()


async def test_a_stream_ends_with_the_key_that_reads_it(installation: Installation) -> None:
    events = await stream(installation)
    await anext(events)
    installation.settings = replace(installation.settings, keys=installation.settings.keys[1:])
    installation.state._directory = None

    assert b"event: end" in await anext(events)
    with pytest.raises(StopAsyncIteration):
        await anext(events)


def test_streams_are_bounded(client: TestClient, installation: Installation) -> None:
    installation.state.log_streams = MAX_STREAMS

    assert client.get("/api/v1/logs/stream", headers=ROOT).status_code == 429
