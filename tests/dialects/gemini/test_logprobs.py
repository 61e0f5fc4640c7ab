import json

import msgspec

from tokenrouter.dialects.gemini.logprobs import chat_logprobs, gemini_logprobs
from tokenrouter.dialects.gemini.wire import WireLogprobs

RESULT = {
    "chosenCandidates": [{"token": "hé", "logProbability": -0.5}, {"token": "!", "logProbability": 0.0}],
    "topCandidates": [
        {"candidates": [{"token": "hé", "logProbability": -0.5}, {"token": "ho", "logProbability": -1.5}]},
        {"candidates": []},
    ],
}


def test_two_lists_become_one_and_two_again() -> None:
    chat = chat_logprobs(msgspec.convert(RESULT, WireLogprobs))
    assert chat is not None

    first, second = json.loads(chat)
    assert (first["token"], first["logprob"], first["bytes"]) == ("hé", -0.5, [104, 195, 169])
    assert [each["token"] for each in first["top_logprobs"]] == ["hé", "ho"]
    assert second["top_logprobs"] == []
    assert gemini_logprobs(chat) == RESULT


def test_places_without_alternatives_are_told_without() -> None:
    chosen = [{"token": "a", "logProbability": -1}, {"token": "b"}]
    chat = chat_logprobs(msgspec.convert({"chosenCandidates": chosen}, WireLogprobs))

    assert chat is not None
    assert [each["top_logprobs"] for each in json.loads(chat)] == [[], []]
    assert (gemini_logprobs(chat) or {}).keys() == {"chosenCandidates"}


def test_none_and_other_shapes_are_no_figures() -> None:
    assert chat_logprobs(None) is None
    assert chat_logprobs(WireLogprobs()) is None
    assert gemini_logprobs(b'{"x":1}') is None
