from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, ROOT, Installation
from tests.admin.people import enter, person
from tokenrouter.store.users import UserChanges, update_user

ANN = "/api/v1/users/ann"


def test_an_invitation_is_for_somebody_without_a_password(client: TestClient, installation: Installation) -> None:
    person(installation, "ann", password="")

    made = client.post(f"{ANN}/invitation", headers={**ROOT, "x-forwarded-proto": "https"})

    assert made.status_code == 201
    assert made.json()["url"] == f"https://gateway.test{made.json()['path']}"
    assert client.get(made.json()["path"]).status_code == 200


def test_who_has_a_password_is_not_invited_but_gets_a_link(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")

    assert client.post(f"{ANN}/invitation", headers=ROOT).json()["code"] == "has_password"
    link = client.post(f"{ANN}/password-link", headers=ROOT).json()
    assert link["path"].partition("token=")[2] not in client.get("/api/v1/audit", headers=ROOT).text


def test_somebody_can_be_signed_out_everywhere(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")
    enter(client, "ann")

    assert [one["way"] for one in client.get(f"{ANN}/sessions", headers=ROOT).json()["data"]] == ["password"]
    assert client.delete(f"{ANN}/sessions", headers=ROOT).json() == {"ended": 1}
    assert client.get("/api/v1/session").status_code == 401


def test_an_admin_gets_no_way_into_an_owner_s_account(client: TestClient, installation: Installation) -> None:
    person(installation, "ann", "owner")
    person(installation, "bob", "owner")

    for method, path in (
        ("POST", "invitation"),
        ("POST", "password-link"),
        ("GET", "sessions"),
        ("DELETE", "sessions"),
    ):
        assert client.request(method, f"{ANN}/{path}", headers=ROOT).status_code == 403
    enter(client, "bob")
    assert client.post(f"{ANN}/password-link").status_code == 201


def test_nobody_else_makes_links(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")

    assert client.post(f"{ANN}/password-link", headers=ALICE).status_code == 403
    assert client.post("/api/v1/users/nobody/password-link", headers=ROOT).json()["code"] == "user_not_found"


def test_a_link_for_somebody_who_is_disabled_is_not_made(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")
    update_user(installation.store, "ann", UserChanges(enabled=False))

    assert client.post(f"{ANN}/password-link", headers=ROOT).json()["code"] == "user_disabled"
