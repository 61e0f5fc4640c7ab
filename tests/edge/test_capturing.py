import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.edge.serving import service
from tests.gateway.fakes import KEY, Client, Held, Notes, Provided, Scripted, catalog
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.openai.media import TRANSCRIPTIONS
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.capture import Captured, CaptureRules
from tokenrouter.domain.errors import ProviderCut
from tokenrouter.edge.capturing import TELLING_HEADER, Capture
from tokenrouter.edge.request import Request, RequestHead
from tokenrouter.edge.service import Service
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Directory

ANSWER = b'{"id":"c1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}'
BODY = json.dumps({"model": "acme/small", "messages": [{"role": "user", "content": "hello"}]}).encode()
EVENTS = [b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n', b'data: {"choices":[{"delta":{"content":"b"}}]}\n\n']
EVERYBODY = CaptureRules({"global": True})


class Kept:
    """Makes what it is given at once."""

    def __init__(self) -> None:
        self.captured: list[Captured] = []

    def put(self, make: Callable[[], Captured], size: int) -> None:
        self.captured.append(make())


def capturing(folder: Path, provided: Provided, rules: CaptureRules) -> tuple[Service, Kept]:
    serving, kept = service(folder, Notes(), provided), Kept()
    serving._capture._sink = kept
    serving._capture.apply(rules)
    return serving, kept


async def ask(serving: Service, body: bytes = BODY, query: bytes = b"", **headers: bytes) -> Client:
    sent = {
        b"authorization": b"Bearer " + KEY,
        **{name.replace("_", "-").encode(): value for name, value in headers.items()},
    }
    request, client = Request(RequestHead(b"POST", b"/v1/chat/completions", query, sent), body), Client()
    await serving.handle(request, client)  # type: ignore[arg-type]
    return client


async def test_a_request_and_its_answer_are_kept_as_the_client_sent_and_got_them(tmp_path: Path) -> None:
    serving, kept = capturing(tmp_path, Provided(Scripted(200, b"application/json", [ANSWER])), EVERYBODY)

    client = await ask(serving, query=b"key=AIzaSecret", x_conversation_id=b"c7", user_agent=b"curl/8")

    (one,) = kept.captured
    assert (one.request_body, one.answer_body, one.status, one.outcome) == (BODY, client.body, 200, "answered")
    assert (one.session, one.model, one.key, one.dialect, one.is_stream) == (
        "c7",
        "acme/small",
        "alice",
        "openai-chat",
        False,
    )
    assert (one.path, one.provider) == ("/v1/chat/completions?key=[redacted]", "acme")
    assert dict(one.request_headers)["authorization"] == "[redacted]"
    assert dict(one.request_headers)["user-agent"] == "curl/8"
    assert KEY.decode() not in repr(one)
    assert TELLING_HEADER in client.headers


async def test_who_is_not_named_is_neither_kept_nor_told(tmp_path: Path) -> None:
    for rules in (CaptureRules(), CaptureRules({"key:bob": True}), CaptureRules({"global": True, "key:alice": False})):
        serving, kept = capturing(tmp_path, Provided(Scripted(200, b"application/json", [ANSWER])), rules)
        client = await ask(serving)
        assert client.status == 200
        assert kept.captured == []
        assert TELLING_HEADER not in client.headers


async def test_a_refusal_is_kept_in_the_words_that_the_client_got(tmp_path: Path) -> None:
    serving, kept = capturing(tmp_path, Provided(Scripted(200, b"application/json", [ANSWER])), EVERYBODY)

    client = await ask(serving, b'{"messages":[]}')
    await ask(serving, b"no json")

    assert client.status == 400
    assert [(one.status, one.outcome) for one in kept.captured] == [(400, "refused"), (400, "refused")]
    assert kept.captured[0].answer_body == client.body
    assert TELLING_HEADER in client.headers


async def test_an_answer_that_breaks_off_is_kept_with_its_error(tmp_path: Path) -> None:
    cut = Scripted(200, b"text/event-stream", EVENTS, ProviderCut("gone", provider="acme"))
    serving, kept = capturing(tmp_path, Provided(cut), EVERYBODY)

    client = await ask(serving, BODY.replace(b"{", b'{"stream":true,', 1))

    (one,) = kept.captured
    assert (one.outcome, one.is_stream) == ("broken_off", True)
    assert one.answer_body == client.body
    assert b"gone" in one.answer_body


async def test_what_a_client_had_when_it_left_is_kept(tmp_path: Path) -> None:
    class Endless(Scripted):
        async def pump(self, sink: Callable[[bytes], None]) -> None:
            sink(EVENTS[0])
            await asyncio.Event().wait()

    serving, kept = capturing(tmp_path, Provided(Endless(200, b"text/event-stream", [])), EVERYBODY)
    task = asyncio.create_task(ask(serving, BODY.replace(b"{", b'{"stream":true,', 1)))
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    (one,) = kept.captured
    assert (one.outcome, one.status) == ("disconnected", 200)
    assert b'"a"' in one.answer_body


async def test_only_the_beginning_of_long_bodies_is_kept_and_how_long_they_were(tmp_path: Path) -> None:
    serving, kept = capturing(
        tmp_path, Provided(Scripted(200, b"application/json", [ANSWER])), CaptureRules({"global": True}, 10)
    )

    client = await ask(serving)

    (one,) = kept.captured
    assert (one.request_body, one.request_bytes) == (BODY[:10], len(BODY))
    assert (one.answer_body, one.answer_bytes) == (client.body[:10], len(client.body))


def call_of(head: CallHead) -> Call:
    return Call(head, b"", "req_1", 0.0, 0.0)


def test_files_and_unknown_keys_are_never_kept() -> None:
    directory = Directory(catalog(), b"")
    capture = Capture(Held(directory), Kept())
    was_on = capture.is_on
    capture.apply(EVERYBODY)
    digest = directory.digest([KEY])

    def is_kept(head: CallHead) -> bool:
        return capture.recording(call_of(head), Client()) is not None  # type: ignore[arg-type]

    assert (was_on, capture.is_on) == (False, True)
    assert is_kept(CallHead(CHAT, digest))
    assert is_kept(CallHead(MESSAGES, digest))
    assert not is_kept(CallHead(TRANSCRIPTIONS, digest))
    assert not is_kept(CallHead(CHAT, b"unknown"))


def test_a_changed_rule_counts_for_the_next_request_of_the_same_caller() -> None:
    directory = Directory(catalog(), b"")
    capture, call = Capture(Held(directory), Kept()), call_of(CallHead(CHAT, directory.digest([KEY])))
    for enabled in (True, False, True):
        capture.apply(CaptureRules({"global": True, "key:alice": enabled}))
        assert (capture.recording(call, Client()) is not None) is enabled  # type: ignore[arg-type]
