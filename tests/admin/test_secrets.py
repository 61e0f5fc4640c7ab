from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tokenrouter.store.secrets import keep_secrets


def test_secrets_are_listed_without_what_they_are(client: TestClient, installation: Installation) -> None:
    with installation.store.write() as connection:
        keep_secrets(connection, installation.ring, "provider", "acme", {"api_key": "sk-hidden-0123"}, now_s=1.0)

    answer = client.get("/api/v1/secrets", headers=ROOT)

    assert answer.json() == {
        "key_id": installation.ring.ids[0],
        "unreadable": 0,
        "data": [
            {
                "kind": "provider",
                "id": "acme",
                "field": "api_key",
                "hint": "…0123",
                "key_id": installation.ring.ids[0],
                "status": "ok",
                "problem": "",
                "created_at": "1970-01-01T00:00:01Z",
                "rotated_at": None,
            }
        ],
    }
