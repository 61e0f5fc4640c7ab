"""Where the load runs: one node with SQLite, or two with PostgreSQL and Valkey; read without any code of ours."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tokenrouter.testing.processes import GatewayProcess, SandboxProcess

PROVIDERS = {
    "chat": 'provider_type = "openai-compatible"\nbase_url = "{root}/v1"',
    "messages": 'provider_type = "anthropic"\nbase_url = "{root}"',
    "gemini": 'provider_type = "google-gemini"\nbase_url = "{root}/v1beta"',
}
"""By the dialect that the provider speaks."""
PRICES = """
[[prices]]
provider = "{name}"
model = "*"
input_per_1m = 3
output_per_1m = 15
cached_input_per_1m = 0.3
cache_write_per_1m = 3.75
cache_write_1h_per_1m = 6
"""
KEYS = {"alice": "tr_alice-0123456789abcdefgh", "bob": "tr_bob-0123456789abcdefghij"}
"""Both have limits of their own, and alice one that she shares with her team."""
AMOUNTS = {"tokens": "400_000_000", "cost_usd": '"4000"'}
"""More than the longest load can use, so that no limit refuses."""

Used = tuple[int, int]
"""Tokens, and nano-dollars."""


def configuration(provider: SandboxProcess) -> str:
    """Return what every place has in common."""
    root = provider.base_url.removesuffix("/v1")
    parts = [
        f'[[providers]]\nname = "{name}"\napi_key = "k"\n{lines.format(root=root)}\n{PRICES.format(name=name)}'
        for name, lines in PROVIDERS.items()
    ]
    for name, key in KEYS.items():
        team = 'team = "physics"\n' if name == "alice" else ""
        parts.append(f'[[incoming_tokens]]\nname = "{name}"\nrole = "inferrer"\nkey = "{key}"\n{team}')
    scopes = (*(f"key:{name}" for name in KEYS), "team:physics")
    limits = [
        f'[[limits]]\nscope = "{scope}"\nmetric = "{metric}"\nwindow = "lifetime"\namount = {amount}\n'
        for scope in scopes
        for metric, amount in AMOUNTS.items()
    ]
    return "\n".join([*parts, *limits])


@dataclass(frozen=True)
class Place:
    """Nodes that have one ledger; `database` is the URL of a PostgreSQL, or "" for the node's own SQLite."""

    nodes: Sequence[GatewayProcess]
    database: str = ""

    def table(self, name: str) -> list[dict[str, Any]]:
        """Return a table's rows; none while the table is not there."""
        return self._in_postgres(name) if self.database else self._in_sqlite(name)

    def used_by_key(self) -> dict[str, Used]:
        """Return what the rows of each key say."""
        used = dict.fromkeys(KEYS, (0, 0))
        for row in self.table("tr_ledger"):
            tokens, cost = used.get(row["key_name"], (0, 0))
            used[row["key_name"]] = (
                tokens + row["input_tokens"] + row["output_tokens"],
                cost + (row["cost_nano_usd"] or 0),
            )
        return {name: used[name] for name in KEYS}

    def used_live(self, name: str) -> list[Used]:
        """Return what the limits of a key have used, by the word of each node; below 0 where a node says nothing."""
        return [used for node in self.nodes for used in _live(node, KEYS[name])]

    def _in_sqlite(self, name: str) -> list[dict[str, Any]]:
        (node,) = self.nodes
        database = node.home.path / "data" / "tokenrouter.db"
        if not database.exists():
            return []
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
            connection.row_factory = sqlite3.Row
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchall():
                return []
            return [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]

    def _in_postgres(self, name: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.database, row_factory=dict_row) as connection:
            return connection.execute(f"SELECT * FROM {name}").fetchall()


def _live(node: GatewayProcess, key: str) -> list[Used]:
    answer = node.call("GET", "/v1/usage", key=key)
    limits = json.loads(answer.body).get("limits", []) if answer.status == 200 else []
    tokens = [int(limit["used"]) for limit in limits if limit["metric"] == "tokens"]
    costs = [int(Decimal(limit["used"]) * 10**9) for limit in limits if limit["metric"] == "cost_usd"]
    return list(zip(tokens, costs, strict=True)) or [(-1, -1)]
