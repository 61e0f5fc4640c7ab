import threading
from collections.abc import Sequence

import pytest

from tests.store.entries import entry
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.jobs import telemetry as jobs_telemetry
from tokenrouter.jobs.telemetry import MAX_WAITING, Telemetry


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits may take its time to be sent at the end."""
    monkeypatch.setattr(jobs_telemetry, "CLOSE_S", 60.0)


class Hanging:
    """An exporter that waits for a collector."""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        self.released = threading.Event()
        self.asked = threading.Event()
        self.sent: list[str] = []
        self.is_closed = False

    def export(self, entries: Sequence[LedgerEntry]) -> str:
        self.asked.set()
        self.released.wait(60)
        self.sent += [one.id for one in entries]
        return self.problem

    def close(self) -> None:
        self.is_closed = True


def test_rows_are_sent_in_order_and_the_last_ones_before_the_end() -> None:
    exporter = Hanging()
    exporter.released.set()
    telemetry = Telemetry(exporter)
    telemetry.take([entry("a"), entry("b")])
    telemetry.take([entry("c")])
    telemetry.close()

    assert exporter.sent == ["a", "b", "c"]
    assert telemetry.counts == {"sent": 3, "failed": 0, "dropped": 0}
    assert exporter.is_closed


def test_a_collector_that_hangs_costs_rows_and_nothing_else() -> None:
    exporter = Hanging()
    telemetry = Telemetry(exporter)
    telemetry.take([entry("first")])
    exporter.asked.wait(60)
    rows = [entry("x")] * 1000
    for _ in range(MAX_WAITING // 1000 + 3):
        telemetry.take(rows)

    assert telemetry.counts["dropped"] == 3000
    exporter.released.set()
    telemetry.close()
    assert telemetry.counts["sent"] == MAX_WAITING + 1


def test_what_a_collector_refuses_is_counted() -> None:
    exporter = Hanging("no")
    exporter.released.set()
    telemetry = Telemetry(exporter)
    telemetry.take([entry("a")])
    telemetry.close()

    assert telemetry.counts == {"sent": 0, "failed": 1, "dropped": 0}
