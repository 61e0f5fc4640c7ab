"""A ledger as the drain would have written it, and what it is checked by."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.limit_text import limit_id, parse_window
from tokenrouter.domain.limits import Limit, LimitTable, Metric
from tokenrouter.domain.periods import ALWAYS, Period
from tokenrouter.domain.prices import Price, cost, flat_price
from tokenrouter.jobs.ledger_verify import Findings, Rules, verify
from tokenrouter.jobs.limit_use import ChargeReader, FirstUses, follow_limits
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record

NOW_S = NOON_US / 1e6 + 30
"""Half a minute after the rows began."""
DAY_US = 86_400_000_000
PRICE = flat_price(150, 600)
NAMES = {"key_alice": "alice", "alice": "alice", "parent": "parent", "key_bob": "bob"}


def a_limit(scope: str, metric: Metric, window: str) -> Limit:
    parsed = parse_window(window)
    return Limit(limit_id(scope, metric, parsed), scope, metric, parsed, 10**15)


LIMITS = (
    a_limit("key:*", "tokens", "lifetime"),
    a_limit("key:alice", "cost_usd", "day"),
    a_limit("team:*", "requests", "month"),
    a_limit("user:ann", "tokens", "interval:1h"),
    a_limit("global", "requests", "90s"),
    a_limit("global", "concurrency", "lifetime"),
    a_limit("ip:192.0.2.0/24", "requests", "lifetime"),
)


def priced(entry_id: str, **changes: object) -> LedgerEntry:
    """Return a row that costs what its price says."""
    made = entry(entry_id, usage=Usage(1000, 500), price_source=PRICE.named, client_ip="192.0.2.7", latency_us=9)
    for name, value in changes.items():
        setattr(made, name, value)
    if "cost_nano_usd" not in changes:
        made.cost_nano_usd = cost(made.usage, PRICE)
    return made


@dataclass
class Books:
    """A store, the limits in force, and what models cost."""

    store: Store
    limits: tuple[Limit, ...] = LIMITS
    price: Price | None = PRICE

    @property
    def table(self) -> LimitTable:
        return LimitTable(self.limits)

    @property
    def rules(self) -> Rules:
        return Rules(self.table, NAMES, lambda _provider, _model: self.price)

    def write(self, rows: Iterable[LedgerEntry]) -> None:
        """Write rows and what follows from them, as the drain does."""
        reader = ChargeReader(self.table, lambda key: NAMES.get(key, key), FirstUses(self.store))
        follow_limits(self.store, self.table, reader, NOW_S)
        record(self.store, [Row(row, reader.charges_of(row)) for row in rows], {})

    def change(self, statement: str) -> None:
        """Do to the database what nobody should."""
        with self.store.write() as connection:
            changed = connection.exec_driver_sql(statement)
            assert changed.rowcount > 0

    def verify(self, period: Period = ALWAYS, *, now_s: float = NOW_S, longest_s: float = 60.0) -> Findings:
        return verify(self.store, self.rules, period, now_s=now_s, longest_s=longest_s)
