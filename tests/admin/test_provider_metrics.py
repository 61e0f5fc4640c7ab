"""Metrics of how providers are."""

from tests.admin.test_metrics import value
from tokenrouter.admin.metrics import exposition
from tokenrouter.admin.provider_metrics import ProviderFigures
from tokenrouter.jobs.provider_status import CoolingTarget, ProviderStatus


def test_every_provider_has_one_status() -> None:
    rows = [
        ProviderStatus("acme", "groq", "file", "online", checked_at_s=5.0),
        ProviderStatus("beta", "groq", "file", "offline", cooling=[CoolingTarget("m", "provider_timeout", 9.0)]),
    ]
    text = exposition({}, beside=(ProviderFigures(rows),)).decode()

    assert value(text, "provider_status", provider="acme", status="online") == 1
    assert value(text, "provider_status", provider="acme", status="offline") == 0
    assert value(text, "provider_status", provider="beta", status="offline") == 1
    assert value(text, "provider_checked_timestamp_seconds", provider="acme") == 5
    assert value(text, "cooling_targets", provider="acme") == 0
    assert value(text, "cooling_targets", provider="beta") == 1
