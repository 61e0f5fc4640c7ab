from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, PROVIDER_SECRET, ROOT, Installation
from tokenrouter.jobs.provider_status import CoolingTarget, ProviderStatus

ROW = ProviderStatus(
    "acme",
    "openai-compatible",
    "file",
    "offline",
    "it is away",
    model_count=3,
    listed_at_s=1_700_000_000.0,
    checked_at_s=1_800_000_000.0,
    next_check_s=1_800_000_030.0,
    left=0.25,
    cooling=[CoolingTarget("small", "provider_timeout", 1_800_000_010.0)],
)


def test_how_a_provider_is_is_told_with_how_fresh_that_is(client: TestClient, installation: Installation) -> None:
    installation.provider_statuses = (ROW, ProviderStatus("beta", "groq", "environment", "online", response_ms=12.5))

    told = client.get("/api/v1/providers/status", headers=ROOT)

    assert told.json()["online"] == 1
    assert told.json()["data"][0] == {
        "name": "acme",
        "kind": "openai-compatible",
        "origin": "file",
        "status": "offline",
        "problem": "it is away",
        "response_ms": None,
        "models": ["small"],
        "model_count": 3,
        "listed_at": "2023-11-14T22:13:20Z",
        "checked_at": "2027-01-15T08:00:00Z",
        "next_check_at": "2027-01-15T08:00:30Z",
        "quota_left": 0.25,
        "cooling": [{"model": "small", "reason": "provider_timeout", "until": "2027-01-15T08:00:10Z"}],
    }
    assert told.json()["data"][1]["response_ms"] == 12.5
    assert PROVIDER_SECRET not in told.text


def test_only_administrators_are_told(client: TestClient) -> None:
    assert client.get("/api/v1/providers/status", headers=ALICE).status_code == 403
    assert client.get("/api/v1/providers/status").status_code == 401
