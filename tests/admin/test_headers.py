import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT


@pytest.mark.parametrize("path", ["/", "/admin", "/admin/setup", "/api/v1/keys", "/nothing", "/docs", "/openapi.json"])
def test_every_answer_is_guarded(client: TestClient, path: str) -> None:
    headers = client.get(path, headers=ROOT).headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_a_route_may_set_its_own(client: TestClient) -> None:
    assert client.get("/admin/style.css").headers["cache-control"] == "max-age=3600"
