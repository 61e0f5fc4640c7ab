"""Raw requests to what the gateway does not know: vector stores, of two teams at one account."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.conftest import StartGateway
from tests.e2e.test_files_and_media import CHEMISTRY, PHYSICS, TEAMS
from tokenrouter.testing.processes import GatewayProcess, Home

pytestmark = pytest.mark.e2e

PATHS = '["POST /v1/vector_stores", "GET /v1/vector_stores", "* /v1/vector_stores/*"]'


@pytest.fixture
def running(gateway: StartGateway, home: Home, sandbox_config: str) -> GatewayProcess:
    granted = TEAMS.replace('role = "inferrer"', 'role = "inferrer"\npassthrough = true', 1)
    return gateway(f"{sandbox_config}passthrough_paths = {PATHS}\n{granted}", home=home)


def ask(running: GatewayProcess, method: str, path: str, body: Any = None, *, key: str = PHYSICS) -> tuple[int, Any]:
    base = running.base_url.removesuffix("/v1")
    request = urllib.request.Request(
        f"{base}/passthrough/sandbox{path}",
        None if body is None else json.dumps(body).encode(),
        {"authorization": f"Bearer {key}", "content-type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_vector_store_is_made_read_listed_and_deleted(running: GatewayProcess) -> None:
    status, made = ask(running, "POST", "/v1/vector_stores", {"name": "notes"})
    assert (status, made["object"]) == (200, "vector_store")

    assert ask(running, "GET", f"/v1/vector_stores/{made['id']}")[1]["name"] == "notes"
    listed = ask(running, "GET", "/v1/vector_stores")[1]["data"]
    assert [item["id"] for item in listed] == [made["id"]]
    assert ask(running, "DELETE", f"/vector_stores/{made['id']}")[1]["deleted"]


def test_what_is_not_granted_not_listed_or_not_ones_own_is_refused(running: GatewayProcess) -> None:
    stranger = "vs_" + "0123456789abcdef" * 2

    assert ask(running, "GET", "/v1/vector_stores", key=CHEMISTRY)[0] == 403
    assert ask(running, "GET", "/v1/models")[0] == 403
    assert ask(running, "GET", f"/v1/vector_stores/{stranger}")[0] == 404
    assert ask(running, "GET", "/v1/vector_stores/..%2fmodels")[0] == 400
    assert ask(running, "GET", "/v1/vector_stores", key="tr_not-a-key-of-this-gateway")[0] == 401
