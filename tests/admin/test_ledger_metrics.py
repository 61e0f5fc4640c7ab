from tests.admin.test_metrics import value
from tokenrouter.admin.ledger_metrics import AfterRequests, LedgerMetrics
from tokenrouter.admin.metrics import exposition
from tokenrouter.jobs.model_figures import ModelUse


def test_what_comes_after_requests_has_metrics() -> None:
    after = AfterRequests(
        rows=7,
        lag_s=1.5,
        models=[(("acme", "small"), ModelUse(10, 2, 100, 50, 20, 10, 3_000_000_000))],
        alerts={"provider.offline": 1},
        emails={"delivered": 2, "failed": 1},
        telemetry={"sent": 5, "dropped": 3},
    )
    text = exposition({}, beside=(LedgerMetrics(after),)).decode()

    small = {"provider": "acme", "model": "small"}
    assert value(text, "ledger_rows_total") == 7
    assert value(text, "ledger_lag_seconds") == 1.5
    assert value(text, "model_requests_total", outcome="delivered", **small) == 8
    assert value(text, "model_requests_total", outcome="failed", **small) == 2
    assert value(text, "model_tokens_total", kind="cached", **small) == 20
    assert value(text, "model_cost_usd_total", **small) == 3
    assert value(text, "alerts_total", kind="provider.offline") == 1
    assert value(text, "alert_emails_total", outcome="failed") == 1
    assert value(text, "telemetry_rows_total", outcome="dropped") == 3
