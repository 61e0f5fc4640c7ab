from fastapi.testclient import TestClient

from tests.admin.installation import ADMIN_PASSWORD, ROOT, Installation
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.sign_in_waits import BY_ACCOUNT

PASSWORD = {"X-Admin-Password": ADMIN_PASSWORD}


def test_what_is_done_by_the_password_is_audited_as_that(client: TestClient, installation: Installation) -> None:
    client.post("/admin/gen_key", headers={**PASSWORD, "x-forwarded-for": "192.0.2.7"}, json={"username": "bob"})

    (entry,) = audit_page(installation.store, AuditFilter(action="key.create"), limit=5)
    assert (entry.actor.kind, entry.actor.address) == ("password", "192.0.2.7")
    assert ADMIN_PASSWORD not in str(entry)


def test_a_wrong_password_is_told_even_beside_a_good_key(client: TestClient) -> None:
    assert client.get("/admin/list_users", headers={**ROOT, "X-Admin-Password": "guess"}).status_code == 401


def test_guesses_count_together_with_those_at_the_sign_in_page(client: TestClient) -> None:
    for _ in range(BY_ACCOUNT.free):
        client.post("/admin/login", data={"secret": "guess"})

    refused = client.get("/admin/list_users", headers=PASSWORD)

    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert client.get("/admin/list_users", headers=ROOT).status_code == 200


def test_a_password_of_any_bytes_is_merely_wrong(client: TestClient) -> None:
    headers = [(b"x-admin-password", b"\xff\xfe")]

    assert client.get("/admin/list_users", headers=headers).status_code == 401
    assert client.get("/admin/list_users", headers={"X-Admin-Password": "x" * 1001}).status_code == 422
