import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.fakes import KEY, Client, Held, Notes, Provided, Scripted, Tokens, catalog
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.domain.catalog import Policy, Provider
from tokenrouter.domain.errors import InvalidRequest, NotFound, PreviousResponseNotFound
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.stored_responses import StoredResponses
from tokenrouter.journal.response_files import ResponseFiles
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.outbound import UpstreamRequest

OWNER = "key:k1"
JSON, SSE = b"application/json", b"text/event-stream"
SAID = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "hello", "annotations": []}],
}
ANSWER = {"id": "resp_1", "object": "response", "status": "completed", "output": [SAID], "store": False}
CHAT_ANSWER = {"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}], "usage": {}}


class House:
    """A gateway with a store, and one provider that speaks either dialect."""

    def __init__(self, folder: Path, kind: str = "openai", policy: Policy | None = None) -> None:
        provider = Provider("acme", kind, "http://127.0.0.1:9/v1", secret="sk")
        state = catalog(providers=(provider,))
        self.notes = Notes()
        ports = Ports(self.notes, MemoryLimiter((), restored=True), Figures(), Tokens())
        self.stored = StoredResponses(ResponseFiles(folder, b"k" * 32))
        self.provided = Provided(Scripted(200, JSON, []))
        self._gateway = Gateway(Held(Directory(state, b"")), self.provided, ports, stored=self.stored)
        self._gateway.apply(policy or Policy())

    async def ask(self, answer: bytes, kind: bytes = JSON, **fields: object) -> Client:
        self.provided.outcome = Scripted(200, kind, [answer])
        body = json.dumps({"model": "acme/small", "input": "hi", **fields}).encode()
        client = Client()
        head = CallHead(RESPONSES, key_digest(KEY, b""))
        await self._gateway.serve(Call(head, body, "req_1", time.time(), time.monotonic()), client)
        return client

    def sent(self, number: int) -> dict[str, object]:
        body: dict[str, object] = json.loads(body_of(self.provided.asked[number]))
        return body


def body_of(request: UpstreamRequest) -> bytes:
    return b"".join(request.data).partition(b"\r\n\r\n")[2]


async def test_a_stored_response_is_gone_on_from_and_the_provider_stores_nothing(tmp_path: Path) -> None:
    house = House(tmp_path)
    first = await house.ask(json.dumps(ANSWER).encode(), store=True)
    second = await house.ask(
        json.dumps({**ANSWER, "id": "resp_2"}).encode(), store=True, previous_response_id="resp_1", input="and?"
    )
    items = house.sent(1)["input"]

    assert json.loads(first.body)["store"] is True
    assert json.loads(second.body)["previous_response_id"] == "resp_1"
    assert house.sent(0)["store"] is False
    assert house.sent(0)["include"] == ["reasoning.encrypted_content"]
    assert "previous_response_id" not in house.sent(1)
    assert isinstance(items, list)
    assert [(item["role"], item["content"]) for item in items] == [
        ("user", "hi"),
        ("assistant", SAID["content"]),
        ("user", "and?"),
    ]
    assert json.loads(house.stored.show(OWNER, "resp_2"))["output"] == [SAID]


async def test_it_works_in_front_of_a_provider_that_only_converses(tmp_path: Path) -> None:
    house = House(tmp_path, "openai-compatible")
    client = await house.ask(json.dumps(CHAT_ANSWER).encode(), store=True)
    response_id = json.loads(client.body)["id"]
    await house.ask(json.dumps(CHAT_ANSWER).encode(), previous_response_id=response_id, input="and?")

    assert house.sent(1)["messages"] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "hello"},
        {"role": "user", "content": "and?"},
    ]


async def test_a_stream_is_kept_before_its_end_goes_out(tmp_path: Path) -> None:
    house = House(tmp_path)
    created = {"type": "response.created", "response": {"id": "resp_1", "output": []}, "sequence_number": 0}
    delta = {"type": "response.output_text.delta", "delta": "hello", "sequence_number": 1}
    completed = {"type": "response.completed", "response": ANSWER, "sequence_number": 2}
    wire = b"".join(
        b"event: %b\ndata: %b\n\n" % (str(event["type"]).encode(), json.dumps(event).encode())
        for event in (created, delta, completed)
    )
    client = await house.ask(wire, SSE, store=True, stream=True)
    events = [json.loads(line[6:]) for line in client.body.split(b"\n") if line.startswith(b"data: ")]

    assert [event["type"] for event in events] == [created["type"], delta["type"], completed["type"]]
    assert events[0]["response"]["store"] is True
    assert events[2]["response"]["store"] is True
    assert json.loads(house.stored.show(OWNER, "resp_1"))["output"] == [SAID]


async def test_what_is_not_to_be_stored_is_not_touched(tmp_path: Path) -> None:
    house = House(tmp_path / "none")
    body = json.dumps(ANSWER).encode()
    client = await house.ask(body, store=False)

    assert client.body == body
    assert house.sent(0) == {"model": "small", "input": "hi", "store": False}
    assert not (tmp_path / "none").exists()


async def test_the_operator_may_store_by_default(tmp_path: Path) -> None:
    house = House(tmp_path, policy=Policy(responses_store_default=True))
    await house.ask(json.dumps(ANSWER).encode())
    await house.ask(json.dumps({**ANSWER, "id": "resp_2"}).encode(), store=False)

    assert house.stored.show(OWNER, "resp_1")
    with pytest.raises(NotFound):
        house.stored.show(OWNER, "resp_2")


async def test_an_unknown_response_cannot_be_gone_on_from(tmp_path: Path) -> None:
    house = House(tmp_path)
    with pytest.raises(PreviousResponseNotFound, match="'resp_9'") as caught:
        await house.ask(b"", previous_response_id="resp_9")

    assert (caught.value.status, caught.value.param) == (400, "previous_response_id")
    assert not house.provided.asked
    assert [row.end_reason for row in house.notes.ended] == ["client_error"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("background", True), ("conversation", "conv_1"), ("previous_response_id", 7), ("include", "all")],
)
async def test_what_cannot_be_is_refused_by_its_name(tmp_path: Path, field: str, value: object) -> None:
    fields: dict[str, Any] = {"store": True, field: value}
    with pytest.raises(InvalidRequest) as caught:
        await House(tmp_path).ask(b"", **fields)

    assert caught.value.param == field


async def test_its_input_is_listed_and_it_can_be_deleted_by_its_owner_only(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.ask(json.dumps(ANSWER).encode(), store=True)
    page = json.loads(house.stored.input_items(OWNER, "resp_1", {"limit": "5", "order": "asc"}))

    assert [item["role"] for item in page["data"]] == ["user"]
    for query in ({"limit": "0"}, {"limit": "x"}, {"order": "up"}, {"after": "msg_9"}):
        with pytest.raises(InvalidRequest):
            house.stored.input_items(OWNER, "resp_1", query)
    for forbidden in (house.stored.show, house.stored.delete):
        with pytest.raises(NotFound):
            forbidden("team:other", "resp_1")
    assert json.loads(house.stored.delete(OWNER, "resp_1"))["deleted"] is True
    with pytest.raises(NotFound):
        house.stored.show(OWNER, "resp_1")


async def test_an_error_is_not_kept(tmp_path: Path) -> None:
    house = House(tmp_path / "none")
    house.provided.outcome = Scripted(400, JSON, [b'{"error":{"message":"no"}}'])
    body = json.dumps({"model": "acme/small", "input": "hi", "store": True}).encode()
    client = Client()
    head = CallHead(RESPONSES, key_digest(KEY, b""))
    await house._gateway.serve(Call(head, body, "req_1", time.time(), time.monotonic()), client)

    assert client.status == 400
    assert not (tmp_path / "none").exists()
