import re

import pytest
from fastapi.testclient import TestClient

from tokenrouter.edge import paths


def linked(text: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]+)"', text)


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")

    assert len(linked(page.text)) == 4
    assert "//" not in page.text
    assert "unsafe-inline" not in re.findall(r"script-src[^;]*", page.headers["content-security-policy"])[0]


def test_everything_it_loads_is_there_and_relayed_by_the_edge(client: TestClient) -> None:
    for path in ["/docs", "/openapi.json", *linked(client.get("/docs").text)]:
        assert client.get(path).status_code == 200, path
        assert paths.is_control(path.encode()), path


def test_the_document_describes_both_processes(client: TestClient) -> None:
    document = client.get("/openapi.json").json()

    assert {"/v1/chat/completions", "/v1/usage", "/api/v1/keys", "/metrics"} <= document["paths"].keys()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert not [path for path in document["paths"] if path.startswith(("/internal", "/admin"))]


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect"])
def test_there_is_no_second_documentation(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
