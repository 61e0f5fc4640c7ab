"""The sandbox's books beside our ledger, to the token, whatever happens in between."""
