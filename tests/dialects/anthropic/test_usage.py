import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.anthropic.usage import counted, estimated_input_tokens, usage_object, usage_of
from tokenrouter.dialects.anthropic.wire import WireCacheCreation, WireIteration, WireOutputDetails, WireUsage
from tokenrouter.domain.items import Call, CallOutput, Foreign, Message, Reasoning, Text
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import HostedTool, Request, Tool

counts = st.integers(0, 10**9)


def test_cached_tokens_are_added_to_the_input_once() -> None:
    assert usage_of(WireUsage(5, 12, 90, 10, WireOutputDetails(4))) == Usage(105, 12, 90, 10, 4)


@given(counts, counts, counts, counts, counts)
def test_what_is_told_is_what_was_read(plain: int, output: int, read: int, written: int, thinking: int) -> None:
    usage = Usage(plain + read + written, output, read, written, thinking)
    told = usage_object(usage)

    assert told["input_tokens"] == plain
    assert usage_of(WireUsage(plain, output, read, written, WireOutputDetails(thinking))) == usage


def test_a_later_report_keeps_what_it_does_not_tell() -> None:
    first = usage_of(WireUsage(5, 1, 90, 10))

    assert usage_of(WireUsage(output_tokens=12), first) == Usage(105, 12, 90, 10)
    assert usage_of(WireUsage(61, 2), first) == Usage(161, 2, 90, 10)
    assert usage_of(WireUsage(5, 2, 0, 0), first) == Usage(5, 2)


def test_what_is_written_for_an_hour_is_part_of_what_is_written_and_told_again() -> None:
    first = usage_of(WireUsage(5, 1, 90, 148, cache_creation=WireCacheCreation(100)))

    assert first == Usage(243, 1, 90, 148, cache_write_1h_tokens=100)
    assert usage_of(WireUsage(output_tokens=12), first) == first._replace(output_tokens=12)
    assert usage_object(first)["cache_creation"] == {"ephemeral_5m_input_tokens": 48, "ephemeral_1h_input_tokens": 100}
    assert "cache_creation" not in usage_object(Usage(5, 1, 0, 5))


@pytest.mark.parametrize(
    ("served", "tier"),
    [
        (WireUsage(1, 1, service_tier="standard"), ""),
        (WireUsage(1, 1), ""),
        (WireUsage(1, 1, service_tier="priority"), "priority"),
        (WireUsage(1, 1, service_tier="batch"), "batch"),
        (WireUsage(1, 1, service_tier="standard", speed="fast"), "fast"),
        (WireUsage(1, 1, service_tier="standard", speed="standard"), ""),
    ],
)
def test_how_a_request_was_served_is_told_and_kept_by_later_reports(served: WireUsage, tier: str) -> None:
    first = usage_of(served)
    later = usage_of(WireUsage(output_tokens=9), first)

    assert first is not None
    assert later is not None
    assert (first.tier, later.tier) == (tier, tier)


def test_a_report_without_counts_is_none() -> None:
    assert usage_of(WireUsage()) is None
    assert usage_of(WireUsage(0, 0)) == Usage()


def test_runs_that_are_billed_beside_the_totals_are_added() -> None:
    runs = [
        WireIteration("message", 5, 7),
        WireIteration("compaction", 100, 20, 30, 1, WireCacheCreation(1)),
        WireIteration("advisor_message", 10, 2),
        WireIteration("fallback_message", 5, 7),
    ]

    assert usage_of(WireUsage(5, 7, iterations=runs)) == Usage(5 + 131 + 10, 7 + 20 + 2, 30, 1, cache_write_1h_tokens=1)


def test_no_count_is_below_zero() -> None:
    assert usage_of(WireUsage(-5, -1)) == Usage()
    assert usage_object(Usage(10, 0, 12))["input_tokens"] == 0


def test_an_estimate_counts_words_calls_and_schemas() -> None:
    items = (
        Message("user", (Text("x" * 40),)),
        Reasoning(("y" * 40,)),
        Call("a", "f" * 10, "z" * 30),
        CallOutput("a", (Text("w" * 40),)),
        Foreign("g", "k", b"v" * 40),
    )
    tools = (Tool("n" * 10, "d" * 10, b"p" * 20), HostedTool("memory", "g", b"h" * 40))

    assert estimated_input_tokens(Request("m", items, tools=tools)) == 70
    assert estimated_input_tokens(Request("m", ())) == 1
    assert counted(Request("m", items)) == b'{"input_tokens":50}'
