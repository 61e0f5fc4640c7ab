"""What our ledger says of each pair, beside what the provider's own books say: every token, whole and streamed."""

import itertools

import pytest

from tests.e2e.matrix.books import FIELDS, bill, billed, rows
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
UNREPORTED = {("bedrock", "reasoning_tokens")}
"""What a provider bills without telling it apart."""
LONG = "The same long beginning of every prompt. " * 200
WEATHER = Tool("get_weather", {"type": "object", "properties": {"city": {"type": "string"}}})


@pytest.mark.parametrize(("client", "provider"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_every_token_is_counted_as_the_provider_bills_it(
    crossroads: GatewayProcess, judge: Judge, client: str, provider: str
) -> None:
    before = set(billed(judge.sandbox))
    for stream in (False, True):
        for model, wishes in (("echo", Wishes()), ("thinker-open", Wishes(effort="low", max_tokens=4000))):
            name = MODELS[provider].format(model)
            talk = TALKS[client](crossroads.origin, crossroads.key, name, system=LONG, tools=(WEATHER,))
            talk.say("use tool get_weather", stream=stream, wishes=wishes)
            talk.answer_calls("sunny", stream=stream, wishes=wishes)
    wait_until("the provider's books", lambda: len(set(billed(judge.sandbox)) - before) == 8)
    asked = {name: line for name, line in billed(judge.sandbox).items() if name not in before}
    wait_until("the rows", lambda: set(asked) <= set(rows(crossroads)))
    ledger = rows(crossroads)

    assert len(asked) == 8
    for name, line in asked.items():
        row = ledger[name]
        reported = [ours for ours in FIELDS if (provider, ours) not in UNREPORTED]
        assert {ours: row[ours] for ours in reported} == {ours: line[FIELDS[ours]] for ours in reported}
        assert row["cost_nano_usd"] == bill(line)
        assert row["price_source"].startswith("operator torod.toml:")
        assert row["end_reason"] == "completed"
        assert not row["estimated"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", ["messages", "chat"])
def test_what_is_written_to_caches_is_counted_by_how_long_it_lasts(
    crossroads: GatewayProcess, judge: Judge, provider: str, *, stream: bool
) -> None:
    before = set(billed(judge.sandbox))
    hour, minutes = ({"type": "ephemeral", "ttl": ttl} for ttl in ("1h", "5m"))
    long = f"{provider} {stream} {LONG}"
    body = {
        "model": f"{provider}/echo",
        "max_tokens": 100,
        "stream": stream,
        "system": [
            {"type": "text", "text": long, "cache_control": hour},
            {"type": "text", "text": long[::-1], "cache_control": minutes},
        ],
        "messages": [{"role": "user", "content": "hi"}],
    }
    for _ in range(2):
        assert crossroads.call("POST", "/v1/messages", json_body=body).status == 200
    wait_until("the provider's books", lambda: len(set(billed(judge.sandbox)) - before) == 2)
    asked = {name: line for name, line in billed(judge.sandbox).items() if name not in before}
    wait_until("the rows", lambda: set(asked) <= set(rows(crossroads)))
    ledger = rows(crossroads)

    assert len(asked) == 2
    for name, line in asked.items():
        assert {ours: ledger[name][ours] for ours in FIELDS} == {ours: line[theirs] for ours, theirs in FIELDS.items()}
        assert ledger[name]["cost_nano_usd"] == bill(line)
    if provider == "messages":
        written = max(ledger[name]["cache_write_1h_tokens"] for name in asked)
        assert 0 < written < max(ledger[name]["cache_write_tokens"] for name in asked)
