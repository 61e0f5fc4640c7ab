import structlog

from tests.jobs.collector import collector
from tests.store.entries import entry
from tokenrouter.app.telemetry import start_telemetry
from tokenrouter.config.settings import OtelSettings


def test_where_nobody_wants_it_nothing_is_loaded() -> None:
    assert start_telemetry(OtelSettings(), str, instance="n1", module="not.there") is None


def test_where_it_is_not_installed_that_is_said_and_the_server_goes_on() -> None:
    with structlog.testing.capture_logs() as logs:
        assert start_telemetry(OtelSettings(enabled=True), str, instance="n1", module="not.there") is None

    assert logs[0]["missing"] == "not"


def test_where_it_is_wanted_rows_are_sent() -> None:
    with collector() as got:
        telemetry = start_telemetry(OtelSettings(True, got.url, metrics=False), str, instance="n1")
        assert telemetry is not None
        telemetry.take([entry("req_1")])
        telemetry.close()

        assert len(got.spans()) == 1
