"""What the rail of the UI is told: how much there is to look at, and nothing to those who may not."""

from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, ROOT, Installation
from tokenrouter.domain.quotas import QuotaMetric, QuotaSnapshot, measured
from tokenrouter.jobs.provider_status import ProviderStatus

NOW_S = 1_795_600_000.0
DAY_S = 86_400.0
ROWS = (
    ProviderStatus("away", "groq", "file", "offline", "it is away"),
    ProviderStatus("refused", "groq", "file", "auth problem"),
    ProviderStatus("unusable", "groq", "file", "unknown", "its settings cannot be used"),
    ProviderStatus("new", "groq", "file", "unknown"),
    ProviderStatus("off", "groq", "file", "disabled"),
    ProviderStatus("well", "groq", "file", "online"),
)


def snapshot(provider: str, *metrics: QuotaMetric) -> QuotaSnapshot:
    return QuotaSnapshot(provider, "groq", "Groq", "headers", "ok", metrics=metrics)


def metric(window: str, left: float) -> QuotaMetric:
    return measured(
        f"requests_{window}",
        "requests",
        "requests",
        now_s=NOW_S,
        window=window,
        limit=100,
        remaining=left,
        reset_at_s=NOW_S + DAY_S,
    )


def test_providers_that_cannot_be_asked_are_counted(client: TestClient, installation: Installation) -> None:
    installation.provider_statuses = ROWS

    assert client.get("/api/v1/attention", headers=ROOT).json() == {"providers": 3, "quota": 0}


def test_quotas_near_their_end_are_counted_but_not_those_of_a_minute(
    client: TestClient, installation: Installation
) -> None:
    installation.state.quotas = lambda: [
        snapshot("low", metric("1d", 10)),
        QuotaSnapshot("broken", "groq", "Groq", "headers", "error", error="it refuses the key"),
        snapshot("fine", metric("1d", 11)),
        snapshot("each minute", metric("1m", 5)),
    ]

    assert client.get("/api/v1/attention", headers=ROOT).json() == {"providers": 0, "quota": 2}


def test_only_who_sees_providers_is_told(client: TestClient) -> None:
    assert client.get("/api/v1/attention", headers=ALICE).status_code == 403
    assert client.get("/api/v1/attention").status_code == 401
