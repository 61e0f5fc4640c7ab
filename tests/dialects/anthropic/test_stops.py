from typing import get_args

from tokenrouter.dialects.anthropic.stops import stop_fields, stop_of
from tokenrouter.dialects.anthropic.wire import WireDelta, WireStopDetails
from tokenrouter.domain.answers import Stop, StopReason


def test_every_reason_has_a_word_that_clients_know() -> None:
    known = {
        "end_turn",
        "tool_use",
        "max_tokens",
        "model_context_window_exceeded",
        "stop_sequence",
        "refusal",
        "pause_turn",
    }

    assert {stop_fields(Stop(reason))["stop_reason"] for reason in get_args(StopReason)} == known


def test_the_sequence_that_was_met_is_told() -> None:
    stop = stop_of(WireDelta(stop_reason="stop_sequence", stop_sequence="END"), has_calls=False)

    assert stop == Stop("stop_sequence", "END", native="stop_sequence")
    assert stop_fields(stop) == {"stop_reason": "stop_sequence", "stop_sequence": "END"}


def test_a_refusal_keeps_its_details_both_ways() -> None:
    stop = stop_of(WireDelta(stop_reason="refusal", stop_details=WireStopDetails("bio", "No.")), has_calls=False)

    assert stop_fields(stop)["stop_details"] == {"type": "refusal", "category": "bio", "explanation": "No."}


def test_calls_decide_where_the_word_does_not() -> None:
    assert stop_of(WireDelta(stop_reason="end_turn"), has_calls=True).reason == "tool"
    assert stop_of(WireDelta(stop_reason="max_tokens"), has_calls=True).reason == "length"
    assert stop_of(WireDelta(), has_calls=False).reason == "end"


def test_words_of_refusal_do_not_hide_that_the_answer_was_cut() -> None:
    assert stop_fields(Stop("length"), has_refused=True)["stop_reason"] == "max_tokens"
    assert stop_fields(Stop("end"), has_refused=True)["stop_reason"] == "refusal"
