from bench.figures import Latency, Pages, Shown
from bench.report_ui import ui_section

QUIET = Latency("gateway", 0.3, 200.0, 100.0, 200.0, 300.0, 5.0)
WATCHED = Latency("gateway", 0.3, 200.0, 120.0, 240.0, 400.0, 5.0)


def test_each_page_is_judged_by_its_first_visit() -> None:
    shown = [Shown("status", 700.0, 1200.0, 300.0, 400.0), Shown("usage", 1500.0, 1600.0, 300.0, 400.0)]
    text = ui_section(Pages(1_000_000, 10_000, 500, 20, shown, QUIET, WATCHED))

    lines = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    assert "met" in lines["status"]
    assert "MISSED (≤ 1000) by 50%" in lines["usage"]
    assert "400" in lines["20 people looking"]
