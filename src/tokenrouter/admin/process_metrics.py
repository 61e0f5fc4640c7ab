"""Metrics of processes and of what they log; the data processes of this node are counted as one."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

PREFIX: Final = "tokenrouter_"
_BY_PROCESS: Final = ["process"]


class ProcessMetrics(Collector):
    """What the control process and the data processes use, and how much they say."""

    def __init__(self, control: Mapping[str, Any], workers: Iterable[Mapping[str, Any]]) -> None:
        """Each has `process` as `ProcessFigures.snapshot` gives it, and `logs` as `ProcessLog.figures` does."""
        self._snapshots = {"control": [control], "data": [worker for worker in workers if worker.get("process")]}

    def collect(self) -> Iterable[Metric]:
        help_text = "Time that processes have used of processors, in seconds."
        cpu = CounterMetricFamily(f"{PREFIX}process_cpu_seconds", help_text, labels=_BY_PROCESS)
        help_text = "Memory that processes occupy."
        memory = GaugeMetricFamily(f"{PREFIX}process_resident_memory_bytes", help_text, labels=_BY_PROCESS)
        help_text = "Files and connections that processes have open."
        fds = GaugeMetricFamily(f"{PREFIX}process_open_fds", help_text, labels=_BY_PROCESS)
        help_text = "When the oldest of these processes began, in seconds since the epoch."
        started = GaugeMetricFamily(f"{PREFIX}process_start_time_seconds", help_text, labels=_BY_PROCESS)
        for name, snapshots in self._snapshots.items():
            figures = [snapshot["process"] for snapshot in snapshots]
            if not figures:
                continue
            cpu.add_metric([name], sum(one["cpu_s"] for one in figures))
            memory.add_metric([name], sum(one["memory_bytes"] for one in figures))
            fds.add_metric([name], sum(one["open_fds"] for one in figures))
            started.add_metric([name], min(one["started_s"] for one in figures))
        return cpu, memory, fds, started, *self._logs()

    def _logs(self) -> Iterable[Metric]:
        help_text = "Lines of the log that are kept, by level."
        lines = CounterMetricFamily(f"{PREFIX}log_lines", help_text, labels=["process", "level"])
        help_text = "Lines of the log that could not be kept."
        dropped = CounterMetricFamily(f"{PREFIX}log_lines_dropped", help_text, labels=_BY_PROCESS)
        for name, snapshots in self._snapshots.items():
            written: dict[str, int] = {}
            for snapshot in snapshots:
                for level, count in snapshot["logs"]["written"].items():
                    written[level] = written.get(level, 0) + count
            for level, count in written.items():
                lines.add_metric([name, level], count)
            dropped.add_metric([name], sum(snapshot["logs"]["dropped"] for snapshot in snapshots))
        return lines, dropped
