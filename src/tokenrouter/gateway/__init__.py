"""The one road of a request, from a parsed call to a settled ledger row. It knows only its ports."""
