"""A school's gateway after a month: believable teams, keys, limits and requests, the same every time.

What can be made is made through the API, as its pages would; the past cannot be, so its rows are written into the
store. Everything hangs on one seed, and on the time at which it is made, which is the end of that month.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.ui.serving import TEAM, UiServer
from tokenrouter.domain.ledger import EndReason, LedgerEntry, Usage
from tokenrouter.store.ledger import Row, record

SEED: Final = 20261121
DAYS: Final = 30
LATELY: Final = 420
"""Requests of the last eight hours, so that the newest range is busy at whatever hour the pictures are made."""
_DAY_US: Final = 86_400_000_000
_HOURS: Final = (0, 0, 0, 0, 0, 0, 1, 3, 9, 12, 12, 9, 5, 9, 11, 8, 5, 4, 5, 6, 5, 3, 1, 0)
"""How busy each hour of a day is, UTC."""
_TEAMS: Final = (TEAM, "Chemistry 8a", "Robotics club", "Staff")
_PUPILS: Final = (
    ("Mia Larsen", TEAM),
    ("Tina Novak", TEAM),
    ("Jonas Berg", TEAM),
    ("Aiko Tanaka", TEAM),
    ("Luca Romano", "Chemistry 8a"),
    ("Sara Haddad", "Chemistry 8a"),
    ("Emil Lund", "Robotics club"),
    ("Zofia Zielinska", "Robotics club"),
    ("Noah Okafor", "Robotics club"),
    ("Adam Weiss", "Staff"),
    ("Ines Costa", "Staff"),
)
_TOOLS: Final = ("openai-python", "curl", "claude-code", "opencode", "codex", "continue")
_ASKED: Final = (
    "Why is the sky blue, and why are sunsets red?",
    "Explain the difference between speed and velocity with an example from cycling.",
    "Write a haiku about an unfinished lab report.",
    "How do I balance Fe + O2 -> Fe2O3?",
    "Turn this table into CSV: element, symbol, mass; iron, Fe, 55.85; oxygen, O, 16.00",
    "What does a PID controller do? Two sentences.",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A model of the past: its share of requests, its price in nano-dollars per token, its speed."""

    provider: str
    model: str
    share: int
    input_nano_usd: int
    output_nano_usd: int
    tokens_per_s: float
    first_token_ms: int


_OFFERS: Final = (
    Offer("northwind", "atlas-mini", 40, 150, 600, 140.0, 280),
    Offer("northwind", "atlas-large", 14, 2_500, 10_000, 62.0, 640),
    Offer("meridian", "sonata-4", 22, 3_000, 15_000, 74.0, 780),
    Offer("meridian", "sonata-4-light", 10, 800, 4_000, 118.0, 410),
    Offer("basement", "llama-scout-17b", 14, 0, 0, 34.0, 1_150),
)


def demo_config(sandbox_url: str) -> str:
    """Return the configuration: four providers, all of which are the sandbox in truth."""
    described = {"northwind": "openai-compatible", "meridian": "openai-compatible", "basement": "openai-compatible"}
    models = {name: [offer.model for offer in _OFFERS if offer.provider == name] for name in described}
    tables = [
        f'[[providers]]\nname = "{name}"\nprovider_type = "{kind}"\nbase_url = "{sandbox_url}"\n'
        f'api_key = "demo-{name}-key"\nmodels = {models[name]}\n'
        for name, kind in described.items()
    ]
    sandbox = f'[[providers]]\nname = "sandbox"\nprovider_type = "sandbox"\nbase_url = "{sandbox_url}"\n'
    prices = [
        f'[[prices]]\nprovider = "{offer.provider}"\nmodel = "{offer.model}"\n'
        f"input_per_1m = {offer.input_nano_usd / 1000}\noutput_per_1m = {offer.output_nano_usd / 1000}\n"
        for offer in _OFFERS
    ]
    return "\n".join((*tables, sandbox + 'api_key = "demo-sandbox-key"\n', *prices))


def fill(server: UiServer) -> None:
    """Put the school into a gateway that has `tests.ui.serving`'s people already."""
    chance = random.Random(SEED)
    keys = _make_subjects(server)
    rows = [Row(entry) for entry in sorted(_past(chance, keys), key=lambda entry: entry.started_us)]
    for first in range(0, len(rows), 500):
        record(server.store, rows[first : first + 500], {})
    _count_again(server)
    _talk(server)


def _count_again(server: UiServer) -> None:
    """Have limits know of the past: they are charged as requests end, and these rows never ran."""
    torod = Path(sys.executable).with_name("torod")
    command = [str(torod), "ledger", "verify", "--repair", "--config", str(server.gateway.config_file)]
    subprocess.run(command, env=server.gateway.home.env, check=False, capture_output=True, timeout=120)


def _make_subjects(server: UiServer) -> list[dict[str, Any]]:
    for team in _TEAMS[1:]:
        _made(server, "teams", {"name": team})
    known = {"Mia Larsen", "Tina Novak", "Adam Weiss"}
    for name, team in _PUPILS:
        if name not in known:
            _made(server, "users", {"name": name, "email": f"{name.partition(' ')[0].lower()}@school.example"})
        server.gateway.call("PUT", f"/api/v1/teams/{team.replace(' ', '%20')}/members/{name.replace(' ', '%20')}")
    keys = []
    for name, team in _PUPILS:
        key = {"name": f"{name.partition(' ')[0].lower()}-laptop", "user": name, "team": team}
        keys.append(_made(server, "keys", key))
    _made(
        server, "keys", {"name": "course-bot", "role": "keymaster", "team": "Staff", "comment": "makes keys for labs"}
    )
    for limit in (
        {"scope": "team:*", "metric": "cost_usd", "window": "month", "amount": "40.00"},
        {"scope": "user:*", "metric": "tokens", "window": "day", "amount": 400_000},
        {"scope": f"team:{TEAM}", "metric": "tokens", "window": "month", "amount": 6_000_000},
        {"scope": "key:*", "metric": "requests", "window": "60s", "amount": 60},
        {"scope": "provider:basement", "metric": "concurrency", "window": "", "amount": 4},
        {"scope": "global", "metric": "cost_usd", "window": "month", "amount": "250.00", "mode": "soft"},
    ):
        _made(server, "limits", {name: value for name, value in limit.items() if value != ""})
    for alias in (
        {"name": "fast", "targets": ["northwind/atlas-mini", "sandbox/echo"], "comment": "what lessons use"},
        {"name": "careful", "targets": ["meridian/sonata-4", "northwind/atlas-large"]},
        {"name": "homework", "targets": ["sandbox/echo"], "scope": f"team:{TEAM}"},
    ):
        _made(server, "aliases", alias)
    return keys


def _past(chance: random.Random, keys: list[dict[str, Any]]) -> Iterator[LedgerEntry]:
    """Yield the requests of the month, not in order."""
    now_us = int(time.time() * 1e6)
    eager = [chance.uniform(0.3, 2.0) for _ in keys]
    for day in range(DAYS):
        is_weekend = (int(now_us / _DAY_US) - day + 3) % 7 >= 5
        for number in range(chance.randint(30, 60) if is_weekend else chance.randint(180, 260)):
            hour = chance.choices(range(24), _HOURS)[0]
            began_us = (now_us // _DAY_US - day) * _DAY_US + int((hour + chance.random()) * _DAY_US / 24)
            if began_us < now_us - 60_000_000:
                (key,) = chance.choices(keys, eager)
                yield _request(chance, f"demo-{day:02}-{number:04}", began_us, key)
    for number in range(LATELY):
        (key,) = chance.choices(keys, eager)
        began_us = now_us - 60_000_000 - int(8 * 3_600_000_000 * chance.betavariate(1.3, 1.1))
        yield _request(chance, f"demo-now-{number:04}", began_us, key)


def _request(chance: random.Random, entry_id: str, began_us: int, key: dict[str, Any]) -> LedgerEntry:
    (offer,) = chance.choices(_OFFERS, [one.share for one in _OFFERS])
    ended, status = _ending(chance)
    asked = int(chance.lognormvariate(6.6, 1.0))
    answered = int(chance.lognormvariate(5.5, 0.9)) if ended == "completed" else 0
    usage = Usage(asked, answered, int(asked * chance.choice((0, 0, 0.4, 0.8))))
    first_us = int(offer.first_token_ms * 1000 * chance.lognormvariate(0.0, 0.35))
    alias = chance.choice(("", "", "fast" if offer.model == "atlas-mini" else "careful"))
    return LedgerEntry(
        id=entry_id,
        started_us=began_us,
        operation=chance.choice(("chat", "chat", "responses", "messages")),
        key_id=key["id"],
        key_name=key["name"],
        user=key["user"],
        team=key["team"],
        chain=(key["id"],),
        client_ip=f"10.20.{chance.randint(1, 3)}.{chance.randint(10, 90)}",
        client_tool=chance.choice(_TOOLS),
        alias=alias,
        requested_model=alias or f"{offer.provider}/{offer.model}",
        provider=offer.provider,
        model=offer.model,
        stream=chance.random() < 0.7,
        status=status,
        end_reason=ended,
        error_code="" if ended == "completed" else ended,
        usage=usage,
        cost_nano_usd=usage.input_tokens * offer.input_nano_usd + usage.output_tokens * offer.output_nano_usd,
        price_source="torod.toml",
        decision=_decision(offer, alias, ended, status),
        latency_us=first_us + int(answered / offer.tokens_per_s * 1e6),
        first_token_us=first_us if answered else 0,
        bytes_in=asked * 4,
        bytes_out=answered * 5,
    )


def _decision(offer: Offer, alias: str, ended: EndReason, status: int) -> str:
    """Return how an alias led to its first place, as the gateway writes it; a plain name needs no decision."""
    if alias == "":
        return ""
    asked = f"{offer.provider}/{offer.model}"
    order = [asked, "sandbox/echo" if alias == "fast" else "northwind/atlas-large"]
    attempts = [{"target": asked, "outcome": ended, "status": status}]
    return json.dumps({"by": "alias", "selection": "ordered", "order": order, "attempts": attempts})


def _ending(chance: random.Random) -> tuple[EndReason, int]:
    endings: tuple[tuple[EndReason, int], ...] = (
        ("completed", 200),
        ("client_disconnect", 200),
        ("provider_error", 502),
        ("provider_timeout", 504),
        ("client_error", 429),
    )
    return chance.choices(endings, (95, 1.5, 1.2, 0.5, 1.8))[0]


def _talk(server: UiServer) -> None:
    """Ask a few questions now, so that there are conversations, and requests with their whole story."""
    server.gateway.call("PUT", "/api/v1/conversations/capture/global", json_body={"enabled": True})
    for number, question in enumerate(_ASKED):
        messages = [
            {"role": "system", "content": "You help pupils. Be brief, and show the steps."},
            {"role": "user", "content": question},
        ]
        model = ("sandbox/echo", "sandbox/thinker-open", "fast")[number % 3]
        server.gateway.call("POST", "/v1/chat/completions", json_body={"model": model, "messages": messages})


def _made(server: UiServer, what: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = server.gateway.call("POST", f"/api/v1/{what}", json_body=body)
    assert answer.status == 201, f"{what} {body}: {answer.status} {answer.body.decode()}"
    made: dict[str, Any] = answer.json()
    return made
