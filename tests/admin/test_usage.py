import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.ledger import Row, record

USAGE = "/api/v1/usage"


@pytest.fixture(autouse=True)
def use(installation: Installation) -> None:
    entries = [
        entry("1"),
        entry("2", key_id="root", key_name="root", user="", team="", model="large", cost_nano_usd=1000),
        entry("3", started_us=NOON_US + 86_400_000_000, end_reason="provider_error", status=502),
    ]
    record(installation.store, [Row(one) for one in entries], {})


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("key", ["root", "alice"]),
        ("user", ["", "ann"]),
        ("team", ["", "physics"]),
        ("provider", ["acme"]),
        ("model", ["acme/large", "acme/small"]),
        ("day", ["2026-01-01", "2026-01-02"]),
    ],
)
def test_use_is_summed_by_what_was_asked_for(client: TestClient, by: str, names: list[str]) -> None:
    told = client.get(USAGE, headers=ROOT, params={"by": by}).json()

    assert [group["name"] for group in told["groups"]] == names
    assert sum(group["requests"] for group in told["groups"]) == told["total"]["requests"] == 3
    assert told["total"]["failed"] == 1


def test_days_are_inclusive(client: TestClient) -> None:
    told = client.get(USAGE, headers=ROOT, params={"from": "2026-01-02", "to": "2026-01-02"}).json()

    assert told["total"]["requests"] == 1


@pytest.mark.parametrize("key", ["alice", "key_alice"])
def test_a_key_is_named_by_its_name_or_id(client: TestClient, key: str) -> None:
    told = client.get(USAGE, headers=ROOT, params={"key": key}).json()

    assert told["total"]["requests"] == 2
    assert told["groups"][0]["key_id"] == "key_alice"


@pytest.mark.parametrize(
    "params", [{"by": "colour"}, {"from": "yesterday"}, {"to": "9999-12-31"}, {"from": "2026-13-01"}, {"user": "\0"}]
)
def test_bad_questions_are_answered_with_what_was_wrong(client: TestClient, params: dict[str, str]) -> None:
    answer = client.get(USAGE, headers=ROOT, params=params)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == next(iter(params))


def test_days_are_stacked_by_what_was_asked_for(client: TestClient) -> None:
    stack = client.get(USAGE, headers=ROOT, params={"by": "day", "then": "model"}).json()["stack"]

    assert stack["start_s"] == [NOON_US // 1_000_000 - 43_200, NOON_US // 1_000_000 + 43_200]
    assert [(one["name"], one["requests"]) for one in stack["series"]] == [
        ("acme/small", [1, 1]),
        ("acme/large", [1, 0]),
    ]
    assert stack["others"] is None


def test_groups_and_a_chart_of_days_come_in_one_answer(client: TestClient) -> None:
    told = client.get(USAGE, headers=ROOT, params={"by": "team", "then": "provider"}).json()

    assert sum(group["requests"] for group in told["groups"]) == told["total"]["requests"]
    assert sum(sum(one["requests"]) for one in told["stack"]["series"]) == told["total"]["requests"]


def test_of_many_parts_the_largest_are_told_and_the_others_together(
    client: TestClient, installation: Installation
) -> None:
    more = [entry(f"more {n}", key_id=f"key_{n}", key_name=f"name {n}", usage=Usage(n + 20, 0)) for n in range(12)]
    record(installation.store, [Row(one) for one in more], {})

    stack = client.get(USAGE, headers=ROOT, params={"by": "day", "then": "key", "provider": "acme"}).json()["stack"]

    assert [one["label"] for one in stack["series"]] == ["name 11", "alice", *(f"name {n}" for n in range(10, 4, -1))]
    assert (stack["others"]["requests"], stack["others"]["tokens"]) == ([6, 0], [20 + 21 + 22 + 23 + 24 + 15, 0])


def test_a_time_is_compared_with_the_one_before(client: TestClient, installation: Installation) -> None:
    installation.now_s += 86_400
    for first, last, requests in (("2026-01-02", "2026-01-02", [1, 2]), ("2026-01-01", "", [3, 0])):
        params = {"from": first, "compare": "previous"} | ({"to": last} if last else {})
        told = client.get(USAGE, headers=ROOT, params=params).json()
        assert [told["total"]["requests"], told["previous"]["requests"]] == requests


@pytest.mark.parametrize(
    "params", [{"then": "colour"}, {"by": "day", "then": "day"}, {"compare": "previous"}, {"compare": "future"}]
)
def test_what_cannot_be_compared_or_split_is_said(client: TestClient, params: dict[str, str]) -> None:
    answer = client.get(USAGE, headers=ROOT, params=params)

    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_groups_are_a_file_when_asked_for(client: TestClient) -> None:
    answer = client.get(USAGE, headers=ROOT, params={"by": "model", "format": "csv"})

    assert answer.headers["content-type"].startswith("text/csv")
    head, *rows = answer.text.splitlines()
    assert head.startswith("requests,failed,input_tokens")
    assert [row.split(",")[0] for row in rows] == ["1", "2"]
    assert "acme/large" in rows[0]
