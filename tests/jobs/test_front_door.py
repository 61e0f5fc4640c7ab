import json

import pytest

from tests.jobs.little_servers import little_server
from tokenrouter.jobs.benchmark import ChatFailed, Said
from tokenrouter.jobs.front_door import MAX_ANSWER_BYTES, FrontDoor, own_address
from tokenrouter.upstream.client import UpstreamClient

CHAT = "/v1/chat/completions"


def stream(*events: object) -> str:
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


def words(text: str) -> object:
    return {"choices": [{"delta": {"content": text}}]}


USED = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


async def said(told: object, ticks: list[float]) -> Said:
    with little_server({CHAT: told}) as server:
        async with UpstreamClient() as upstream:
            door = FrontDoor(upstream, lambda: f"http://127.0.0.1:{server.port}", iter(ticks).__next__)
            return await door.chat("tr_key", "acme/small", "hello")


async def test_the_front_door_is_asked_as_clients_do_and_tells_when_the_answer_began() -> None:
    told = stream({"choices": [{"delta": {"role": "assistant"}}]}, words("He"), words("llo"), USED)

    assert await said(told, [100.0, 100.5, 102.0]) == Said(7, 3, 0.5, 2.0)


async def test_thoughts_are_a_beginning_too() -> None:
    told = stream({"choices": [{"delta": {"reasoning_content": "hm"}}]}, words("Hi"), USED)

    assert await said(told, [0.0, 0.25, 1.0]) == Said(7, 3, 0.25, 1.0)


async def test_an_answer_without_a_word_began_never() -> None:
    assert await said(stream(USED), [0.0, 1.0]) == Said(7, 3, None, 1.0)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ((429, {"error": {"message": "quota exceeded"}}), "status 429: quota exceeded"),
        ((500, "oh no"), "status 500: no reason was given"),
        ("no stream", "no stream of events"),
        (stream(words("Hi")), "does not say what it used"),
        ("data: {\n\n", "cannot be read"),
        (stream(words("Hi"), {"error": {"message": "it fell over"}}), "it fell over"),
        (stream(words("x" * (MAX_ANSWER_BYTES + 1))), "too long"),
    ],
    ids=["refused", "broken", "no stream", "no usage", "no JSON", "broken off", "endless"],
)
async def test_what_is_no_good_answer_is_told_in_words(told: object, reason: str) -> None:
    with pytest.raises(ChatFailed, match=reason):
        await said(told, [0.0] * 10)


async def test_a_gateway_that_is_away_is_told_too() -> None:
    with little_server({}) as server:
        port = server.port
    async with UpstreamClient() as upstream:
        with pytest.raises(ChatFailed):
            await FrontDoor(upstream, lambda: f"http://127.0.0.1:{port}").chat("k", "m", "w")


@pytest.mark.parametrize(
    ("listens", "address"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:80", "http://[::1]:80"),
        (":80", "http://127.0.0.1:80"),
        ("192.0.2.7:80", "http://192.0.2.7:80"),
    ],
)
def test_the_gateway_is_reached_where_it_listens(listens: str, address: str) -> None:
    assert own_address(listens) == address
