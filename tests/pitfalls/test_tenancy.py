"""What the gateway keeps of conversations belongs to who had them."""

import json
from typing import Any

from tests.gateway.fakes import Client, Notes, Provided, Scripted, catalog, gateway
from tests.gateway.test_translation import JSON
from tests.pitfalls.crossing import GEMINI, bridge, sent, streamed
from tests.pitfalls.test_reasoning import STREAMS, turns_of
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.catalog import Key, Provider
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.call import Call, CallHead

_THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "sig-of-alices"}
_ANSWER = {
    "role": "assistant",
    "content": [_THOUGHT, {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}],
    "stop_reason": "tool_use",
    "usage": {},
}
_KEYS = {"alice": b"tr_alice-0123456789-abcdefgh", "bob": b"tr_bob-0123456789-abcdefgh"}


def asking(name: str, turns: list[dict[str, Any]]) -> Call:
    body = {"model": "acme/claude-opus-4-8", "messages": turns}
    return Call(CallHead(CHAT, key_digest(_KEYS[name], b"")), json.dumps(body).encode(), "req_1", 1.0, 1.0)


async def test_signatures_that_are_kept_for_one_team_do_not_reach_anothers_requests() -> None:
    acme = Provider("acme", "anthropic", "http://127.0.0.1:9/v1", secret="k")
    keys = tuple(Key(id=name, name=name, digest=key_digest(key, b""), team=name) for name, key in _KEYS.items())
    provided = Provided(Scripted(200, JSON, [json.dumps(_ANSWER).encode()]))
    serving = gateway(provided, Notes(), _with(acme, keys))
    client, question = Client(), {"role": "user", "content": "look"}
    await serving.serve(asking("alice", [question]), client)
    said = json.loads(client.body)["choices"][0]["message"]
    said.pop("reasoning_content")
    turns = [question, said, {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "fine"}]
    for name in _KEYS:
        provided.outcome = Scripted(200, JSON, [json.dumps(_ANSWER).encode()])
        await serving.serve(asking(name, turns), Client())
        body = b"".join(provided.asked[-1].data)

        assert (b"sig-of-alices" in body) == (name == "alice")


def _with(provider: Provider, keys: tuple[Key, ...]) -> Any:
    made = catalog(providers=(provider,))
    return type(made)(providers=made.providers, keys=keys)


def test_an_id_that_two_teams_have_is_two_ids() -> None:
    memory = StateMemory()
    first = bridge(GEMINI, CHAT, "gemini-3.1-pro", memory=memory, tenant="alice")
    body = turns_of(CHAT, streamed(first, STREAMS[GEMINI]))
    for tenant, has_it in (("alice", True), ("bob", False), ("", False)):
        way = bridge(GEMINI, CHAT, "gemini-3.1-pro", memory=memory, tenant=tenant)
        part = sent(way, body)["contents"][1]["parts"][-1]

        assert part["thoughtSignature"].startswith("skip") != has_it
