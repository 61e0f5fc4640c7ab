"""What one user has used by each provider and alias, of all time, deleted rows of the ledger included."""

from dataclasses import dataclass

from sqlalchemy import func, select, union_all

from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_balances, tr_ledger


@dataclass(frozen=True, slots=True)
class AliasUsage:
    """What was used by one provider under one name; `alias` is "" where a model was asked for by its own."""

    provider: str
    alias: str
    input_tokens: int
    output_tokens: int
    requests: int


def alias_usage(store: Store, user: str) -> list[AliasUsage]:
    """Return the sums of `user`, by provider and alias."""
    parts = [
        select(
            table.c.provider,
            table.c.alias,
            func.sum(table.c.input_tokens).label("input_tokens"),
            func.sum(table.c.output_tokens).label("output_tokens"),
            func.sum(requests).label("requests"),
        )
        .where(table.c.user == user)
        .group_by(table.c.provider, table.c.alias)
        for table, requests in ((tr_ledger, tr_ledger.c["count"]), (tr_balances, tr_balances.c.requests))
    ]
    rows = union_all(*parts).subquery().c
    sums = (func.sum(rows[name]) for name in ("input_tokens", "output_tokens", "requests"))
    query = select(rows.provider, rows.alias, *sums).group_by(rows.provider, rows.alias)
    with store.read() as connection:
        found = connection.execute(query.order_by(rows.provider, rows.alias))
        return [AliasUsage(provider, alias, *map(int, sums)) for provider, alias, *sums in found]
