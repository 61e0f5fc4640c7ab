import json
from typing import Any

import pytest

from tokenrouter.dialects.anthropic.replay import without_foreign_thoughts
from tokenrouter.dialects.anthropic.signatures import call_signature, signature_of
from tokenrouter.dialects.json import peek_object
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import ProviderState

FOREIGN = ProviderState("openai-responses", "encrypted", "e", "openai/gpt")
OWN = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
SAID = {"type": "text", "text": "said"}


def thought(signature: str) -> dict[str, str]:
    return {"type": "thinking", "thinking": "x", "signature": signature}


def messages(*turns: object) -> Any:
    body = json.dumps({"model": "m", "messages": turns}).encode()
    changes = without_foreign_thoughts(peek_object(body))
    return json.loads(bytes(changes["messages"])) if changes else None


@pytest.mark.parametrize("signature", ["", signature_of(FOREIGN), call_signature("c1", FOREIGN)])
def test_thoughts_that_anthropic_did_not_sign_are_taken_out(signature: str) -> None:
    turn = {"role": "assistant", "content": [OWN, thought(signature), SAID]}
    user = {"role": "user", "content": 'a "signature":"" in words'}

    assert messages(user, turn) == [user, {"role": "assistant", "content": [OWN, SAID]}]


def test_a_turn_of_nothing_else_goes_with_them() -> None:
    user = {"role": "user", "content": "go"}

    assert messages(user, {"role": "assistant", "content": [thought("")]}, user) == [user, user]


def test_a_conversation_of_anthropics_own_is_not_touched() -> None:
    assert messages({"role": "assistant", "content": [OWN, SAID]}) is None


def test_a_turn_that_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        messages({"role": "assistant", "content": [thought(""), 7]})

    assert caught.value.param == "messages"
