from dataclasses import replace

from bench import report_exact
from bench.figures import IdleStreams, Latency, Whole

NGINX = Whole("nginx", 0.3, 40_000, 25.0, 1.0)
IN_MEMORY = Whole("limits in memory", 0.3, 16_000, 60.0, 1.0)
IN_VALKEY = Whole("limits in Valkey", 0.3, 6_000, 150.0, 1.0)
DIRECT = Latency("direct", 0.3, 8_000, 100, 150, 200, 5)
PROXIED = Latency("limits in memory", 0.3, 8_000, 900, 1_000, 2_000, 5)
IDLE = IdleStreams(10_000, 10_000, 50_000_000, 250_000_000, 0.01)


def test_each_way_to_count_has_a_target_of_its_own() -> None:
    text = report_exact.exact_section([NGINX, IN_MEMORY, IN_VALKEY], [(DIRECT, PROXIED)])

    assert "met (≥ 0.33×)" in text
    assert "MISSED (≥ 0.2×) by 25%" in text


def test_added_time_is_the_middle_of_all_rounds() -> None:
    slow = replace(PROXIED, p50_us=9_000)

    assert "met (≤ 1 ms)" in report_exact.exact_section([NGINX], [(DIRECT, PROXIED)] * 2 + [(DIRECT, slow)])
    assert "MISSED (≤ 1 ms)" in report_exact.exact_section([NGINX], [(DIRECT, PROXIED)] + [(DIRECT, slow)] * 2)


def test_idle_streams_are_judged_by_the_whole_process() -> None:
    assert "met (≤ 300 MB)" in report_exact.idle_section(IDLE, 10_000)
    assert "MISSED (≤ 300 MB) by 33%" in report_exact.idle_section(replace(IDLE, resident=400_000_000), 10_000)


def test_fewer_streams_than_wanted_are_said_so() -> None:
    text = report_exact.idle_section(replace(IDLE, streams=5_000), 10_000)

    assert "450 MB with 10,000, for which this system allows too few open files" in text


def test_two_workers_are_judged_by_their_share_of_the_target() -> None:
    text = report_exact.workers_section([(1, IN_VALKEY), (2, replace(IN_VALKEY, requests_per_s=9_000))])

    assert "MISSED (≥ 1.75×)" in text
