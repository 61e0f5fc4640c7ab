import json

import pytest

from tokenrouter.dialects.carried_state import seal
from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.openai_responses.compaction import sealed_summary
from tokenrouter.dialects.openai_responses.replay import without_foreign_reasoning
from tokenrouter.dialects.openai_responses.state import bound_state
from tokenrouter.domain.items import ProviderState

STATE = ProviderState("gemini", "thought_signature", "x", "acme/m")
SAID = {"role": "user", "content": "what is trs1.?"}
OWN = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAB"}


def changed(*items: object) -> object:
    fields = without_foreign_reasoning(peek_object(json.dumps({"input": items}).encode()))
    return json.loads(bytes(fields["input"])) if fields else None


@pytest.mark.parametrize("sealed", [seal(STATE), bound_state(STATE, "call_1"), bound_state(STATE)])
def test_reasoning_of_another_provider_stays_behind(sealed: str) -> None:
    foreign = {"type": "reasoning", "summary": [], "encrypted_content": sealed}

    assert changed(SAID, OWN, foreign) == [SAID, OWN]


def test_reasoning_that_only_our_id_tells_stays_behind() -> None:
    ours = {"type": "reasoning", "id": "rs_0199a1b2c3d4e57f_0", "summary": [{"type": "summary_text", "text": "hm"}]}
    theirs = {**ours, "id": "rs_0f3a5b6c7d8e9f"}
    signed = {**ours, "encrypted_content": "gAAAAB"}
    said = {"role": "user", "content": "what is rs_1_0?"}

    assert changed(said, ours, theirs, signed) == [said, theirs, signed]
    assert changed(said, theirs) is None


def test_what_we_have_compacted_becomes_words() -> None:
    compacted = {"type": "compaction", "id": "cmp_1", "encrypted_content": sealed_summary("so far")}

    assert changed(compacted) == [
        {"type": "message", "role": "developer", "content": "Summary of the conversation so far:\nso far"}
    ]


def test_nothing_else_is_touched() -> None:
    assert changed(OWN, {"role": "user", "content": "hi"}) is None
    assert changed(SAID) == [SAID]
    assert without_foreign_reasoning(peek_object(b'{"input":"what is trs1.?"}')) == {}
    assert without_foreign_reasoning(peek_object(b"{}")) == {}
