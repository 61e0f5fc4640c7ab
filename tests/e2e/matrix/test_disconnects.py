"""A client that hangs up in the middle of a stream: its provider is closed, and what was delivered is charged."""

import http.client
import itertools
import json
from typing import Any

import pytest

from tests.e2e.matrix.books import billed, rows
from tests.e2e.matrix.conftest import PROVIDERS, Judge
from tests.e2e.matrix.talks import TALKS
from tokenrouter.testing.processes import GatewayProcess, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("matrix")]

WORDS = [{"role": "user", "content": "go"}]
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": WORDS, "stream": True}),
    "responses": ("/v1/responses", {"input": "go", "stream": True}),
    "messages": ("/v1/messages", {"messages": WORDS, "max_tokens": 9000, "stream": True}),
    "gemini": ("/v1beta/models/{}:streamGenerateContent?alt=sse", {"contents": [{"parts": [{"text": "go"}]}]}),
}
MODEL = "lorem-4000@50"
PAIRS = list(itertools.product(TALKS, PROVIDERS))


def hang_up(running: GatewayProcess, client: str, provider: str) -> str:
    """Ask, read a while, and close the connection; return the request's id."""
    path, body = ASKED[client]
    name = f"{provider}/{MODEL}"
    connection = http.client.HTTPConnection(running.address, timeout=60)
    headers = {"authorization": f"Bearer {running.key}"}
    connection.request("POST", path.format(name), json.dumps({**body, "model": name}), headers)
    answer = connection.getresponse()
    read = b""
    while read.count(b"data: ") < 20:
        read += answer.read1(4096)
    connection.close()
    return answer.headers["request-id"] or answer.headers["x-request-id"]


@pytest.mark.parametrize(("client", "provider"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_hanging_up_ends_the_providers_work(
    crossroads: GatewayProcess, judge: Judge, client: str, provider: str
) -> None:
    name = hang_up(crossroads, client, provider)
    wait_until("the provider to be closed", lambda: name in billed(judge.sandbox))
    line = billed(judge.sandbox)[name]
    wait_until("the row", lambda: name in rows(crossroads))
    row = rows(crossroads)[name]

    assert line["end"] == "client_closed"
    assert line["completion_tokens"] < 4000
    assert row["end_reason"] == "client_disconnect"
    assert row["estimated"] or provider == "gemini", "only this dialect tells the usage with every chunk"
    assert row["output_tokens"] >= 10
