"""One answer, as it comes."""

import json
from collections.abc import Sequence
from itertools import count

import pytest

from tests.cli.answering import Answering
from tokenrouter.cli.client import NoAnswer, Server
from tokenrouter.cli.terminal.conversation import Answer, Manner, Piece, ask, find_cost

QUESTION = [{"role": "user", "content": "hi"}]


def streamed(events: Sequence[object], end: str = "[DONE]") -> bytes:
    return b"".join(f"data: {event}\n\n".encode() for event in [*map(json.dumps, events), end])


def delta(**said: object) -> dict[str, object]:
    return {"choices": [{"delta": said}]}


def answering(events: Sequence[object], **headers: str) -> Answering:
    return Answering(200, streamed(events), **{"content-type": "text/event-stream", **headers})


def test_words_and_thoughts_are_told_apart_and_all_is_noted() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 4}}
    end = {"choices": [{"delta": {}, "finish_reason": "length"}]}
    events = [delta(role="assistant", content=""), delta(reasoning_content="hm"), delta(content="a"), end]
    answer = Answer("m")
    with answering([*events, {"choices": [], "usage": usage}], **{"x-request-id": "req_1"}) as server:
        pieces = list(ask(Server(server.url), "m", QUESTION, answer, clock=map(float, count()).__next__))

    assert pieces == [Piece("hm", is_thought=True), Piece("a")]
    assert (answer.text, answer.thoughts, answer.finish_reason, answer.request_id) == ("a", "hm", "length", "req_1")
    assert (answer.input_tokens, answer.output_tokens, answer.reasoning_tokens) == (5, 9, 4)
    assert (answer.first_s, answer.took_s, answer.tokens_per_s) == (1.0, 2.0, 9.0)
    assert server.asked[0][3] == {
        "model": "m",
        "messages": QUESTION,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_wishes_are_sent_and_nothing_else() -> None:
    with answering([]) as server:
        list(ask(Server(server.url), "m", QUESTION, Answer("m"), Manner("low", 7, "talk-1")))

    body = server.asked[0][3]
    assert (body["reasoning_effort"], body["max_tokens"]) == ("low", 7)


@pytest.mark.parametrize(
    "event",
    [1, None, [], {}, {"choices": 1}, {"choices": [1]}, {"choices": [{"delta": 1}]}, delta(content=1), {"usage": "x"}],
)
def test_events_of_odd_shapes_add_nothing(event: object) -> None:
    answer = Answer("m")
    with answering([event, delta(content="a")]) as server:
        assert list(ask(Server(server.url), "m", QUESTION, answer)) == [Piece("a")]

    assert (answer.input_tokens, answer.reasoning_tokens, answer.tokens_per_s) == (0, 0, None)


def test_what_came_before_a_break_is_there() -> None:
    answer = Answer("m")
    body = streamed([delta(content="a")], end="{")
    with (
        Answering(200, body, **{"content-type": "text/event-stream"}) as server,
        pytest.raises(NoAnswer, match="middle of an event"),
    ):
        list(ask(Server(server.url), "m", QUESTION, answer))

    assert answer.text == "a"


@pytest.mark.parametrize(
    ("status", "told", "cost"),
    [
        (200, {"attempts": [{"provider": "a", "cost_usd": "0.1"}, {"provider": "b", "cost_usd": "0.02"}]}, "0.12"),
        (200, {"attempts": [{"provider": "a", "cost_usd": None}]}, None),
        (200, {"attempts": []}, None),
        (200, {"odd": 1}, None),
        (403, {"detail": "no"}, None),
    ],
)
def test_the_ledger_says_what_it_costs(status: int, told: object, cost: str | None) -> None:
    answer = Answer("m", request_id="req/1")
    with Answering(status, json.dumps(told).encode()) as server:
        find_cost(Server(server.url), answer)

    assert answer.cost_usd == cost
    assert [path for _, path, _, _ in server.asked] == ["/api/v1/ledger/req%2F1"]


@pytest.mark.parametrize(("header", "cost"), [("0.000000000", "0"), ("0.000268000", "0.000268"), ("much", None)])
def test_a_cost_that_was_told_is_not_asked_for(header: str, cost: str | None) -> None:
    answer = Answer("m")
    with answering([delta(content="a")], **{"x-tokenrouter-cost-usd": header}) as server:
        list(ask(Server(server.url), "m", QUESTION, answer))
        find_cost(Server(server.url), answer)

    assert answer.cost_usd == cost
    assert len(server.asked) == 1
