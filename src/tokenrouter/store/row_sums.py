"""What the ledger's rows used together, by everyone and everything that a limit may be about.

A limit for a lifetime that is made when the ledger has a million rows needs only these sums. The database makes a few
thousand of them in seconds, where reading every row would take minutes, with the keys concerned waiting.
"""

import json
from collections.abc import Collection, Iterator
from typing import Final

from sqlalchemy import Connection, and_, func, or_, select

from tokenrouter.domain.ledger import IMPORTED, LedgerEntry, Usage
from tokenrouter.store.schema import tr_ledger

_columns: Final = tr_ledger.c
_GROUP: Final = ("user", "team", "provider", "model", "alias", "client_ip")
_USED: Final = ("input_tokens", "output_tokens", "cost_nano_usd")


def summed_rows(connection: Connection, refusals: Collection[str]) -> Iterator[tuple[LedgerEntry, int]]:
    """Yield rows that stand for all those of single, admitted requests and of parts of them, each with their number.

    Not admitted is what ended as one of `refusals` before any time had passed, and what another gateway has served. Of
    what was used, tokens of input and output and the cost are there; a row began when the last of its requests did.
    """
    group = [_columns[name] for name in (*_GROUP, "chain")]
    sums = [func.coalesce(func.sum(_columns[name]), 0) for name in _USED]
    query = select(func.sum(_columns["count"]), func.max(_columns.started_us), *sums, *group).group_by(*group)
    asked = or_(_columns.latency_us > 0, _columns.end_reason.not_in(refusals))
    admitted = and_(asked, _columns.price_source != IMPORTED)
    rows = connection.execute(query.where(_columns["count"] <= 1, admitted), execution_options={"yield_per": 1000})
    for requests, last_us, input_tokens, output_tokens, cost_nano_usd, *subject, chain in rows:
        entry = LedgerEntry(
            id="",
            started_us=last_us,
            operation="passthrough",
            **dict(zip(_GROUP, subject, strict=True)),
            chain=tuple(json.loads(chain or "[]")),
            end_reason="completed",
            usage=Usage(int(input_tokens), int(output_tokens)),
            cost_nano_usd=int(cost_nano_usd),
        )
        yield entry, int(requests)
