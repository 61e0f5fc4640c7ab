import csv
import io
import re

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ALICE, MASTER, ROOT, Installation, bearer
from tokenrouter.domain.roster import MAX_ROSTER_BYTES
from tokenrouter.store.keys import list_keys
from tokenrouter.store.users import list_users

ROSTER = "/api/v1/roster"
LIST = "Name;E-Mail;Class;Tokens\nZoë Bell;zoe@b.example;7b;1.000\n=Ben;;7b;\n"


def post(client: TestClient, body: str | bytes = LIST, headers: dict[str, str] = ROOT, **query: str) -> Response:
    content = body if isinstance(body, bytes) else body.encode()
    return client.post(ROSTER, content=content, headers={**headers, "content-type": "text/csv"}, params=query)


def test_a_list_becomes_people_with_keys_that_work(client: TestClient, installation: Installation) -> None:
    answer = post(client)

    assert answer.status_code == 200
    told = answer.json()
    assert (told["new_teams"], told["gone"], told["dry_run"]) == (["7b"], [], False)
    zoe = told["people"][0]
    key = zoe.pop("key")
    assert zoe == {
        "line": 2,
        "name": "Zoë Bell",
        "email": "zoe@b.example",
        "team": "7b",
        "changes": ["is new", "gets a key", "may use 1,000 tokens"],
        "quota_tokens": 1000,
    }
    assert client.get("/v1/usage/7b", headers=bearer(key)).status_code == 200
    assert installation.told_of_changes == 1
    assert [person["key"] for person in post(client).json()["people"]] == [None, None]


def test_a_dry_run_changes_nothing(client: TestClient, installation: Installation) -> None:
    told = post(client, dry_run="true").json()

    assert told["dry_run"]
    assert [person["changes"][0] for person in told["people"]] == ["is new", "is new"]
    assert not list_users(installation.store)
    assert installation.told_of_changes == 0


def test_each_mistake_is_named_and_nothing_is_changed(client: TestClient, installation: Installation) -> None:
    answer = post(client, LIST + ";x;;\nDan;;;lots\n")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert [error["field"] for error in answer.json()["errors"]] == ["line 4, Name", "line 4, E-Mail", "line 5, Tokens"]
    assert not list_keys(installation.store)


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_keys_are_handed_out_as_slips(client: TestClient, paper: str) -> None:
    answer = post(client, format="slips", paper=paper)

    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert re.match(r"default-src 'none'; style-src 'sha256-", answer.headers["content-security-policy"])
    assert answer.text.count("<article") == 2
    assert "http://127.0.0.1:8080/v1" in answer.text
    assert "acme/small" in answer.text


def test_keys_are_handed_out_as_a_table(client: TestClient) -> None:
    answer = post(client, format="csv")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["name"] for row in rows] == ["Zoë Bell", "'=Ben"]
    assert rows[0]["key"].startswith("tr_")
    assert "attachment" in answer.headers["content-disposition"]


def test_who_is_gone_is_switched_off_where_that_is_asked_for(client: TestClient) -> None:
    key = post(client).json()["people"][1]["key"]
    rest = LIST.replace("=Ben;;7b;\n", "")

    assert post(client, rest).json()["gone"] == ["=Ben"]
    assert post(client, rest, disable_gone="true").json()["disabled"] == ["=Ben"]
    assert client.get("/v1/usage/7b", headers=bearer(key)).status_code in (401, 403)


@pytest.mark.parametrize("headers", [{}, MASTER, ALICE])
def test_only_administrators_import(client: TestClient, headers: dict[str, str]) -> None:
    assert post(client, headers=headers).status_code in (401, 403)


def test_lists_are_bounded_and_words_that_nobody_knows_refused(client: TestClient) -> None:
    assert post(client, b"x" * (MAX_ROSTER_BYTES + 1)).status_code == 413
    assert post(client, format="pdf").status_code == 422
    assert post(client, b"").json()["errors"][0]["field"] == "line 1"
