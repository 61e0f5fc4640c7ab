import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.admin.test_events import Seconds
from tests.store.entries import entry
from tokenrouter.admin.ledger_question import Question
from tokenrouter.admin.ledger_stream import MAX_TAILS, MOST_TOLD, tail
from tokenrouter.jobs.recent_rows import RecentRows
from tokenrouter.store.ledger import LedgerFilter
from tokenrouter.store.within import Within

ALL = Question(LedgerFilter(), "", frozenset())
STREAM = "/api/v1/ledger/stream"


def read(told: bytes) -> list[tuple[str, dict[str, Any]]]:
    events = [dict(line.split(": ", 1) for line in part.split("\n")) for part in told.decode().split("\n\n") if part]
    return [(one["event"], json.loads(one["data"])) for one in events]


async def begun(
    installation: Installation,
    asked: Question = ALL,
    within: Within | None = None,
    *,
    last: str = "",
    seconds: Seconds | None = None,
) -> tuple[AsyncIterator[bytes], list[tuple[str, dict[str, Any]]]]:
    stream = tail(installation.state, asked, lambda: (True, within), last)
    if seconds is not None:  # somebody listens already
        seconds.passes()
    assert await anext(stream) == b": connected\n\n"
    return stream, read(await anext(stream))


async def after_a_second(seconds: Seconds, stream: AsyncIterator[bytes]) -> list[tuple[str, dict[str, Any]]]:
    seconds.passes()
    return read(await anext(stream))


async def test_requests_are_told_as_the_list_shows_them(client: TestClient, installation: Installation) -> None:
    seconds = Seconds(installation)
    installation.state.recent_rows.take([entry("before")])
    stream, first = await begun(installation)
    assert first == [("begin", {"missed": False}), ("running", {"requests": 0})]

    installation.state.recent_rows.take([entry("1"), entry("2")])

    told = await after_a_second(seconds, stream)
    assert [(name, row["id"]) for name, row in told] == [("request", "1"), ("request", "2")]
    assert (told[0][1]["cost_usd"], told[0][1]["usage"]["input_tokens"]) == ("0.000000025", 10)


async def test_filters_and_reach_are_those_of_the_list(installation: Installation) -> None:
    seconds = Seconds(installation)
    failed = Question(LedgerFilter(outcome="failed"), "acme", frozenset())
    stream, _ = await begun(installation, failed, Within(users=frozenset({"ann"})))
    installation.state.recent_rows.take(
        [
            entry("1"),
            entry("2", status=500, user="bob"),
            entry("3", status=500),
            entry("4", status=500, provider="other"),
        ]
    )

    assert [row["id"] for _, row in await after_a_second(seconds, stream)] == ["3"]


async def test_who_comes_back_misses_nothing_or_is_told_so(installation: Installation) -> None:
    seconds = Seconds(installation)
    rows, instance = installation.state.recent_rows, installation.state.instance_id
    rows.take([entry("1"), entry("2")])

    _, told = await begun(installation, last=f"{instance}-1")
    assert [(name, data.get("id")) for name, data in told[:2]] == [("begin", None), ("request", "2")]
    for last in ("another-process-1", "nonsense", f"{instance}-9"):
        _, told = await begun(installation, last=last, seconds=seconds)
        assert told[0] == ("begin", {"missed": True})

    installation.state.recent_rows = RecentRows(room=1)
    installation.state.recent_rows.take([entry("1"), entry("2"), entry("3")])
    _, told = await begun(installation, last=f"{instance}-1", seconds=seconds)
    assert told[0] == ("begin", {"missed": True})


async def test_more_than_can_be_read_is_left_out_and_counted(installation: Installation) -> None:
    seconds = Seconds(installation)
    stream, _ = await begun(installation)
    installation.state.recent_rows.take(entry(f"{n:03}") for n in range(MOST_TOLD + 7))

    told = await after_a_second(seconds, stream)

    assert told[0] == ("skipped", {"requests": 7})
    assert [row["id"] for _, row in told[1:]] == [f"{n:03}" for n in range(7, MOST_TOLD + 7)]


async def test_what_runs_is_told_to_who_sees_everything(installation: Installation) -> None:
    seconds = Seconds(installation)
    stream, _ = await begun(installation)
    installation.figures = {"w": {"gauges": {"in_flight": 2}}}
    assert await after_a_second(seconds, stream) == [("running", {"requests": 2})]

    _, told = await begun(installation, within=Within(users=frozenset({"ann"})), seconds=seconds)
    assert told == [("begin", {"missed": False})]


async def test_a_stream_ends_with_the_right_to_read_and_is_counted_while_it_lasts(installation: Installation) -> None:
    stream = tail(installation.state, ALL, lambda: (False, None))
    assert await anext(stream) == b": connected\n\n"
    assert installation.state.tails == 1

    assert [one async for one in stream] == []
    assert (installation.state.tails, installation.state.live.listeners) == (0, 0)


def test_so_many_may_follow_and_no_more(client: TestClient, installation: Installation) -> None:
    installation.state.tails = MAX_TAILS

    assert client.get(STREAM, headers=ROOT).status_code == 429
    assert client.get(STREAM).status_code == 401


@pytest.mark.parametrize("params", [{"status": "bad"}, {"from": "x"}, {"min_cost_usd": "-1"}])
def test_a_question_that_the_list_would_refuse_is_refused(client: TestClient, params: dict[str, str]) -> None:
    assert client.get(STREAM, headers=ROOT, params=params).status_code == 422


def test_the_filters_of_the_list_and_the_stream_are_the_same(client: TestClient) -> None:
    paths = client.get("/openapi.json", headers=ROOT).json()["paths"]
    names = [{one["name"] for one in paths[path]["get"]["parameters"]} for path in ("/api/v1/ledger", STREAM)]

    assert names[0] - names[1] == {"limit", "after", "format"}
