import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ADMIN_PASSWORD, ALICE, MASTER, METRICS_TOKEN, PEPPER, ROOT, Installation, bearer
from tests.store.entries import entry
from tokenrouter.admin.sessions import Visitor
from tokenrouter.admin.signing_in import sign_in_with_secret
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.sessions import csrf_token

ADMIN_ONLY = ["/api/v1/audit/verify", "/api/v1/audit", "/api/v1/providers", "/metrics"]


@pytest.mark.parametrize("path", [*ADMIN_ONLY, "/api/v1/keys", "/api/v1/limits", "/api/v1/version"])
def test_nothing_is_told_without_a_key(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 401
    assert answer.json()["code"] == "missing_api_key"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ADMIN_ONLY)
def test_admins_may_read_everything_and_others_may_not(client: TestClient, path: str) -> None:
    statuses = [client.get(path, headers=headers).status_code for headers in (ROOT, MASTER, ALICE)]

    assert statuses == [200, 403, 403]


@pytest.mark.parametrize("sent", ["Bearer wrong-key-0123456789", "Basic cm9vdDpyb290", "Bearer", "Bearer \xe9"])
def test_what_is_no_key_of_ours_is_refused(client: TestClient, sent: str) -> None:
    answer = client.get("/api/v1/version", headers=[(b"authorization", sent.encode("latin-1"))])

    assert answer.status_code == 401


def test_a_key_ends_when_its_time_has_come(client: TestClient, installation: Installation) -> None:
    request = KeyRequest(name="brief", role="admin", expires_at_s=installation.now_s + 10)
    key = create_key(installation.store, request, pepper=PEPPER, now_s=installation.now_s).key
    assert client.get("/api/v1/version", headers=bearer(key)).status_code == 200

    installation.now_s += 10

    assert client.get("/api/v1/version", headers=bearer(key)).json()["code"] == "expired_api_key"


def test_the_metrics_token_reads_metrics_and_nothing_else(client: TestClient) -> None:
    assert client.get("/metrics", headers=bearer(METRICS_TOKEN)).status_code == 200
    assert client.get("/api/v1/version", headers=bearer(METRICS_TOKEN)).status_code == 401


@pytest.mark.parametrize("path", ["/api/v1/usage?by=user", "/api/v1/ledger"])
def test_a_key_below_an_admins_sees_its_own_use_and_that_of_keys_below_it(
    client: TestClient, installation: Installation, path: str
) -> None:
    rows = [entry("1", key_id="key_alice", user="ann"), entry("2", key_id="root", user="root")]
    record(installation.store, [Row(row) for row in rows], {})

    alice, master, root = (client.get(path, headers=who).json() for who in (ALICE, MASTER, ROOT))

    counts = [len(told.get("groups", told.get("data"))) for told in (alice, master, root)]
    assert counts == [1, 0, 2]


def test_a_session_needs_its_token_for_whatever_changes_something(
    client: TestClient, installation: Installation
) -> None:
    cookie = sign_in_with_secret(installation.state, Visitor("192.0.2.1"), ADMIN_PASSWORD)
    headers = {"cookie": f"tokenrouter_session={cookie}"}

    assert client.get("/api/v1/keys", headers=headers).status_code == 200
    refused = client.post("/api/v1/keys", headers=headers, json={"name": "bob"})
    made = client.post("/api/v1/keys", headers={**headers, "x-csrf-token": csrf_token(cookie)}, json={"name": "bob"})

    assert (refused.status_code, refused.json()["code"], made.status_code) == (403, "csrf", 201)
