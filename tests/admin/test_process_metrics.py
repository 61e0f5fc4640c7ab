from typing import Any

from tests.admin.test_metrics import value
from tokenrouter.admin.metrics import exposition
from tokenrouter.admin.process_metrics import ProcessMetrics


def figures(cpu_s: float, started_s: float, **written: int) -> dict[str, Any]:
    process = {"cpu_s": cpu_s, "memory_bytes": 1000.0, "open_fds": 10.0, "started_s": started_s}
    return {"process": process, "logs": {"written": written, "dropped": 1}}


def test_the_data_processes_are_counted_as_one() -> None:
    workers = [figures(2, 200, warning=3), figures(3, 100, warning=1, error=2), {}]
    text = exposition({}, beside=(ProcessMetrics(figures(1, 50), workers),)).decode()

    assert value(text, "process_cpu_seconds_total", process="control") == 1
    assert value(text, "process_cpu_seconds_total", process="data") == 5
    assert value(text, "process_resident_memory_bytes", process="data") == 2000
    assert value(text, "process_open_fds", process="data") == 20
    assert value(text, "process_start_time_seconds", process="data") == 100
    assert value(text, "log_lines_total", process="data", level="warning") == 4
    assert value(text, "log_lines_dropped_total", process="data") == 2


def test_without_a_data_process_there_are_the_figures_of_the_other() -> None:
    text = exposition({}, beside=(ProcessMetrics(figures(1, 50), []),)).decode()

    assert 'process="data"' not in text.replace('log_lines_dropped_total{process="data"} 0.0', "")
