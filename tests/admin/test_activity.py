from collections.abc import Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, ROOT, Installation
from tests.admin.people import enter, person
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.people import Membership
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.teams import create_team, put_member

ACTIVITY = "/api/v1/activity"
HOUR_US = 3_600_000_000
ANSWERED = {"latency_us": 2_000_000, "first_token_us": 500_000, "usage": Usage(1000, 300, 200, 0, 50)}


@pytest.fixture(autouse=True)
def use(installation: Installation) -> None:
    """Two hours of two people, in the hour before noon and the one before that; and one request of the day before."""
    rows = [
        entry("1", started_us=NOON_US - HOUR_US // 2, client_tool="codex", **ANSWERED),
        entry("2", started_us=NOON_US - 3 * HOUR_US // 2, client_ip="192.0.2.7", **ANSWERED),
        entry("3", started_us=NOON_US - 60_000_000, status=502, end_reason="provider_error", usage=Usage()),
        entry(
            "4",
            started_us=NOON_US - 60_000_000,
            key_id="key_bob",
            key_name="bob's",
            user="bob",
            team="art",
            model="org/large",
            cost_nano_usd=2_000_000_000,
        ),
        entry("5", started_us=NOON_US - 24 * HOUR_US),
    ]
    record(installation.store, [Row(row) for row in rows], {})


def ask(client: TestClient, headers: Mapping[str, str] = ROOT, **params: Any) -> dict[str, Any]:
    answer = client.get(ACTIVITY, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_one_answer_holds_all_that_a_page_shows(client: TestClient, installation: Installation) -> None:
    installation.provider_statuses = tuple(
        ProviderStatus(name, "openai-compatible", "torod.toml:1", status)  # type: ignore[arg-type]
        for name, status in (("acme", "online"), ("local", "offline"), ("off", "disabled"))
    )

    told = ask(client)

    assert (told["since"], told["until"], told["slot_s"]) == ("2026-01-01T04:00:00Z", "2026-01-01T12:00:00Z", 300)
    assert told["whole_since"] == told["since"]
    total = told["total"]
    assert (total["requests"], total["failed"], total["total_tokens"]) == (4, 1, 2615)
    assert (total["cost_nano_usd"], total["cost_usd"]) == (2_000_000_075, "2.000000075")
    assert total["speed"]["latency_p50_ms"] == pytest.approx(2000, rel=0.6)
    assert total["speed"]["generated_tokens_per_s"] == 200.0
    assert total["speed"]["prompt_tokens_per_s"] == 2000.0
    assert told["before"]["requests"] == 0
    assert [one["name"] for one in told["series"]] == ["acme/small", "acme/org/large"]
    assert told["others"] is None
    assert told["providers"] == {"available": 2, "online": 1}
    assert {name: len(rows) for name, rows in told["tables"].items() if rows} == {
        "model": 2,
        "provider": 1,
        "key": 2,
        "ip": 2,
        "tool": 2,
    }
    assert [(one["name"], one["label"]) for one in told["tables"]["key"]] == [
        ("key_alice", "alice"),
        ("key_bob", "bob's"),
    ]


def test_every_list_has_a_value_for_each_slot(client: TestClient) -> None:
    told = ask(client, range=7200, slot=900, group="key", top=1)

    slots = told["slots"]
    assert slots["start_s"] == list(range(slots["start_s"][0], slots["start_s"][0] + 900 * len(slots["start_s"]), 900))
    for one in (slots, *told["series"], told["others"]):
        for name in ("requests", "failed", "tokens", "cost_nano_usd"):
            assert len(one[name]) == len(slots["start_s"])
    assert len(slots["speed"]) == len(slots["start_s"])
    assert sum(slots["requests"]) == 4
    assert sum(told["series"][0]["tokens"]) == 2600
    assert sum(told["others"]["requests"]) == 1


def test_the_time_before_is_compared(client: TestClient) -> None:
    told = ask(client, range=24 * 3600)

    assert (told["total"]["requests"], told["before"]["requests"]) == (5, 0)
    told = ask(client, range=16 * 3600)
    assert (told["total"]["requests"], told["before"]["requests"]) == (4, 1)


@pytest.mark.parametrize(
    ("wanted", "requests"),
    [
        ({"user": "bob"}, 1),
        ({"team": "physics", "model": "small"}, 3),
        ({"key": "alice"}, 3),
        ({"key": "key_bob"}, 1),
        ({"ip": "192.0.2.7"}, 1),
        ({"tool": "codex", "provider": "acme"}, 1),
        ({"provider": "nobody"}, 0),
    ],
)
def test_filters_leave_what_they_name(client: TestClient, wanted: dict[str, Any], requests: int) -> None:
    assert ask(client, **wanted)["total"]["requests"] == requests


def test_hours_of_the_week_are_those_of_the_viewer(client: TestClient) -> None:
    in_utc, in_tokyo = ask(client)["heat"], ask(client, tz="Asia/Tokyo")["heat"]

    assert [(one["weekday"], one["hour"], one["requests"]) for one in in_utc] == [(3, 10, 1), (3, 11, 3)]
    assert [(one["weekday"], one["hour"], one["requests"]) for one in in_tokyo] == [(3, 19, 1), (3, 20, 3)]


def test_times_are_read_in_the_viewers_zone(client: TestClient) -> None:
    asked: dict[str, Any] = {"from": "2026-01-01", "to": "2026-01-01T20:00", "tz": "Asia/Tokyo"}
    told = ask(client, **asked)

    assert (told["since"], told["until"]) == ("2025-12-31T15:00:00Z", "2026-01-01T11:00:00Z")
    assert told["total"]["requests"] == 1


@pytest.mark.parametrize(
    "params",
    [
        {"range": 60},
        {"range": 400 * 86_400},
        {"slot": 7},
        {"slot": 60, "range": 86_400},
        {"group": "colour"},
        {"from": "2026-02-01"},
        {"from": "2024-01-01"},
        {"from": "soon"},
        {"to": "1970-01-01", "range": 864_000},
        {"tz": "Mars/Base"},
        {"top": 0},
    ],
)
def test_bad_questions_are_answered_with_what_was_wrong(client: TestClient, params: dict[str, Any]) -> None:
    answer = client.get(ACTIVITY, headers=ROOT, params=params)

    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_key_sees_what_it_used_itself_and_no_providers(client: TestClient) -> None:
    told = ask(client, ALICE)

    assert (told["total"]["requests"], told["providers"]) == (3, None)
    assert [one["name"] for one in told["tables"]["key"]] == ["key_alice"]


@pytest.mark.parametrize(("range_s", "requests"), [(8 * 3600, 1), (366 * 86_400, 1)])
def test_a_member_sees_their_own_and_who_administers_a_team_sees_all_of_it(
    client: TestClient, installation: Installation, range_s: int, requests: int
) -> None:
    create_team(installation.store, "art", now_s=1.0)
    person(installation, "bob")
    person(installation, "head")
    put_member(installation.store, Membership("art", "head", admin=True))
    for name in ("bob", "head"):
        enter(client, name)
        told = ask(client, {}, range=range_s, group="team")
        assert told["total"]["requests"] == requests
        assert [one["name"] for one in told["series"]] == ["art"]
        assert "alice" not in str(told)
