"""What our ledger says of each pair, beside what the provider's own books say: every token, whole and streamed."""

import itertools
import json
import sqlite3
from typing import Any

import pytest

from tests.e2e.matrix.conftest import CLOUDS, PROVIDERS, Judge
from tests.e2e.matrix.talks import TALKS, Tool, Wishes
from tokenrouter.testing.processes import GatewayProcess, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("matrix")]

MODELS = {
    **{name: f"{name}/{{}}" for name in PROVIDERS},
    **{name: f"{name}/{{}}" for name in CLOUDS if name != "vertex"},
    "vertex-gemini": "vertex/google/{}",
    "vertex-claude": "vertex/anthropic/{}",
}
PAIRS = list(itertools.product(TALKS, MODELS))
FIELDS = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "cached_input_tokens": "cached_tokens",
    "reasoning_tokens": "reasoning_tokens",
}
"""Our columns by the books' names."""
UNREPORTED = {("bedrock", "reasoning_tokens")}
"""What a provider bills without telling it apart."""
LONG = "The same long beginning of every prompt. " * 200
WEATHER = Tool("get_weather", {"type": "object", "properties": {"city": {"type": "string"}}})


def rows(running: GatewayProcess) -> dict[str, Any]:
    """Return the ledger's rows by request id."""
    with sqlite3.connect(running.home.path / "data" / "tokenrouter.db", timeout=20) as connection:
        connection.row_factory = sqlite3.Row
        if not connection.execute("SELECT name FROM sqlite_master WHERE name = 'tr_ledger'").fetchall():
            return {}
        return {row["id"]: row for row in connection.execute("SELECT * FROM tr_ledger")}


def billed(judge: Judge) -> dict[str, Any]:
    """Return what the provider has billed, by our request id."""
    lines = [json.loads(line) for line in judge.sandbox.books.read_text().splitlines()]
    ours = {line["id"]: line.get("x-request-id") for line in lines if line["event"] == "begin"}
    return {ours[line["id"]]: line for line in lines if line["event"] == "end" and ours.get(line["id"])}


@pytest.mark.parametrize(("client", "provider"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_every_token_is_counted_as_the_provider_bills_it(
    crossroads: GatewayProcess, judge: Judge, client: str, provider: str
) -> None:
    before = set(billed(judge))
    for stream in (False, True):
        for model, wishes in (("echo", Wishes()), ("thinker-open", Wishes(effort="low", max_tokens=4000))):
            name = MODELS[provider].format(model)
            talk = TALKS[client](crossroads.origin, crossroads.key, name, system=LONG, tools=(WEATHER,))
            talk.say("use tool get_weather", stream=stream, wishes=wishes)
            talk.answer_calls("sunny", stream=stream, wishes=wishes)
    asked = {name: line for name, line in billed(judge).items() if name not in before}
    wait_until("the rows", lambda: set(asked) <= set(rows(crossroads)), 60)
    ledger = rows(crossroads)

    assert len(asked) == 8
    for name, line in asked.items():
        row = ledger[name]
        reported = [ours for ours in FIELDS if (provider, ours) not in UNREPORTED]
        assert {ours: row[ours] for ours in reported} == {ours: line[FIELDS[ours]] for ours in reported}
        assert row["end_reason"] == "completed"
        assert not row["estimated"]
