"""What requests pass before they are routed."""

from dataclasses import replace

import pytest

from tests.gateway.fakes import Client, Notes, Provided, Scripted, catalog, gateway
from tests.gateway.test_engine import ANSWER, JSON, call
from tokenrouter.domain.errors import InvalidRequest, ModelNotFound
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.layers import Layer, Onward
from tokenrouter.gateway.ports import Responder


class Passing:
    """Notes who came by, and lets go on whom it concerns."""

    def __init__(self, name: str, seen: list[str], *, wants: bool = True) -> None:
        self._name = name
        self._seen = seen
        self._wants = wants

    def concerns(self, call: Call, principal: Principal) -> bool:
        return self._wants

    async def serve(self, call: Call, principal: Principal, responder: Responder, onward: Onward) -> None:
        self._seen.append(f"{self._name} {principal.key.name}")
        await onward(call, responder)


class Refusing(Passing):
    async def serve(self, call: Call, principal: Principal, responder: Responder, onward: Onward) -> None:
        raise InvalidRequest("no")


class Answering(Passing):
    async def serve(self, call: Call, principal: Principal, responder: Responder, onward: Onward) -> None:
        responder.answer(200, b"", b"mine")


def road() -> tuple[Provided, Notes, Client]:
    return Provided(Scripted(200, JSON, [ANSWER])), Notes(), Client()


async def test_layers_are_passed_in_their_order_by_whom_they_concern() -> None:
    seen: list[str] = []
    layers: list[Layer] = [Passing("first", seen), Passing("other", seen, wants=False), Passing("second", seen)]
    provided, notes, client = road()
    await gateway(provided, notes, layers=layers).serve(call(), client)

    assert seen == ["first alice", "second alice"]
    assert client.body == ANSWER
    assert [row.end_reason for row in notes.ended] == ["completed"]


async def test_a_layer_may_answer_for_the_road() -> None:
    provided, notes, client = road()
    await gateway(provided, notes, layers=[Answering("mine", [])]).serve(call(), client)
    assert client.body == b"mine"
    assert provided.asked == []


async def test_what_a_layer_refuses_leaves_a_row() -> None:
    provided, notes, client = road()
    with pytest.raises(InvalidRequest):
        await gateway(provided, notes, layers=[Passing("first", []), Refusing("no", [])]).serve(call(), client)
    assert [(row.end_reason, row.key_name) for row in notes.ended] == [("client_error", "alice")]


async def test_what_the_road_refuses_behind_layers_leaves_one_row() -> None:
    provided, notes, client = road()
    state = replace(catalog(), providers=())
    with pytest.raises(ModelNotFound):
        await gateway(provided, notes, state, layers=[Passing("first", [])]).serve(call(), client)
    assert len(notes.ended) == 1
