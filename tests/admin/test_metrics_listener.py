from fastapi.testclient import TestClient

from tests.admin.installation import Installation
from tokenrouter.admin.metrics_listener import create_metrics_app


def test_metrics_are_served_without_a_key_and_nothing_else_is(installation: Installation) -> None:
    with TestClient(create_metrics_app(installation.state)) as client:
        assert "tokenrouter_build_info" in client.get("/metrics").text
        assert client.post("/metrics").status_code == 405
        assert client.get("/api/v1/keys").status_code == 404
