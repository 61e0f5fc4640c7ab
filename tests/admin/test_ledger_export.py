import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, MASTER, ROOT, Installation
from tests.jobs.ledgers import DAY_US, priced
from tests.store.entries import NOON_US
from tokenrouter.jobs.ledger_export import COLUMNS
from tokenrouter.store.ledger import Row, record

EXPORT = "/api/v1/ledger/export"
VERIFY = "/api/v1/ledger/verify"


@pytest.fixture(autouse=True)
def rows(installation: Installation) -> None:
    made = [
        priced("a", started_us=NOON_US - 40 * DAY_US),
        priced("b", started_us=NOON_US - DAY_US, team="chemistry"),
        priced("c", key_name="=1+1", key_id="key_bob"),
    ]
    record(installation.store, [Row(row) for row in made], {})


def exported(client: TestClient, **query: str) -> list[dict[str, str]]:
    answer = client.get(EXPORT, params=query, headers=ROOT)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def verified(client: TestClient, **query: object) -> dict[str, Any]:
    answer = client.get(VERIFY, params=query, headers=ROOT)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def change(installation: Installation, statement: str) -> None:
    with installation.store.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0


def test_the_rows_come_as_a_file_oldest_first(client: TestClient) -> None:
    answer = client.get(EXPORT, headers=ROOT)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="ledger.csv"'
    told = exported(client)
    assert [row["id"] for row in told] == ["a", "b", "c"]
    assert list(told[0]) == [column.name for column in COLUMNS]
    assert told[2]["key_name"] == "'=1+1"


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"from": "2025-12-31"}, ["b", "c"]),
        ({"to": "2025-12-31"}, ["a", "b"]),
        ({"month": "2025-12", "tz": "Europe/Berlin"}, ["b"]),
        ({"team": "chemistry"}, ["b"]),
        ({"key": "alice"}, ["a", "b"]),
        ({"key": "key_bob", "user": "ann", "provider": "acme", "model": "small"}, ["c"]),
    ],
)
def test_a_file_may_be_of_a_part(client: TestClient, query: dict[str, str], ids: list[str]) -> None:
    told = exported(client, columns="team,id", **query)

    assert [row["id"] for row in told] == ids
    assert list(told[0]) == ["team", "id"]


@pytest.mark.parametrize(
    ("path", "query", "told"),
    [
        (EXPORT, {"columns": "cost"}, "columns: there is no column 'cost'"),
        (EXPORT, {"from": "today"}, "'today' is not a day"),
        (VERIFY, {"tz": "Mars", "from": "2026-01-01"}, "time zone 'Mars' is not known"),
        (VERIFY, {"seconds": "31"}, "seconds: "),
    ],
)
def test_what_cannot_be_read_is_told(client: TestClient, path: str, query: dict[str, str], told: str) -> None:
    answer = client.get(path, params=query, headers=ROOT)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert told in answer.json()["detail"]


def test_only_an_admin_compares_the_books(client: TestClient) -> None:
    assert client.get(VERIFY).status_code == 401
    assert [client.get(VERIFY, headers=who).status_code for who in (ALICE, MASTER)] == [403, 403]


def test_a_key_exports_its_own_rows_only(client: TestClient) -> None:
    assert client.get(EXPORT).status_code == 401
    everything, nothing = (client.get(EXPORT, headers=who).text.splitlines() for who in (ROOT, MASTER))

    assert (len(everything), len(nothing)) == (4, 1)


def test_books_that_are_right_are_told_so(client: TestClient) -> None:
    told = verified(client, **{"from": "2025-01-01"})

    assert (told["ok"], told["complete"], told["count"], told["rows"], told["days"]) == (True, True, 0, 3, 3)


def test_what_differs_is_told(client: TestClient, installation: Installation) -> None:
    change(installation, "UPDATE tr_usage_daily SET failed = 5 WHERE day = '2025-12-31'")

    told = verified(client)

    assert (told["ok"], told["count"]) == (False, 1)
    assert told["differences"] == [
        {
            "table": "tr_usage_daily",
            "subject": "2025-12-31 key key_alice user ann team chemistry model acme/small",
            "field": "failed",
            "kept": 5,
            "counted": 0,
        }
    ]


def test_nobody_looks_further_back_than_a_week_unless_asked(client: TestClient, installation: Installation) -> None:
    change(installation, "UPDATE tr_usage_daily SET failed = 5 WHERE day < '2025-12-01'")

    assert (verified(client)["count"], verified(client)["rows"]) == (0, 2)
    assert verified(client, **{"from": "2025-01-01"})["count"] == 1


def test_when_time_is_up_the_answer_says_so(client: TestClient) -> None:
    told = verified(client, seconds=1e-9)

    assert (told["ok"], told["complete"]) == (False, False)


def test_differences_beyond_a_hundred_are_counted(client: TestClient, installation: Installation) -> None:
    many = [replace(priced(f"x{number}"), model=f"m{number}") for number in range(150)]
    record(installation.store, [Row(row) for row in many], {})
    change(installation, "UPDATE tr_usage_daily SET failed = 5 WHERE model LIKE 'm%'")

    told = verified(client)

    assert (told["count"], len(told["differences"])) == (150, 100)
