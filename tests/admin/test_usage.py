import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.store.entries import NOON_US, entry
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
    "params", [{"by": "colour"}, {"from": "yesterday"}, {"to": "9999-12-31"}, {"from": "2026-13-01"}]
)
def test_bad_questions_are_answered_with_what_was_wrong(client: TestClient, params: dict[str, str]) -> None:
    answer = client.get(USAGE, headers=ROOT, params=params)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == next(iter(params))
