import json

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import BUDGET, TOKENS, Installation
from tests.store.entries import NOON_US, entry
from tokenrouter.store.ledger import Row, record

DAY_US = 86_400_000_000
LIVE = [
    {
        "id": BUDGET.id,
        "scope": "team:physics",
        "used": 10**9,
        "held": 0,
        "left": 24 * 10**9,
        "amount": 25 * 10**9,
        "resets_in_s": 60.0,
    },
    {"id": TOKENS.id, "scope": "key:alice", "used": 250, "held": 50, "left": 700, "amount": 1000, "resets_in_s": None},
]


def ask(client: TestClient, key_id: str = "key_alice", limits: str = json.dumps(LIVE)) -> dict[str, object]:
    headers = {"x-tokenrouter-key-id": key_id, "x-tokenrouter-limits": limits}
    answer = client.get("/internal/usage", headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


def test_use_is_told_for_today_this_month_and_ever(client: TestClient, installation: Installation) -> None:
    entries = [entry("1"), entry("2", started_us=NOON_US + DAY_US), entry("3", started_us=NOON_US - DAY_US)]
    record(installation.store, [Row(one) for one in [*entries, entry("4", key_id="other")]], {})
    installation.now_s += 86_400

    used = ask(client)["used"]

    assert isinstance(used, dict)
    assert [used[name]["requests"] for name in ("today", "month", "lifetime")] == [1, 2, 3]
    assert used["lifetime"] == {
        "requests": 3,
        "failed": 0,
        "input_tokens": 30,
        "output_tokens": 15,
        "cached_input_tokens": 12,
        "reasoning_tokens": 6,
        "total_tokens": 45,
        "cost_usd": "0.000000075",
        "cost_nano_usd": 75,
        "unpriced_requests": 0,
    }


def test_the_journals_are_drained_before_the_ledger_is_read(client: TestClient, installation: Installation) -> None:
    ask(client)

    assert installation.drains == 1


def test_who_asks_is_told_about_its_key(client: TestClient) -> None:
    key = {"name": "alice", "role": "inferrer", "team": "physics", "user": "ann", "expires_at": None}

    assert ask(client)["key"] == key


def test_live_counters_are_joined_with_their_limits(client: TestClient) -> None:
    limits = ask(client)["limits"]

    assert isinstance(limits, list)
    assert limits[0] == {
        "scope": "team:physics",
        "metric": "cost_usd",
        "window": "month",
        "mode": "hard",
        "amount": "25.00",
        "used": "1.00",
        "held": "0.00",
        "left": "24.00",
        "resets_in_s": 60.0,
    }
    assert (limits[1]["amount"], limits[1]["left"]) == (1000, 700)


def test_a_lifetime_token_limit_is_told_in_the_predecessors_words_too(client: TestClient) -> None:
    told = ask(client)

    assert (told["quota_tokens"], told["used_tokens"], told["remaining_tokens"]) == (1000, 250, 700)
    assert told["usage_percentage"] == 25.0


def test_a_key_without_one_has_no_quota(client: TestClient) -> None:
    assert "quota_tokens" not in ask(client, limits="[]")


def test_a_limit_that_was_taken_away_a_moment_ago_is_left_out(client: TestClient) -> None:
    assert ask(client, limits=json.dumps([{**LIVE[1], "id": "gone"}]))["limits"] == []


@pytest.mark.parametrize("limits", ["{", "[1]", '[{"id": "key:alice|tokens|lifetime"}]', "1"])
def test_limits_that_cannot_be_read_are_refused(client: TestClient, limits: str) -> None:
    headers = {"x-tokenrouter-key-id": "key_alice", "x-tokenrouter-limits": limits}

    assert client.get("/internal/usage", headers=headers).status_code == 400


def test_a_key_that_was_revoked_meanwhile_is_not_found(client: TestClient) -> None:
    assert client.get("/internal/usage", headers={"x-tokenrouter-key-id": "gone"}).status_code == 404


def test_without_the_data_process_nobody_is_asked_about(client: TestClient) -> None:
    assert client.get("/internal/usage").status_code == 422
