from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ROOT, Installation
from tests.admin.people import PASSWORD, enter, person
from tokenrouter.config.settings import SignUpSettings
from tokenrouter.store.limits import list_limits
from tokenrouter.store.sign_in_waits import BY_ADDRESS

PATH = "/api/v1/sign-up"


def open_to(installation: Installation, **allowed: Any) -> None:
    installation.declare(sign_up=SignUpSettings(enabled=True, **allowed))


def sign_up(client: TestClient, name: str = "ann", code: str | None = None, **headers: str) -> Response:
    body = {"email": f"{name}@example.org", "password": PASSWORD, "access_code": code}
    return client.post(PATH, json=body, headers=headers)


def make_code(client: TestClient, **fields: Any) -> str:
    code: str = client.post("/api/v1/access-codes", json=fields, headers=ROOT).json()["code"]
    return code


def test_as_it_is_shipped_nobody_signs_up(client: TestClient) -> None:
    assert sign_up(client).json()["code"] == "sign_up_off"


def test_a_code_makes_an_account_in_its_team_with_its_quota(client: TestClient, installation: Installation) -> None:
    open_to(installation)
    code = make_code(client, team="physics", quota_tokens=5000, max_uses=1)

    made = sign_up(client, code=code)

    assert made.json() == {"name": "ann@example.org", "email": "ann@example.org", "team": "physics"}
    told = enter(client, "ann")
    assert (told["role"], told["teams"], told["administers"]) == ("member", ["physics"], [])
    assert [(one.limit.scope, one.limit.amount) for one in list_limits(installation.store)] == [
        ("user:ann@example.org", 5000)
    ]
    assert sign_up(client, "bob", code).status_code == 409, "the code was for one"


def test_an_e_mail_domain_may_be_enough(client: TestClient, installation: Installation) -> None:
    open_to(installation, by_code=False, email_domains=("example.org",))

    assert sign_up(client).status_code == 201
    elsewhere = client.post(PATH, json={"email": "ann@elsewhere.example", "password": PASSWORD})
    assert elsewhere.json()["code"] == "sign_up_refused"


def test_a_taken_address_a_wrong_code_and_a_wrong_domain_are_one_answer(
    client: TestClient, installation: Installation
) -> None:
    open_to(installation, email_domains=("example.org",))
    person(installation, "ann")
    code = make_code(client)

    answers = [
        sign_up(client, "ann", code),
        sign_up(client, "bob", "not the code"),
        sign_up(client, "bob"),
        client.post(PATH, json={"email": "b@elsewhere.example", "password": PASSWORD, "access_code": code}),
    ]

    assert {(one.status_code, one.text) for one in answers} == {(409, answers[0].text)}
    assert client.get("/api/v1/access-codes", headers=ROOT).json()["data"][0]["uses"] == 0


@pytest.mark.parametrize("change", [{"enabled": False}, None])
def test_a_code_that_was_switched_off_or_has_ended_is_none(
    client: TestClient, installation: Installation, change: dict[str, bool] | None
) -> None:
    open_to(installation)
    code = make_code(client, expires_at="2100-01-01T00:00:00Z")
    if change is None:
        installation.now_s = 4_200_000_000.0
    else:
        row = client.get("/api/v1/access-codes", headers=ROOT).json()["data"][0]
        client.patch(f"/api/v1/access-codes/{row['id']}", json=change, headers=ROOT)

    assert sign_up(client, code=code).status_code == 409


def test_a_name_that_is_charged_already_is_nobody_s_to_take(client: TestClient, installation: Installation) -> None:
    open_to(installation, by_code=False)
    client.post("/api/v1/keys", json={"name": "old", "user": "ann@example.org"}, headers=ROOT)

    assert sign_up(client).json()["code"] == "sign_up_refused"


def test_who_tries_codes_has_to_wait(client: TestClient, installation: Installation) -> None:
    open_to(installation)

    answers = [sign_up(client, code=f"guess {number}").status_code for number in range(BY_ADDRESS.free + 1)]

    assert answers == [409] * BY_ADDRESS.free + [429]
    assert sign_up(client, code="guess", **{"x-forwarded-for": "192.0.2.77"}).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"email": "no address", "password": PASSWORD},
        {"email": "ann@example.org", "password": "short"},
        {"email": "ann@example.org"},
        {"email": "ann@example.org", "password": PASSWORD, "role": "owner"},
    ],
)
def test_what_cannot_be_used_is_told(client: TestClient, installation: Installation, body: dict[str, str]) -> None:
    open_to(installation, by_code=False)

    assert client.post(PATH, json=body).status_code == 422
