"""What makes two requests the same."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.gateway.answering import ALICE, BOB, EVE, Place, catalog, place
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.answer_names import cache_name, idempotency_name, is_deterministic, peeked
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Directory

WHERE: Place = place()


def directory(**changes: Any) -> Directory:
    return Directory(replace(catalog(), **changes), b"pepper")


def name(body: str, key: bytes = ALICE, state: Directory | None = None, **head: Any) -> bytes | None:
    state = state or directory()
    call = WHERE.call(key)
    call = Call(replace(call.head, **head), body.encode(), "req_1", 0.0, 0.0)
    said = peeked(call)
    assert said is not None
    return cache_name(state, state.principal(key_digest(key, b""), 0.0), call, said)


PLAIN = '{"model":"acme/small","messages":[],"top_p":1}'


def test_order_at_the_top_and_who_asks_do_not_matter() -> None:
    turned = '{"top_p":1,"user":"u1","messages":[],"metadata":{"a":"b"},"model":"acme/small"}'
    assert name(PLAIN) == name(turned) is not None
    assert name(PLAIN, BOB) == name(PLAIN)


@pytest.mark.parametrize(
    "other", ['{"model":"acme/small","messages":[],"top_p":1.0}', PLAIN.replace("}", ',"stream":true}'), PLAIN + " "]
)
def test_every_byte_of_a_value_does(other: str) -> None:
    assert (name(other) == name(PLAIN)) == (other == PLAIN + " ")


def test_another_team_and_other_headers_lead_elsewhere() -> None:
    assert name(PLAIN, EVE) != name(PLAIN)
    assert name(PLAIN, forwarded=b"openai-beta: x\r\n") != name(PLAIN)
    assert name(PLAIN, forwarded=b"idempotency-key: x\r\n") == name(PLAIN)


def test_what_changes_where_a_name_leads_changes_the_answer() -> None:
    state = catalog()
    moved = replace(state.providers[0], base_url="http://127.0.0.1:10/v1")
    assert name(PLAIN, state=directory(providers=(moved,))) != name(PLAIN)
    assert name(PLAIN, state=directory(active_profile="night")) != name(PLAIN)
    assert name(PLAIN, state=directory(version=99)) == name(PLAIN)


def test_an_idempotency_key_is_one_api_keys_own() -> None:
    state = directory()
    names = {
        idempotency_name(state, state.principal(key_digest(key, b""), 0.0), mark)
        for key in (ALICE, BOB, EVE)
        for mark in (b"a", b"b")
    }
    assert len(names) == 6


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"temperature": 0}, True),
        ({"temperature": 0.0}, True),
        ({"temperature": 0.1}, False),
        ({"seed": 7}, True),
        ({"seed": None}, False),
        ({}, False),
        ({"generationConfig": {"temperature": 0}}, True),
        ({"inferenceConfig": {"temperature": 1}}, False),
        ({"generationConfig": []}, False),
    ],
)
def test_chance_has_no_part_where_the_temperature_is_0_or_a_seed_is_given(body: Any, expected: bool) -> None:
    fields = msgspec.json.decode(json.dumps(body).encode(), type=dict[str, msgspec.Raw])
    assert is_deterministic("chat", fields) == expected
    assert is_deterministic("embeddings", fields)
