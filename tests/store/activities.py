"""Rows of many kinds for the sums by hour, day and month, and what they sum up to, worked out the slow way."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from sqlalchemy import select

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage, has_failed
from tokenrouter.store.activity_figures import Figures, Question, tokens_of
from tokenrouter.store.activity_sums import Amounts
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_activity, tr_speeds

DAY_US = 86_400_000_000


def mixed_rows(number: int, *, days: int = 70, seed: int = 1) -> list[LedgerEntry]:
    """Return rows of the `days` before New Year's noon: refused ones, parts, some for nothing or without price."""
    chance = Random(seed)
    return [_row(chance, one, days) for one in range(number)]


def _row(chance: Random, number: int, days: int) -> LedgerEntry:
    key, provider = chance.randrange(4), chance.choice(["acme", "acme", "other", ""])
    return entry(
        f"row_{number:05}",
        started_us=NOON_US - chance.randrange(days * DAY_US),
        key_id=f"key_{key}",
        key_name=f"name {key}",
        user=chance.choice(["ann", "bob", ""]),
        team=chance.choice(["physics", "art"]),
        provider=provider,
        model=chance.choice(["small", "org/large"]) if provider else "",
        client_ip=f"192.0.2.{chance.randrange(3)}",
        client_tool=chance.choice(["curl", "codex", ""]),
        usage=Usage(chance.randrange(1000), chance.choice([0, 7, 900]), 3, 0, 2),
        cost_nano_usd=chance.choice([None, 0, 25_000]),
        status=chance.choice([200, 200, 200, 429, 502]),
        end_reason=chance.choice(["completed", "completed", "client_disconnect", "provider_error"]),
        latency_us=chance.choice([0, 40_000, 3_000_000, 700_000_000]),
        first_token_us=chance.choice([0, 20_000, 400_000]),
        count=chance.choice([1, 1, 1, 0, 60]),
        answered_by=chance.choice(["", "", "", "cache"]),
    )


def kept_rows(store: Store) -> tuple[list[Any], list[Any]]:
    """Return all that is kept of sums and of speeds, in order."""
    with store.read() as connection:
        found = [connection.execute(select(table)).all() for table in (tr_activity, tr_speeds)]
    return sorted(map(tuple, found[0])), sorted(map(tuple, found[1]))


OF: dict[str, Callable[[LedgerEntry], str]] = {
    "all": lambda row: "",
    "provider": lambda row: row.provider,
    "model": lambda row: f"{row.provider}/{row.model}" if row.provider else "",
    "key": lambda row: row.key_id,
    "user": lambda row: row.user,
    "team": lambda row: row.team,
    "ip": lambda row: row.client_ip,
    "tool": lambda row: row.client_tool,
}


def used(rows: Iterable[LedgerEntry]) -> tuple[int, int, int, int]:
    """Return requests, failed ones, tokens and cost of `rows`."""
    some = list(rows)
    return (
        sum(row.count for row in some),
        sum(row.count for row in some if has_failed(row)),
        sum(row.usage.input_tokens + row.usage.output_tokens for row in some),
        sum(row.cost_nano_usd or 0 for row in some),
    )


def told(amounts: Amounts) -> tuple[int, int, int, int]:
    """Return the same of sums."""
    return amounts[0], amounts[1], tokens_of(amounts), amounts[6]


def check_figures(found: Figures, rows: Iterable[LedgerEntry], question: Question) -> None:
    """Assert that sums, slots, series and what is known beside are those of the rows that are asked for."""
    asked = found.question
    mine = [row for row in rows if asked.since_s <= row.started_us // 1_000_000 < asked.until_s]
    slot_of = lambda row: row.started_us // 1_000_000 // asked.slot_s * asked.slot_s  # noqa: E731
    assert told(found.total) == used(mine)
    assert {slot_s: told(sums) for slot_s, sums in found.slots.items()} == by(mine, slot_of)
    for dimension, parts in found.tables.items():
        names = {part.name: told(part.amounts) for part in parts}
        assert names == {name: sums for name, sums in by(mine, OF[dimension]).items() if name in names}
        assert len(names) == len(by(mine, OF[dimension]))
    name_of = OF[question.group]
    for one in found.series:
        own = by((row for row in mine if name_of(row) == one.part.name), slot_of)
        assert {slot_s: told(sums) for slot_s, sums in one.slots.items()} == own
    shown = [one.part.name for one in found.series]
    if question.group != "all":
        most = sorted(by(mine, name_of).values(), key=lambda sums: -sums[2])
        assert [told(one.part.amounts)[2] for one in found.series] == [sums[2] for sums in most[: question.top]]
        others = {slot_s: told(sums) for slot_s, sums in found.others.items() if told(sums) != (0, 0, 0, 0)}
        left = by((row for row in mine if name_of(row) not in shown), slot_of)
        assert others == {slot_s: sums for slot_s, sums in left.items() if sums != (0, 0, 0, 0)}


def by(rows: Iterable[LedgerEntry], name_of: Callable[[LedgerEntry], Any]) -> dict[Any, tuple[int, int, int, int]]:
    """Return what was used by name."""
    groups: dict[Any, list[LedgerEntry]] = {}
    for row in rows:
        groups.setdefault(name_of(row), []).append(row)
    return {name: used(some) for name, some in groups.items()}
