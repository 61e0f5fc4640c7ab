"""What the admin API tells of providers' quotas."""

from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, MASTER, ROOT, Installation
from tokenrouter.domain.quotas import QuotaSnapshot, measured

NOW_S = 1_795_600_000.0
DAY = measured(
    "requests_1d",
    "requests",
    "requests",
    now_s=NOW_S,
    window="1d",
    limit=1000,
    remaining=40,
    reset_at_s=NOW_S + 3600,
)
MINUTE = measured("tokens_1m", "tokens", "tokens", now_s=NOW_S, window="1m", limit=100, remaining=90)
FAST = QuotaSnapshot("fast", "groq", "Groq", "headers", "ok", "free", checked_at_s=NOW_S, metrics=(DAY, MINUTE))
BROKEN = QuotaSnapshot("credit", "openrouter", "OpenRouter", "openrouter_key", "error", error="it refuses the key")


def test_a_snapshot_has_the_words_of_the_predecessor(client: TestClient, installation: Installation) -> None:
    installation.state.quotas = lambda: [FAST, BROKEN]

    fast, broken = client.get("/api/v1/providers/quota", headers=ROOT).json()["data"]

    metrics = fast.pop("metrics")
    assert fast == {
        "provider": "fast",
        "kind": "groq",
        "display_name": "Groq",
        "reader": "headers",
        "plan_type": "free",
        "left_percent": 4.0,
        "reset_at": "2026-11-25T10:46:40Z",
        "checked_at": "2026-11-25T09:46:40Z",
        "status": "ok",
        "error": "",
        "needs_attention": False,
    }
    assert metrics[0] == {
        "key": "requests_1d",
        "metered_feature": "requests",
        "window": "1d",
        "window_seconds": 86_400,
        "left_percent": 4.0,
        "used_value": 960.0,
        "remaining_value": 40.0,
        "limit_value": 1000.0,
        "unit": "requests",
        "reset_at": "2026-11-25T10:46:40Z",
    }
    assert (broken["status"], broken["error"], broken["needs_attention"]) == ("error", "it refuses the key", True)
    assert (broken["checked_at"], broken["left_percent"], broken["metrics"]) == (None, None, [])


def test_everybody_can_be_asked_now(client: TestClient, installation: Installation) -> None:
    asked = []

    async def ask() -> None:
        asked.append(True)

    installation.state.ask_quotas = ask

    assert client.post("/api/v1/providers/quota/refresh", headers=ROOT).json() == {"data": []}
    assert asked == [True]


def test_only_admins_see_them(client: TestClient) -> None:
    for key in (ALICE, MASTER):
        assert client.get("/api/v1/providers/quota", headers=key).status_code == 403
        assert client.post("/api/v1/providers/quota/refresh", headers=key).status_code == 403
