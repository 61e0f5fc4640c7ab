"""How the tables came to be, step by step; run by `tokenrouter.store.migrate` only."""
