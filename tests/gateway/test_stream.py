"""How streams end: the client gets one whole HTTP answer, whatever the provider does and whenever keep-alives come."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e.hostile.answers import TONGUES
from tests.e2e.hostile.asking import CLIENTS, Client, said
from tests.gateway.fakes import KEY, Notes, Provided, catalog, gateway
from tokenrouter.dialects.base import Dialect
from tokenrouter.domain.catalog import Catalog, Policy, Provider
from tokenrouter.domain.errors import GatewayError, ProviderCut, ProviderProtocolError, ProviderTimeout
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.ledger import Operation
from tokenrouter.edge.paths import find
from tokenrouter.edge.request import RequestHead
from tokenrouter.edge.service import tell
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.ports import Flow

PATHS = {
    "chat": b"/v1/chat/completions",
    "responses": b"/v1/responses",
    "messages": b"/v1/messages",
    "gemini": b"/v1beta/models/p/m:streamGenerateContent",
}
ENDS = {"chat": b"data: [DONE]\n\n", "responses": b"response.completed", "messages": b"message_stop"}
KINDS = {
    "chat": ("openai-compatible", "http://127.0.0.1:9/v1", "k"),
    "responses": ("openai", "http://127.0.0.1:9/v1", "k"),
    "messages": ("anthropic", "http://127.0.0.1:9", "k"),
    "gemini": ("google-gemini", "http://127.0.0.1:9/v1beta", "k"),
    "converse": (
        "amazon-bedrock",
        "http://127.0.0.1:9",
        "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ),
}
PAIRS = list(itertools.product(CLIENTS, TONGUES))
WHOLE = [(client, provider) for client, provider in PAIRS if provider != "gemini"]
"""Pairs whose provider says when its stream is over; Google's ends with its connection."""
NOW_S = 1_795_000_000.0
"""When everything is asked, so that two answers to one question are equal."""
CUT = ProviderCut("cut", provider="p")
LATE = ProviderTimeout("late", provider="p", phase="between_bytes")
SPOILED = ProviderProtocolError("no chunk", provider="p")


class StrictClient:
    """A client's side that takes nothing out of order: one head, then the body, then its end."""

    def __init__(self) -> None:
        self.started = self.finished = False
        self.flow: Flow | None = None
        self.status = 0
        self.body = b""

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        self.start(status, headers, len(body))
        self.write(body)
        self.finish()

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        assert not self.started, "a second head"
        self.started, self.status = True, status

    def write(self, data: bytes) -> None:
        assert self.started, "a body without a head"
        assert not self.finished, "a body after its end"
        self.body += data

    def finish(self) -> None:
        assert self.started, "an end without a head"
        assert not self.finished, "a second end"
        self.finished = True


class Paced:
    """A provider's stream in `pieces`, before each of which something else may happen; then it ends as told."""

    def __init__(
        self, kind: str, pieces: list[bytes], ending: Exception | None, between: Callable[[int], None]
    ) -> None:
        self.status = 200
        self.headers = {b"content-type": kind.encode()}
        self.complete = False
        self._pieces, self._ending, self._between = pieces, ending, between

    def take(self) -> bytes:
        return b""

    async def pump(self, sink: Callable[[bytes], None]) -> None:
        for number, piece in enumerate(self._pieces):
            self._between(number)
            await asyncio.sleep(0)
            sink(piece)
        self._between(len(self._pieces))
        await asyncio.sleep(0)
        if self._ending is not None:
            raise self._ending

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def fail(self, error: GatewayError) -> None: ...

    def lift_deadline(self) -> None: ...

    def close(self) -> None: ...


def one_provider(name: str) -> Catalog:
    kind, base_url, secret = KINDS[name]
    operations: tuple[Operation, ...] = ("responses",) if name == "responses" else ()
    provider = Provider("p", kind, base_url, secret=secret, models=("m",), operations=operations)
    return catalog(providers=(provider,))


def asking(client: Client) -> tuple[Call, RequestHead]:
    path = PATHS[client]
    target = find(path)
    assert target is not None
    dialect: Dialect | None = target.dialect
    assert dialect is not None
    body = json.dumps(said(client, "p/m", stream=True)).encode()
    head = CallHead(dialect, key_digest(KEY, b""), model=target.model, stream=target.stream)
    return Call(head, body, "req_1", NOW_S, time.monotonic()), RequestHead(b"POST", path)


async def streamed(
    client: Client,
    provider: str,
    pieces: list[bytes],
    ending: Exception | None = None,
    *,
    keep_alive_before: frozenset[int] = frozenset(),
) -> tuple[StrictClient, Notes]:
    """Ask for a stream; a keep-alive is due before the pieces of these numbers."""
    notes, taker = Notes(), StrictClient()
    provided = Provided(CUT)
    asked = gateway(provided, notes, one_provider(provider))
    asked.apply(Policy(keep_alive_s=0.0, hold_first_byte_s=0.0))

    def between(number: int) -> None:
        if number in keep_alive_before:
            for exchange in asked.in_flight:
                exchange.touched = False
                asked._keep_alive(exchange, time.monotonic())

    provided.outcome = Paced(TONGUES[provider].stream_type, pieces, ending, between)
    call, _ = asking(client)
    try:
        await asked.serve(call, taker)
    except GatewayError as error:
        tell(error, call.head.dialect, "req_1", taker)  # type: ignore[arg-type]  # what the edge does
    return taker, notes


@pytest.mark.parametrize("ending", [CUT, LATE, SPOILED], ids=["cut", "late", "spoiled"])
@pytest.mark.parametrize(("client", "provider"), WHOLE)
async def test_what_goes_wrong_after_the_last_event_concerns_nobody(
    client: Client, provider: str, ending: Exception
) -> None:
    stream = TONGUES[provider].stream
    expected, _ = await streamed(client, provider, [stream])

    taker, notes = await streamed(client, provider, [stream], ending)

    assert taker.finished
    assert taker.body == expected.body
    assert notes.ended[0].end_reason == "completed"


@settings(max_examples=400, deadline=None)
@given(pair=st.sampled_from(PAIRS), data=st.data())
def test_every_answer_has_a_head_a_body_and_an_end(pair: tuple[Client, str], data: st.DataObject) -> None:
    client, provider = pair
    tongue = TONGUES[provider]
    stream = data.draw(st.sampled_from([tongue.stream, tongue.first + tongue.error_event, tongue.error_event, b""]))
    stream = stream[: data.draw(st.integers(0, len(stream)))] if data.draw(st.booleans()) else stream
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in itertools.pairwise([0, *cuts, len(stream)])]
    due = data.draw(st.frozensets(st.integers(0, len(pieces))))
    ending = data.draw(st.sampled_from([None, CUT, LATE, SPOILED]))

    taker, notes = asyncio.run(streamed(client, provider, pieces, ending, keep_alive_before=due))

    assert taker.finished
    (row,) = notes.ended
    if taker.status != 200:
        assert row.end_reason != "completed"
    elif row.end_reason != "completed":
        assert b"error" in taker.body
    elif client != "gemini":
        assert ENDS[client] in taker.body


@pytest.mark.parametrize(("client", "provider"), PAIRS)
async def test_an_error_after_a_keep_alive_is_told_in_the_stream(client: Client, provider: str) -> None:
    taker, notes = await streamed(client, provider, [TONGUES[provider].error_event], keep_alive_before=frozenset((0,)))

    assert b"it is broken" in taker.body
    assert taker.finished
    assert notes.ended[0].end_reason == "provider_error"
