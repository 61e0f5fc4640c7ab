"""Waits, limits and refusals on the way to an answer, and what is told where no place gives one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.hostile.asking import CLIENTS, Asker, Client, error_in
from tests.e2e.hostile.wire import head
from tests.e2e.matrix.books import billed
from tests.e2e.routing.conftest import Place
from tests.e2e.routing.waits import ONCE, once
from tokenrouter.testing.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("routing")]

NOW = "Sat, 21 Nov 2026 12:00:00 GMT"
SOON = "Sat, 21 Nov 2026 12:00:01 GMT"
LATE = "Sat, 21 Nov 2026 12:01:00 GMT"
FULL = b'{"error":{"message":"full","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}'
WORDS = [{"role": "user", "content": "hello"}]
CLOCKS_DIFFER_US = 100_000
"""By how much two moments of the wall clock may be nearer to each other than the steady one's."""


class InTurn:
    """Gives one answer after the other, each as the pieces of one request."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = iter(answers)

    def __iter__(self) -> Iterator[bytes]:
        yield next(self._answers)


@pytest.fixture
def asker(place: Place) -> Iterator[Asker]:
    """A connection to the gateway."""
    asker = Asker(place.gateway.address, place.gateway.key)
    yield asker
    asker.close()


def settled(place: Place, model: str) -> list[Any]:
    """Return the rows of what asked for `model`, once the one is there that counts."""
    wait_until("the counted row", lambda: any(row["count"] for row in place.rows(model)))
    return place.rows(model)


def refused(*lines: str) -> bytes:
    return head("application/json", *lines, f"content-length: {len(FULL)}", status="429 Too Many Requests") + FULL


def whole() -> bytes:
    message = {"role": "assistant", "content": "hi"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    body = json.dumps({"id": "c", "object": "chat.completion", "choices": choices, "usage": usage}).encode()
    return head("application/json", f"content-length: {len(body)}") + body


@pytest.mark.parametrize(("client", "stream"), ONCE)
def test_the_only_place_is_waited_for_as_long_as_it_asks(
    place: Place, asker: Asker, client: Client, stream: bool
) -> None:
    model = f"to-{once(client, stream=stream)}"
    answer = asker.ask(client, model, stream=stream)
    first, second = settled(place, model)

    assert answer.status == 200
    assert answer.headers["x-tokenrouter-attempts"] == "2"
    assert (first["status"], first["count"], first["cost_nano_usd"] or 0, first["output_tokens"]) == (429, 0, 0, 0)
    assert (second["status"], second["count"]) == (200, 1)
    waited_us = second["started_us"] - first["started_us"]
    assert waited_us >= 1_000_000 - CLOCKS_DIFFER_US, "Retry-After: 1"


def test_a_date_is_waited_for_as_seconds_are(place: Place, asker: Asker) -> None:
    place.wire.lay_all(InTurn(refused(f"date: {NOW}", f"retry-after: {SOON}"), whole()))
    answer = asker.ask("chat", "dated-1")
    first, second = settled(place, "dated-1")

    assert answer.status == 200
    waited_us = second["started_us"] - first["started_us"]
    assert waited_us >= 1_000_000 - CLOCKS_DIFFER_US


@pytest.mark.parametrize("told", [f"retry-after: {LATE}", "retry-after: 60"], ids=["date", "seconds"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_wait_that_is_too_long_is_left_to_the_client(place: Place, asker: Asker, client: Client, told: str) -> None:
    model = f"dated-{client}-{len(told)}"
    place.wire.lay(refused(f"date: {NOW}", told))
    answer = asker.ask(client, model)
    (row,) = settled(place, model)

    assert answer.status == 429
    expected = told.partition(": ")[2] if client == "chat" else "60"
    assert answer.headers["retry-after"] == expected, "in the provider's own dialect as it said it"
    assert "full" in error_in(client, answer)
    assert (row["status"], row["count"], row["end_reason"]) == (429, 1, "provider_error")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("client", CLIENTS)
def test_where_all_places_fail_the_last_ones_error_is_told(
    place: Place, asker: Asker, client: Client, stream: bool
) -> None:
    last, number = ("gemini" if stream else "messages"), 10 + 2 * CLIENTS.index(client) + stream
    model = f"lost-{'stream' if stream else 'whole'}-{number}"
    answer = asker.ask(client, model, stream=stream)
    attempts = settled(place, model)

    assert answer.status == 500
    assert error_in(client, answer)
    assert [row["provider"] for row in attempts] == ["chat", last, last, last]
    assert [row["status"] for row in attempts] == [503, 500, 500, 500]
    assert [row["count"] for row in attempts] == [0, 0, 0, 1]
    starts = [row["started_us"] for row in attempts]
    assert starts[2] - starts[1] >= 125_000 - CLOCKS_DIFFER_US
    assert starts[3] - starts[2] >= 250_000 - CLOCKS_DIFFER_US
    assert not any(row["cost_nano_usd"] for row in attempts)


def test_a_place_that_refuses_our_credentials_is_left_alone(place: Place, asker: Asker) -> None:
    first, second = (asker.ask("chat", "renewed") for _ in range(2))
    wait_until("the rows", lambda: len(place.rows("renewed")) == 3)

    assert (first.status, second.status) == (200, 200)
    assert (first.headers["x-tokenrouter-attempts"], "x-tokenrouter-attempts" in second.headers) == ("2", False)
    assert [row["provider"] for row in place.rows("renewed")] == ["chat", "gemini", "gemini"]


def test_what_one_dialect_cannot_say_is_asked_where_it_can_be_said(place: Place, asker: Asker) -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    body = {"model": "sounds", "messages": [{"role": "user", "content": [{"type": "text", "text": "what?"}, sound]}]}
    answer = asker.send("chat", json.dumps(body), "sounds")
    (row,) = settled(place, "sounds")

    assert (answer.status, answer.headers["x-tokenrouter-provider"]) == (200, "chat")
    assert (row["provider"], row["count"]) == ("chat", 1)


def test_what_no_dialect_can_say_is_told_once_and_asked_nowhere(place: Place, asker: Asker) -> None:
    answer = asker.send("chat", json.dumps({"model": "strict", "messages": [{"role": "wizard"}]}), "strict")
    (row,) = settled(place, "strict")

    assert "wizard" in error_in("chat", answer)
    assert (row["status"], row["end_reason"], row["count"]) == (400, "client_error", 1)
    assert row["id"].partition(".")[0] not in {name.partition(".")[0] for name in billed(place.sandbox) if name}


def test_a_place_whose_limit_is_full_is_passed_over(place: Place, asker: Asker) -> None:
    answer = asker.ask("messages", "blocked")
    (row,) = settled(place, "blocked")

    assert (answer.status, answer.headers["x-tokenrouter-provider"]) == (200, "chat")
    assert (row["provider"], row["count"]) == ("chat", 1)


def test_however_often_a_request_is_tried_it_counts_once(place: Place, asker: Asker) -> None:
    before = place.used
    assert before is not None
    asker.ask("chat", "lost-whole-40")
    asker.ask("chat", "lorem-20")

    wait_until("both are counted", lambda: (place.used or 0) >= before + 2)
    assert place.used == before + 2
