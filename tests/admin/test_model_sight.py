from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import PEPPER, ROOT, Installation
from tests.admin.people import enter, person
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.people import Membership
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.teams import create_team, put_member

PATH = "/api/v1/models"
BETA = Provider("beta", "openai-compatible", "http://127.0.0.1:9001/v1", models=("large", "huge"))
OFF = Provider("off", "openai-compatible", "http://127.0.0.1:9002/v1", models=("gone",), enabled=False)
BIG = Alias("big", (Target("beta/large"),), origin="torod.toml:40")


@pytest.fixture(autouse=True)
def declared(installation: Installation) -> None:
    (acme,) = installation.settings.providers
    beta = replace(BETA, allowed_models=("large",))
    installation.declare(providers=(replace(acme, models=("small", "tiny")), beta, OFF), aliases=(BIG,))


def key(installation: Installation, name: str, **more: object) -> dict[str, str]:
    request = KeyRequest(name, **more)  # type: ignore[arg-type]
    made = create_key(installation.store, request, pepper=PEPPER, now_s=installation.now_s)
    return {"authorization": f"Bearer {made.key}"}


def seen(client: TestClient, headers: dict[str, str] | None = None) -> list[str]:
    answer = client.get(PATH, headers=headers or {})
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


def test_an_admin_sees_all_with_what_is_off_or_not_offered(client: TestClient) -> None:
    rows = {row["id"]: row["offered"] for row in client.get(PATH, headers=ROOT).json()["data"]}

    assert rows == {
        "acme/small": True,
        "acme/tiny": True,
        "beta/huge": False,
        "beta/large": True,
        "off/gone": False,
    }


@pytest.mark.parametrize(
    ("allowed", "models"),
    [
        ((), ["acme/small", "acme/tiny", "beta/large"]),
        (("acme/*",), ["acme/small", "acme/tiny"]),
        (("big",), ["beta/large"]),
        (("beta/huge",), []),
    ],
    ids=["everything", "by name", "by an alias", "what the provider does not offer"],
)
def test_a_key_sees_what_it_may_use(
    client: TestClient, installation: Installation, allowed: tuple[str, ...], models: list[str]
) -> None:
    assert seen(client, key(installation, "one", allowed_models=allowed)) == models


def test_a_person_sees_what_any_of_their_keys_may_use(client: TestClient, installation: Installation) -> None:
    person(installation, "eve")
    key(installation, "one", user="eve", allowed_models=("acme/small",))
    key(installation, "two", user="eve", allowed_models=("big",))
    key(installation, "old", user="eve", expires_at_s=installation.now_s + 1)
    installation.now_s += 2
    enter(client, "eve")

    assert seen(client) == ["acme/small", "beta/large"]


def test_who_has_no_key_yet_sees_what_their_team_may_use(client: TestClient, installation: Installation) -> None:
    person(installation, "eve")
    create_team(installation.store, "art", allowed_models=("acme/tiny",), now_s=1.0)
    put_member(installation.store, Membership("art", "eve"))
    enter(client, "eve")

    assert seen(client) == ["acme/tiny"]


def test_who_administers_a_team_sees_what_its_keys_may_use(client: TestClient, installation: Installation) -> None:
    person(installation, "eve")
    create_team(installation.store, "art", now_s=1.0)
    put_member(installation.store, Membership("art", "eve", admin=True))
    key(installation, "pupil", team="art", allowed_models=("acme/small",))
    enter(client, "eve")

    assert seen(client) == ["acme/small"]


def test_aliases_of_others_are_not_told(client: TestClient, installation: Installation) -> None:
    own = replace(BIG, name="theirs", scope="user:ann")
    installation.declare(aliases=(BIG, own))
    person(installation, "eve")
    enter(client, "eve")

    (large,) = (row for row in client.get(PATH).json()["data"] if row["id"] == "beta/large")

    assert large["aliases"] == [{"name": "big", "scope": "global"}]
