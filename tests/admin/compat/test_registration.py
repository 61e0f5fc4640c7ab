from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import PEPPER, ROOT, Installation, bearer
from tokenrouter.config.settings import RegistrationSettings, SignUpSettings
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.keys import KeyRequest, create_key, list_keys
from tokenrouter.store.limits import list_limits
from tokenrouter.store.sign_in_waits import BY_ADDRESS
from tokenrouter.store.users import find_user, list_users

CODE = "spring-2026"


@pytest.fixture(autouse=True)
def _open(installation: Installation) -> None:
    opened(installation)


def opened(installation: Installation, **changes: object) -> None:
    usual = RegistrationSettings(access_codes=("autumn-2025", CODE), email_domains=("b.example",), quota_tokens=1000)
    registration = replace(usual, **changes)  # type: ignore[arg-type]
    installation.declare(registration=registration, public_url="https://ai.example/v1")


def register(client: TestClient, **changes: object) -> Response:
    wanted = {"username": "anna_bell", "email": "Anna@b.example", "access_code": CODE, **changes}
    return client.post("/register", json=wanted)


def test_who_has_a_code_gets_a_key_and_a_quota(client: TestClient, installation: Installation) -> None:
    answer = register(client)

    assert answer.status_code == 201
    told = answer.json()
    assert list(told) == [
        "message",
        "username",
        "email",
        "api_key",
        "api_base_url",
        "quota_tokens",
        "warning",
        "usage_example",
    ]
    assert (told["email"], told["api_base_url"], told["quota_tokens"]) == (
        "anna@b.example",
        "https://ai.example/v1",
        1000,
    )
    usage = client.get("/v1/usage/anna_bell", headers=bearer(told["api_key"]))
    assert (usage.json()["quota_tokens"], usage.json()["max_requests_per_minute"]) == (1000, 60)
    assert find_user(installation.store, "anna@b.example").name == "anna_bell"
    assert {one.limit.scope for one in list_limits(installation.store)} == {"team:anna_bell"}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"access_code": "guess-2026"}, 401),
        ({"access_code": ""}, 401),
        ({"email": "anna@elsewhere.example"}, 403),
        ({"email": "anna@b.example.evil.example"}, 403),
        ({"email": "no address"}, 400),
        ({"username": "physics"}, 400),
        ({"username": "four"}, 422),
        ({"username": "x" * 51}, 422),
        ({"username": "<b>anna</b>"}, 422),
        ({"username": None}, 422),
    ],
)
def test_who_may_not_is_told_in_its_shape_and_nothing_is_left(
    client: TestClient, installation: Installation, changes: dict[str, object], status: int
) -> None:
    refused = register(client, **changes)

    assert refused.status_code == status
    assert set(refused.json()) == {"detail"}
    assert not list_users(installation.store)


def test_a_name_that_a_key_or_a_limit_only_mentions_is_taken_as_well(
    client: TestClient, installation: Installation
) -> None:
    create_key(installation.store, KeyRequest("other", team="chemistry", user="mrs_fox"), pepper=PEPPER, now_s=1.0)

    assert [register(client, username=name).status_code for name in ("chemistry", "mrs_fox", "other")] == [400] * 3


def test_names_and_addresses_are_taken_once(client: TestClient) -> None:
    register(client)

    again = [register(client, email="other@b.example"), register(client, username="other_name")]

    assert [answer.status_code for answer in again] == [400, 400]


@pytest.mark.parametrize("changes", [{"enabled": False}, {"access_codes": ()}])
def test_without_codes_or_where_it_is_switched_off_nobody_registers(
    client: TestClient, installation: Installation, changes: dict[str, object]
) -> None:
    opened(installation, **changes)

    assert register(client).json() == {"detail": "Registration is disabled"}
    assert register(client, access_code="").status_code == 403
    assert "closed" in client.get("/register").text


def make_code(client: TestClient, **fields: object) -> str:
    code: str = client.post("/api/v1/access-codes", json=fields, headers=ROOT).json()["code"]
    return code


def test_an_access_code_of_the_database_gives_its_team_its_quota_and_its_models(
    client: TestClient, installation: Installation
) -> None:
    code = make_code(client, team="physics", quota_tokens=5000, allowed_models=["lab/*"], max_uses=1)

    made = register(client, access_code=code).json()

    assert made["quota_tokens"] == 5000
    (key,) = list_keys(installation.store)
    assert (key.team, key.user, key.allowed_models) == ("physics", "anna_bell", ("lab/*",))
    assert {(one.limit.scope, one.limit.metric, one.limit.amount) for one in list_limits(installation.store)} == {
        ("user:anna_bell", "tokens", 5000),
        ("user:anna_bell", "requests", 60),
    }
    assert register(client, username="bob_stone", email="b@b.example", access_code=code).status_code == 401


def test_a_code_without_a_team_makes_one_as_those_of_the_environment_do(
    client: TestClient, installation: Installation
) -> None:
    register(client, access_code=make_code(client, allowed_models=["lab/*"]))

    (key,) = list_keys(installation.store)
    assert (key.team, key.allowed_models) == ("anna_bell", ("lab/*",))


def test_who_is_refused_uses_no_code_up(client: TestClient) -> None:
    code = make_code(client, max_uses=1)

    statuses = [register(client, access_code=code, username=name).status_code for name in ("physics", "anna_bell")]

    assert statuses == [400, 201]


def test_codes_of_the_database_open_registration_where_they_open_signing_up(
    client: TestClient, installation: Installation
) -> None:
    code = make_code(client)
    opened(installation, access_codes=())
    assert register(client, access_code=code).status_code == 403

    installation.declare(sign_up=SignUpSettings(enabled=True))
    assert register(client, access_code=code).status_code == 201


def test_who_guesses_has_to_wait(client: TestClient) -> None:
    client.headers["x-forwarded-for"] = "192.0.2.7"

    statuses = [register(client, access_code=f"guess-{number}").status_code for number in range(BY_ADDRESS.free + 1)]

    assert (statuses[0], statuses[-1]) == (401, 429)
    assert register(client).headers["retry-after"]


def test_the_page_registers_without_a_script_and_escapes_what_it_shows_again(client: TestClient) -> None:
    hostile = '"><script>alert(1)</script>'

    page = client.get("/register")
    refused = client.post("/register/form", data={"username": hostile, "email": hostile, "access_code": CODE})
    wrong = client.post("/register/form", data={"username": "anna_bell", "email": hostile, "access_code": "x"})
    made = client.post("/register/form", data={"username": "anna_bell", "email": "anna@b.example", "access_code": CODE})

    assert '<form method="post" action="/register/form"' in page.text
    assert (refused.status_code, wrong.status_code, made.status_code) == (422, 401, 201)
    assert "<script" not in refused.text + wrong.text
    assert "shown only this once" in made.text


def test_a_form_of_another_site_registers_nobody(client: TestClient) -> None:
    sent = client.post("/register/form", headers={"sec-fetch-site": "cross-site"}, data={"username": "anna_bell"})

    assert sent.status_code == 403


def test_who_registered_is_in_the_audit_log_and_neither_code_nor_key_is(
    client: TestClient, installation: Installation
) -> None:
    key = register(client).json()["api_key"]

    entries = audit_page(installation.store, AuditFilter(), limit=50)
    assert {entry.action for entry in entries} >= {"user.create", "team.create", "key.create"}
    assert {entry.actor.name for entry in entries} == {"/register: anna_bell"}
    assert key not in str(entries)
    assert CODE not in str(entries)
