from typing import Any

import msgspec
import pytest

from tokenrouter.dialects.gemini.usage import ReportedUsage, usage_object
from tokenrouter.domain.ledger import Usage


def usage(**counts: object) -> Usage | None:
    return msgspec.convert(counts, ReportedUsage).usage()


def test_thoughts_are_output_and_results_of_googles_tools_are_input() -> None:
    told = usage(
        promptTokenCount=10,
        toolUsePromptTokenCount=5,
        candidatesTokenCount=20,
        thoughtsTokenCount=30,
        cachedContentTokenCount=4,
        totalTokenCount=65,
    )

    assert told == Usage(15, 50, 4, 0, 30, 0)


@pytest.mark.parametrize("counts", [{}, {"thoughtsTokenCount": 3}, {"cachedContentTokenCount": 3}])
def test_what_counts_neither_input_nor_output_is_no_report(counts: dict[str, object]) -> None:
    assert usage(**counts) is None


def test_output_that_is_left_out_follows_from_the_total() -> None:
    assert usage(promptTokenCount=10, thoughtsTokenCount=7, totalTokenCount=17) == Usage(10, 7, 0, 0, 7, 0)
    assert usage(promptTokenCount=10, totalTokenCount=10) == Usage(10, 0)


def test_nothing_is_ever_below_zero() -> None:
    assert usage(promptTokenCount=10, totalTokenCount=3) == Usage(10, 0)
    assert usage(promptTokenCount=-1, candidatesTokenCount=-2) == Usage(0, 0)


def test_sound_and_pictures_are_counted_on_both_sides() -> None:
    body = b"""{"promptTokenCount":10,"candidatesTokenCount":1295,
        "promptTokensDetails":[{"modality":"TEXT","tokenCount":2},{"modality":"AUDIO","tokenCount":4},
            {"modality":"IMAGE","tokenCount":3},{"modality":"IMAGE","tokenCount":1}],
        "candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":3},{"modality":"IMAGE","tokenCount":1290}]}"""

    told = msgspec.json.decode(body, type=ReportedUsage).usage()

    assert told == Usage(
        10, 1295, audio_tokens=7, audio_output_tokens=3, image_input_tokens=4, image_output_tokens=1290
    )


@pytest.mark.parametrize(
    ("told", "tier"),
    [
        ({"trafficType": "ON_DEMAND"}, ""),
        ({"trafficType": "ON_DEMAND_FLEX"}, "flex"),
        ({"trafficType": "ON_DEMAND_PRIORITY"}, "priority"),
        ({"trafficType": "PROVISIONED_THROUGHPUT"}, "provisioned_throughput"),
        ({"trafficType": "TRAFFIC_TYPE_UNSPECIFIED"}, ""),
        ({"serviceTier": "standard"}, ""),
        ({"serviceTier": "flex"}, "flex"),
        ({"serviceTier": None}, ""),
        ({}, ""),
    ],
)
def test_how_a_request_was_served_is_told_in_one_word_for_both_of_googles_apis(told: Any, tier: str) -> None:
    found = usage(promptTokenCount=10, candidatesTokenCount=5, **told)

    assert found is not None
    assert found.tier == tier


def test_what_we_report_is_read_as_the_same() -> None:
    for told in (Usage(7, 5), Usage(7, 5, 2, 0, 3, 0), Usage()):
        assert msgspec.convert(usage_object(told), ReportedUsage).usage() == told
    assert usage_object(Usage(7, 5, 2, 1, 3)) == {
        "promptTokenCount": 7,
        "candidatesTokenCount": 2,
        "totalTokenCount": 12,
        "cachedContentTokenCount": 2,
        "thoughtsTokenCount": 3,
    }


def test_details_in_another_shape_count_nothing() -> None:
    body = b'{"promptTokenCount":10,"promptTokensDetails":"AUDIO","candidatesTokensDetails":[{"modality":["AUDIO"]}]}'

    assert msgspec.json.decode(body, type=ReportedUsage).usage() == Usage(10)
