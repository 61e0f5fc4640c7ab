"""Whatever a client sends, in whatever dialect: its own error body and status, never a 500, never silence."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import spoiled
from tests.e2e.hostile.answers import TONGUES
from tests.e2e.hostile.asking import CLIENTS, Answered, Asker, Client, error_in, said
from tests.e2e.hostile.bodies import CONVERSATION, FULL
from tests.e2e.hostile.upstream import JSON, Upstream

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("hostile")]

OTHERS: tuple[object, ...] = (None, 7, -1.5, True, "", "x", [], {}, [7], {"type": "x"}, 10**30)
"""Values that take the place of any other."""
PAIRS = [(client, provider) for client, provider in itertools.product(CLIENTS, TONGUES) if client != provider]
each_pair = pytest.mark.parametrize(("client", "provider"), PAIRS)
each_client = pytest.mark.parametrize("client", CLIENTS)


def named(client: Client, provider: str, body: dict[str, Any], *, stream: bool = False) -> dict[str, Any]:
    """Return `body` with its model, where the dialect has that in the body."""
    return body if client == "gemini" else {"model": f"{provider}/m", "stream": stream} | body


def answered(
    asker: Asker, upstream: Upstream, client: Client, provider: str, body: Any, *, stream: bool = False
) -> Answered:
    """Send `body`; the provider would answer it well, as a stream where one was asked for."""
    tongue = TONGUES[provider]
    asks_stream = stream if client == "gemini" else body.get("stream") is True
    upstream.lay(*((tongue.stream, tongue.stream_type) if asks_stream else (tongue.whole, JSON)))
    return asker.send(client, json.dumps(body), f"{provider}/m", stream=stream)


def require_told_or_served(client: Client, answer: Answered) -> None:
    if answer.status != 200:
        error_in(client, answer)
        assert answer.status in (400, 404)


def replaced(value: Any, other: object) -> Iterator[Any]:
    """Yield `value` with each value in it, at any depth, replaced by `other`."""
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in places:
        for changed in (other, *replaced(inner, other)):
            copy = value.copy()
            copy[key] = changed
            yield copy


@each_client
@pytest.mark.parametrize("provider", TONGUES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_request_that_uses_all_of_its_dialect_is_served(
    client: Client, provider: str, stream: bool, asker: Asker, upstream: Upstream
) -> None:
    body = named(client, provider, FULL[client], stream=stream)

    assert answered(asker, upstream, client, provider, body, stream=stream).status == 200


@each_client
@pytest.mark.parametrize("other", OTHERS, ids=repr)
def test_a_wrong_type_at_any_place_is_told_or_served(
    client: Client, other: object, asker: Asker, upstream: Upstream
) -> None:
    """Each place is tried with one provider after the other."""
    others = [provider for provider in TONGUES if provider != client]
    for number, changed in enumerate(replaced({"stream": False, **FULL[client]}, other)):
        provider = others[number % len(others)]
        body = named(client, provider, changed)

        require_told_or_served(client, answered(asker, upstream, client, provider, body))


@each_client
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(provider=st.sampled_from(list(TONGUES)), stream=st.booleans(), data=st.data())
def test_several_wrong_types_are_told_or_served(
    client: Client, provider: str, stream: bool, data: st.DataObject, asker: Asker, upstream: Upstream
) -> None:
    changed = dict(FULL[client])
    for _ in range(data.draw(st.integers(1, 4))):
        key = data.draw(st.sampled_from(sorted(changed)))
        changed[key] = spoiled(changed[key], data)
    body = named(client, provider, changed, stream=stream)

    require_told_or_served(client, answered(asker, upstream, client, provider, body, stream=stream))


@each_client
@pytest.mark.parametrize(
    "body",
    [b"", b"oops", b"[1]", b"7", b'"x"', b'{"model":', b"\xff\xfe", b'{"a":1}{"b":2}', b'{"a":1,"a":2}'],
)
def test_what_is_no_json_object_is_told(client: Client, body: bytes, asker: Asker) -> None:
    answer = asker.send(client, body, "chat/m")

    assert answer.status == 400
    assert "body" in error_in(client, answer)


@each_client
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_deep_nest_is_told(client: Client, opening: str, asker: Asker) -> None:
    closing = {"[": "]", '{"a":': "}"}[opening]
    body = f'{{"model":"chat/m","{CONVERSATION[client]}":{opening * 10_000}1{closing * 10_000}}}'

    answer = asker.send(client, body, "chat/m")

    assert answer.status == 400
    assert "nested too deeply" in error_in(client, answer)


@each_client
@pytest.mark.parametrize(("model", "status"), [("resting/m", 404), ("chat/" + "m" * 300, 400)])
def test_a_model_that_cannot_be_is_told(client: Client, model: str, status: int, asker: Asker) -> None:
    answer = asker.ask(client, model)

    assert answer.status == status
    assert "odel" in error_in(client, answer)


@each_pair
def test_a_model_that_the_provider_does_not_know_is_told(
    client: Client, provider: str, asker: Asker, upstream: Upstream
) -> None:
    upstream.lay(TONGUES[provider].error.replace(b"it is broken", b"no model m"), status=404)

    answer = asker.ask(client, f"{provider}/m")

    assert answer.status == 404
    assert re.search(f"'{provider}'.*no model m", error_in(client, answer))


@pytest.mark.parametrize("client", ["chat", "responses", "messages"])
@pytest.mark.parametrize("model", [None, "", 7, ["chat/m"], {}])
def test_a_model_that_is_none_is_told(client: Client, model: object, asker: Asker) -> None:
    body = said(client, "chat/m")
    body = body | {"model": model} if model is not None else {key: body[key] for key in body if key != "model"}

    answer = asker.send(client, json.dumps(body), "chat/m")

    assert answer.status == 400
    assert "'model'" in error_in(client, answer)


@each_pair
def test_an_empty_conversation_is_told(client: Client, provider: str, asker: Asker) -> None:
    answer = asker.send(client, json.dumps(said(client, f"{provider}/m") | {CONVERSATION[client]: []}), f"{provider}/m")

    assert answer.status == 400
    assert "empty" in error_in(client, answer)


@each_client
def test_a_missing_conversation_is_told(client: Client, asker: Asker) -> None:
    provider = "gemini" if client == "chat" else "chat"
    body = said(client, f"{provider}/m")
    del body[CONVERSATION[client]]

    answer = asker.send(client, json.dumps(body), f"{provider}/m")

    assert answer.status == 400
    assert error_in(client, answer)


@each_pair
def test_an_unknown_role_is_told_with_its_place(client: Client, provider: str, asker: Asker) -> None:
    turn = {"role": "wizard", "content": "x", "parts": [{"text": "x"}]}
    body = said(client, f"{provider}/m") | {CONVERSATION[client]: [turn]}

    answer = asker.send(client, json.dumps(body), f"{provider}/m")

    assert answer.status == 400
    assert "wizard" in error_in(client, answer)
    assert f"{CONVERSATION[client]}[0].role".encode() in answer.body


@each_pair
def test_an_unknown_part_is_told_with_its_place(
    client: Client, provider: str, asker: Asker, upstream: Upstream
) -> None:
    """Anthropic's clients send new kinds of blocks ahead of everybody: there it is dropped, and a header says so."""
    content = "parts" if client == "gemini" else "content"
    body = said(client, f"{provider}/m") | {
        CONVERSATION[client]: [{"role": "user", content: [{"type": "smell", "smell": "x"}]}]
    }

    answer = answered(asker, upstream, client, provider, body)

    if client == "messages":
        assert (answer.status, answer.dropped) == (200, "part.foreign")
        return
    assert answer.status == 400
    assert error_in(client, answer)
    assert f"{CONVERSATION[client]}[0].{content}[0]".encode() in answer.body


@each_client
@pytest.mark.parametrize("provider", TONGUES)
def test_a_huge_text_is_served(client: Client, provider: str, asker: Asker, upstream: Upstream) -> None:
    text = "ä😀" * 1_000_000
    body = json.dumps(said(client, f"{provider}/m"), ensure_ascii=False).replace('"x"', f'"{text}"')
    upstream.lay(TONGUES[provider].whole)

    assert asker.send(client, body.encode(), f"{provider}/m").status == 200
    assert len(upstream.asked) > len(text.encode())


@each_client
def test_a_body_over_the_bound_is_told(client: Client, asker: Asker) -> None:
    answer = asker.announce(client, "chat/m", size=64 * 2**20 + 1)

    assert answer.status == 413
    assert error_in(client, answer)


SIDES: list[tuple[Client, str, dict[str, Any]]] = [
    ("chat", "/v1/completions", {"model": "{}/m", "prompt": "x"}),
    ("chat", "/v1/embeddings", {"model": "{}/m", "input": "x"}),
    ("responses", "/v1/responses/input_tokens", {"model": "{}/m", "input": "x"}),
    ("messages", "/v1/messages/count_tokens", {"model": "{}/m", "messages": [{"role": "user", "content": "x"}]}),
    ("gemini", "/v1beta/models/{}/m:countTokens", {"contents": [{"parts": [{"text": "x"}]}]}),
    ("gemini", "/v1beta/models/{}/m:embedContent", {"content": {"parts": [{"text": "x"}]}}),
    ("gemini", "/v1beta/models/{}/m:batchEmbedContents", {"requests": [{"content": {"parts": [{"text": "x"}]}}]}),
]
"""What else is asked in each dialect; the provider's name goes into the braces."""
each_side = pytest.mark.parametrize(("client", "path", "body"), SIDES, ids=[path for _, path, _ in SIDES])


@each_side
@pytest.mark.parametrize("bad", [b"", b"oops", b"[1]", b'{"a":1,"a":2}', b'{"a":' + b"[" * 9999 + b"]" * 9999 + b"}"])
def test_what_is_no_good_object_is_told_beside_conversations_too(
    client: Client, path: str, body: dict[str, Any], bad: bytes, asker: Asker
) -> None:
    answer = asker.post(path.format("chat"), bad)

    assert answer.status == 400
    assert "body" in error_in(client, answer)


@each_side
@pytest.mark.parametrize("provider", TONGUES)
def test_a_wrong_type_is_told_or_served_beside_conversations_too(
    client: Client, path: str, body: dict[str, Any], provider: str, asker: Asker, upstream: Upstream
) -> None:
    """The provider has no good answer ready, so that what is served may end in its 502."""
    upstream.lay(TONGUES[provider].whole)
    for other in OTHERS:
        for changed in replaced({key: value for key, value in body.items() if key != "model"}, other):
            told = {"model": f"{provider}/m", **changed} if "model" in body else changed

            answer = asker.post(path.format(provider), json.dumps(told).encode())

            if answer.status != 200:
                error_in(client, answer)
                assert answer.status in (400, 404, 502)
