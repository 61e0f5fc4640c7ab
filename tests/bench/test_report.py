from dataclasses import replace
from pathlib import Path

import pytest

from bench import report
from bench.figures import Latency, ManyStreams, Translation, Whole

BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"
NGINX = Whole("nginx", 0.3, 40_000, 25.0, 1.0)
GATEWAY = Whole("gateway", 0.3, 20_000, 50.0, 1.0)


def test_a_met_target_says_so() -> None:
    assert report.verdict(0.5, 0.4, at_least=True, unit="×") == "met (≥ 0.4×)"


def test_a_missed_target_is_shown_with_how_far() -> None:
    assert report.verdict(0.3, 0.4, at_least=True, unit="×") == "MISSED (≥ 0.4×) by 25%"
    assert report.verdict(90, 60, unit=" MB") == "MISSED (≤ 60 MB) by 50%"


def test_requests_are_judged_beside_nginx_in_the_same_run() -> None:
    text = report.whole_section([NGINX, GATEWAY])

    assert "0.50 |" in text
    assert "met (≥ 0.4×)" in text


def test_rounds_of_one_target_are_averaged() -> None:
    text = report.whole_section([NGINX, replace(NGINX, requests_per_s=20_000)])

    assert "30,000" in text


def test_a_proxy_that_was_not_the_limit_is_marked() -> None:
    assert "core not full" in report.whole_section([NGINX, replace(GATEWAY, busy=0.5)])


def test_added_time_is_what_the_direct_run_does_not_take() -> None:
    results = [
        Latency(name, 0.3, 1000, p50, 0, 0, 0) for name, p50 in (("nginx", 60), ("gateway", 200), ("direct", 40))
    ]

    assert "MISSED (≤ 3×) by 167%" in report.latency_section(results)


def test_one_disturbed_round_does_not_decide_a_median() -> None:
    rounds = [Latency("direct", 0.3, 1000, p50, 0, 0, 0) for p50 in (40, 9000, 42)]

    assert "42 |" in report.latency_section(rounds)


@pytest.mark.parametrize(("stalled", "words"), [(0, "met (none)"), (3, "MISSED: 3 stalled")])
def test_one_stall_misses_the_target(stalled: int, words: str) -> None:
    assert words in report.many_section([ManyStreams("gateway", 1000, stalled, 1.5, 0.1)])


def test_a_translation_stands_beside_the_relay_of_its_client() -> None:
    relay = Translation("gemini", "gemini", 20.0, 2.0, 5.0)

    text = report.translation_section([relay, replace(relay, provider="openai-chat", request_us=100.0, chunk_us=8.0)])

    assert "5.0 |      8.0 |     4.0 |" in text
    assert "met (≤ 300, ≤ 25)" in text


def test_a_translation_that_takes_too_long_says_at_which_step() -> None:
    text = report.translation_section([Translation("gemini", "openai-chat", 600.0, 20.0, 5.0)])

    assert "MISSED: request by 100% |" in text


def test_columns_of_a_table_are_as_wide_as_their_longest_cell() -> None:
    lines = report.table(["name", "n"], [["a", "1"], ["longer", "1,000"]]).splitlines()

    assert {len(line) for line in lines} == {len("| longer | 1,000 |")}


def test_recording_replaces_only_what_stands_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    report.write_between_markers(page, "figures", "new")

    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("nothing to replace")

    with pytest.raises(ValueError, match="figures:begin"):
        report.write_between_markers(page, "figures", "new")
    assert page.read_text() == "nothing to replace"
