"""What must last: keys, the ledger, and what goes with them, in SQL (SQLite today)."""
