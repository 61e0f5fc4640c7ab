from bench.figures import Asked, Control, Latency
from bench.report_control import control_section

QUIET = Latency("gateway", 0.3, 200.0, 100.0, 200.0, 300.0, 5.0)


def test_each_question_and_the_data_plane_are_judged() -> None:
    asked = [Asked("keys", 10.0, 20.0, 300.0), Asked("ledger", 10.0, 400.0, 500.0)]
    text = control_section(Control(1_000_000, 100_000, asked, QUIET, QUIET, 100.0, 150.0))

    assert "1,000,000 ledger rows and 100,000 keys" in text
    lines = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    assert "met" in lines["keys"]
    assert "MISSED" in lines["ledger"]
    assert "MISSED (≤ 1.25× CPU) by 20%" in lines["these questions beside"]
