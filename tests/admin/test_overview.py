from fastapi.testclient import TestClient

from tests.admin.installation import MASTER
from tokenrouter import __version__


def test_the_version_is_told_to_key_makers(client: TestClient) -> None:
    told = client.get("/api/v1/version", headers=MASTER).json()

    assert told == {"version": __version__, "address": "http://127.0.0.1:8080", "catalog_version": 7, "workers": 0}
