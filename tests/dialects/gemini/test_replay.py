import json
from typing import Any

import pytest

from tokenrouter.dialects.gemini.replay import without_foreign_signatures
from tokenrouter.dialects.gemini.signatures import SKIPPED, signature_of
from tokenrouter.dialects.json import peek_object
from tokenrouter.domain.items import ProviderState, Reasoning

CARRIED = signature_of(None, [Reasoning(("hm?>",), state=ProviderState("anthropic-messages", "signature", "s", "o"))])
SPELLINGS = [CARRIED, CARRIED.replace("+", "-").replace("/", "_").rstrip("=")]


def replayed(parts: list[Any], model: str) -> Any:
    body = json.dumps({"contents": [{"role": "model", "parts": parts}], "x": 1}).encode()
    fields = without_foreign_signatures(peek_object(body), model)
    return json.loads(bytes(fields["contents"]))[0]["parts"] if fields else None


@pytest.mark.parametrize("carried", SPELLINGS)
def test_a_model_that_insists_on_signatures_gets_googles_word_for_a_missing_one(carried: str) -> None:
    call = {"functionCall": {"name": "f", "args": {}}}
    parts = [{**call, "thoughtSignature": carried}, {"thought_signature": carried, "text": ""}]

    assert replayed(parts, "gemini-3-pro") == [
        {**call, "thoughtSignature": SKIPPED},
        {"thought_signature": SKIPPED, "text": ""},
    ]


@pytest.mark.parametrize("carried", SPELLINGS)
def test_other_models_get_none(carried: str) -> None:
    parts = [
        {"text": "a", "thoughtSignature": carried},
        {"thoughtSignature": carried, "text": "b"},
        {"text": "c", "thoughtSignature": carried, "thought": True},
    ]

    assert replayed(parts, "gemini-2.5-flash") == [{"text": "a"}, {"text": "b"}, {"text": "c", "thought": True}]


def test_geminis_own_signatures_and_words_about_ours_stay() -> None:
    parts = [{"text": f'"thoughtSignature":"{CARRIED}"', "thoughtSignature": "EpEgCo4g"}]

    assert replayed(parts, "gemini-3-pro") is None
    assert replayed([*parts, {"text": "", "thoughtSignature": CARRIED}], "gemini-3-pro")[0] == parts[0]
    assert without_foreign_signatures(peek_object(b"{}"), "gemini-3-pro") == {}
