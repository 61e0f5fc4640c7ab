import json

from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.replays import REPAIRS


def test_thoughts_without_anthropics_signature_go() -> None:
    own = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
    foreign = {"type": "thinking", "thinking": "hm", "signature": ""}
    said = {"type": "text", "text": "so"}
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [own, foreign, said]}]
    body = peek_object(json.dumps({"messages": messages}).encode())

    changed = REPAIRS["anthropic-messages"](body, "claude")

    assert json.loads(bytes(changed["messages"]))[1]["content"] == [own, said]
    assert REPAIRS["anthropic-messages"](peek_object(b'{"messages":[{"role":"user","content":"hi"}]}'), "m") == {}


def test_what_gemini_itself_signed_is_not_touched() -> None:
    body = peek_object(b'{"contents":[{"parts":[{"text":"a","thoughtSignature":"CiQB"}]}]}')

    assert REPAIRS["gemini"](body, "gemini-3-pro") == {}


def test_chat_carries_no_state_that_could_be_anothers() -> None:
    assert "openai-chat" not in REPAIRS
