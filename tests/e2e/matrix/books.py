"""The ledger of a gateway and the books of the sandbox behind it, row by row."""

import sqlite3
from typing import Any

from tokenrouter.testing.processes import GatewayProcess, SandboxProcess

FIELDS = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "cached_input_tokens": "cached_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "reasoning_tokens": "reasoning_tokens",
}
"""Our columns by the books' names."""


def rows(running: GatewayProcess) -> dict[str, Any]:
    """Return the ledger's rows by request id."""
    with sqlite3.connect(running.home.path / "data" / "tokenrouter.db", timeout=60) as connection:
        connection.row_factory = sqlite3.Row
        if not connection.execute("SELECT name FROM sqlite_master WHERE name = 'tr_ledger'").fetchall():
            return {}
        return {row["id"]: row for row in connection.execute("SELECT * FROM tr_ledger")}


def billed(sandbox: SandboxProcess) -> dict[str, Any]:
    """Return what the provider has billed, by our request id."""
    lines = sandbox.booked()
    ours = {line["id"]: line["x-request-id"] for line in lines if line["event"] == "begin" and "x-request-id" in line}
    return {ours[line["id"]]: line for line in lines if line["event"] == "end" and line["id"] in ours}


def bill(line: dict[str, Any]) -> int:
    """Return what a provider with the prices of `conftest.PRICES` asks for what it has billed, in nano-dollars."""
    read, written, long = line["cached_tokens"], line["cache_write_tokens"], line["cache_write_1h_tokens"]
    into = 3000 * (line["prompt_tokens"] - read - written) + 300 * read + 3750 * (written - long) + 6000 * long
    total: int = into + 15_000 * line["completion_tokens"]
    return total
