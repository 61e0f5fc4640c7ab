"""Answers on their way through hooks, whole, streamed, as an array, long, and such as hooks do not look into."""

import json

import pytest

from tests.gateway.fakes import Client
from tests.gateway.hooked import Changing, Seen
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import Operation
from tokenrouter.gateway import hooked_answers
from tokenrouter.gateway.hook_filters import Opening
from tokenrouter.gateway.hook_rules import Following, HookRule
from tokenrouter.gateway.hooked_answers import HookedAnswer

JSON = b"content-type: application/json\r\n"
SSE = b"content-type: text/event-stream\r\n"
ANSWER = b'{"choices":[{"message":{"content":"hi"}}]}'
CHUNK = b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'
LOUD = Opening([Following(HookRule("mine", ("global",), Seen()), Changing(str.upper))])


def answering(client: Client, operation: Operation = "chat", *, is_array: bool = False) -> HookedAnswer:
    return HookedAnswer(client, operation, LOUD, headers=b"x: y\r\n", is_array=is_array)


def test_a_whole_answer_and_a_stream_are_looked_into() -> None:
    whole, stream = Client(), Client()
    answering(whole).answer(200, JSON, ANSWER)
    answer = answering(stream)
    answer.start(200, SSE, None)
    answer.write(CHUNK)
    answer.write(b": keep-alive\n\n")
    answer.finish()

    assert (whole.body, whole.headers) == (ANSWER.replace(b"hi", b"HI"), JSON + b"x: y\r\n")
    assert stream.body == CHUNK.replace(b"hi", b"HI") + b": keep-alive\n\n"
    assert stream.finished


def test_errors_and_what_is_no_json_pass_as_they_are() -> None:
    for status, kind in ((400, JSON), (200, b"content-type: audio/mpeg\r\n")):
        client = Client()
        answering(client).answer(status, kind, ANSWER)
        assert client.body == ANSWER
    sound = Client()
    answer = answering(sound, "speech")
    answer.start(200, b"content-type: audio/mpeg\r\n", 3)
    answer.write(b"abc")
    answer.finish()
    assert sound.body == b"abc"


def test_a_long_answer_is_looked_into_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    answer = answering(client)
    answer.start(200, JSON, len(ANSWER))
    for at in range(len(ANSWER)):
        answer.write(ANSWER[at : at + 1])
    assert not answer.started
    answer.finish()
    assert client.body == ANSWER.replace(b"hi", b"HI")

    monkeypatch.setattr(hooked_answers, "MAX_WHOLE_BYTES", 10)
    longer = answering(Client())
    longer.start(200, JSON, None)
    with pytest.raises(ProviderProtocolError):
        longer.write(ANSWER)


def test_a_stream_becomes_an_array_where_the_client_wants_one() -> None:
    client = Client()
    answer = answering(client, "generate_content", is_array=True)
    answer.start(200, SSE, None)
    for word in ("a", "b"):
        answer.write(b'data: {"candidates":[{"content":{"parts":[{"text":"%b"}]}}]}\n\n' % word.encode())
    answer.finish()

    assert client.headers == JSON + b"x: y\r\n"
    assert [one["candidates"][0]["content"]["parts"][0]["text"] for one in json.loads(client.body)] == ["A", "B"]


def test_where_nobody_looks_only_the_headers_are_added() -> None:
    client = Client()
    answer = HookedAnswer(client, "chat", None, headers=b"x: y\r\n")
    answer.start(200, SSE, None)
    answer.write(CHUNK[:5])
    assert (client.body, client.headers) == (CHUNK[:5], SSE + b"x: y\r\n")
    assert answer.flow is None
