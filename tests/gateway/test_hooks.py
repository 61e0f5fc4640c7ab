"""What hooks see of a request, what they may do, and what becomes of it when they fail."""

import asyncio
import json
from dataclasses import replace

import pytest
import structlog

from tests.gateway.fakes import Client, Scripted, catalog
from tests.gateway.hooked import Changing, Seen, run
from tests.gateway.test_engine import ANSWER, CHUNK, DONE, JSON, LAST, SSE, body_of, call
from tokenrouter.dialects.openai.media import TRANSCRIPTIONS
from tokenrouter.domain.errors import GuardrailRefused, HookFailed, InputTooLarge, InvalidJson
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.hook_rules import HookRule
from tokenrouter.hooks import Follower, HookRequest, Refused

EVERYBODY = ("global",)


def asked(text: str = "hello", *, stream: bool = False) -> Call:
    return replace(call(stream=stream), body=_body(text, stream=stream))


def _body(text: str, *, stream: bool) -> bytes:
    messages = [{"role": "user", "content": text}]
    return json.dumps({"model": "acme/small", "messages": messages, "stream": stream, "n": 1}).encode()


def whole() -> Scripted:
    return Scripted(200, JSON, [ANSWER])


def rule(hook: Seen, **more: object) -> HookRule:
    return HookRule("mine", EVERYBODY, hook, **more)  # type: ignore[arg-type]


async def test_a_hook_sees_who_asks_what() -> None:
    hook = Seen()
    await run(asked(), [rule(hook)], whole())

    (request,) = hook.requests
    assert (request.key, request.team, request.model, request.operation) == ("alice", "physics", "acme/small", "chat")
    assert [(text.kind, text.value) for text in request.texts] == [("user", "hello")]


async def test_what_nobody_changes_goes_on_byte_for_byte() -> None:
    plain = await run(asked(), [], whole())
    seen = await run(asked(), [rule(Seen())], whole())

    assert body_of(seen.provided.asked[0]) == body_of(plain.provided.asked[0])
    assert seen.client.headers == plain.client.headers


async def test_what_a_hook_changes_goes_on_and_is_told() -> None:
    def shout(request: HookRequest) -> None:
        request.texts[0].value = "HELLO"

    made = await run(asked(), [rule(Seen(shout))], whole())

    assert body_of(made.provided.asked[0]) == body_of((await run(asked("HELLO"), [], whole())).provided.asked[0])
    assert b"x-tokenrouter-guardrails: mine\r\n" in made.client.headers


@pytest.mark.parametrize("scope", ["team:chemistry", "key:bob", "user:alice", "team:phys"])
async def test_whom_a_hook_is_not_for_it_does_not_see(scope: str) -> None:
    hook = Seen()
    await run(asked(), [HookRule("mine", (scope,), hook)], whole())
    assert hook.requests == []


@pytest.mark.parametrize("scope", ["team:physics", "key:alice", "global"])
async def test_whom_a_hook_is_for_it_sees(scope: str) -> None:
    hook = Seen()
    await run(asked(), [HookRule("mine", ("team:chemistry", scope), hook)], whole())
    assert len(hook.requests) == 1


@pytest.mark.parametrize(("is_too_large", "error"), [(False, GuardrailRefused), (True, InputTooLarge)])
async def test_what_a_hook_refuses_goes_no_further(is_too_large: bool, error: type[Exception]) -> None:
    def refuse(request: HookRequest) -> None:
        raise Refused("not here", is_too_large=is_too_large)

    with pytest.raises(error, match="not here"):
        await run(asked(), [rule(Seen(refuse))], whole())


def failing(request: HookRequest) -> None:
    request.texts[0].value = "changed"
    raise ValueError("the text was: hello")


async def test_a_hook_that_fails_lets_nothing_through_and_is_named_without_what_it_saw() -> None:
    with structlog.testing.capture_logs() as logged, pytest.raises(HookFailed, match="'mine'"):
        await run(asked(), [rule(Seen(failing))], whole())

    (line,) = logged
    assert (line["hook"], line["error"], line["log_level"]) == ("mine", "ValueError", "error")
    assert "hello" not in str(line)


async def test_where_it_is_set_so_a_request_goes_on_as_if_the_hook_had_not_been_there() -> None:
    made = await run(asked(), [rule(Seen(failing), fails_open=True)], whole())
    assert b"hello" in body_of(made.provided.asked[0])


async def test_a_hook_may_wait_but_not_for_ever() -> None:
    async def quick() -> Follower | None:
        await asyncio.sleep(0)
        return Changing(str.upper)

    async def slow() -> Follower | None:
        await asyncio.Event().wait()
        return None

    made = await run(asked(), [rule(Seen(lambda request: quick()), timeout_s=60)], whole())
    assert b'"HI"' in made.client.body
    with pytest.raises(HookFailed):
        await run(asked(), [rule(Seen(lambda request: slow()), timeout_s=0.01)], whole())


async def test_the_last_one_to_change_a_request_is_the_first_to_see_its_answer() -> None:
    first, second = (
        Seen(lambda request: Changing(lambda text: f"1{text}")),
        Seen(lambda request: Changing(lambda text: f"2{text}")),
    )
    made = await run(asked(), [rule(first), rule(second)], whole())
    assert b'"12hi"' in made.client.body


async def test_an_answer_is_ended_by_a_hook_in_the_words_of_its_dialect() -> None:
    def end(text: str) -> str:
        raise Refused("no more")

    client = Client()
    stream = Scripted(200, SSE, [CHUNK, LAST, DONE])
    with pytest.raises(GuardrailRefused):
        await run(asked(stream=True), [rule(Seen(lambda request: Changing(end)))], stream, client=client)
    with pytest.raises(GuardrailRefused):
        await run(asked(), [rule(Seen(lambda request: Changing(end)))], whole())


async def test_a_stream_that_a_hook_ends_has_an_error_as_its_last_event() -> None:
    seen: list[str] = []

    def end(text: str) -> str:
        if seen:
            raise Refused("no more")
        seen.append(text)
        return text

    client = Client()
    with pytest.raises(GuardrailRefused):
        await run(
            asked(stream=True),
            [rule(Seen(lambda request: Changing(end)))],
            Scripted(200, SSE, [CHUNK, CHUNK, LAST, DONE]),
            client=client,
        )
    assert client.finished
    assert client.body.startswith(CHUNK)
    assert b"no more" in client.body
    assert b"[DONE]" not in client.body


async def test_what_cannot_be_read_is_refused_by_whoever_has_to_read_everything() -> None:
    form = Call(replace(call().head, dialect=TRANSCRIPTIONS), b"--x\r\n", "req_1", 0.0, 0.0)
    with pytest.raises(GuardrailRefused, match="form"):
        await run(form, [rule(Seen(), refuses_unreadable=True)], whole())
    image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]}
    with pytest.raises(GuardrailRefused, match="image"):
        await run(call(messages=[image]), [rule(Seen(), refuses_unreadable=True)], whole())
    await run(call(messages=[image]), [rule(Seen())], whole())


async def test_a_body_that_two_readers_would_read_differently_is_refused() -> None:
    twice = replace(call(), body=b'{"model":"acme/small","messages":[{"role":"user","content":"a","content":"b"}]}')
    with pytest.raises(InvalidJson):
        await run(twice, [rule(Seen())], whole())


async def test_two_teams_with_rules_of_their_own_do_not_meet() -> None:
    def put(word: str) -> Seen:
        def change(request: HookRequest) -> Follower:
            request.texts[0].value = word
            return Changing(lambda text: f"{word} {text}")

        return Seen(change)

    rules = [HookRule("p", ("team:physics",), put("physics")), HookRule("c", ("team:chemistry",), put("chemistry"))]
    for team in ("physics", "chemistry"):
        made = await run(asked(), rules, whole(), catalog(team=team))
        assert team.encode() in body_of(made.provided.asked[0])
        assert f'"{team} hi"'.encode() in made.client.body
    made = await run(asked(), rules, whole(), catalog(team="biology"))
    assert b"hello" in body_of(made.provided.asked[0])
    assert made.client.body == ANSWER
