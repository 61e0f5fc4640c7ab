"""Guardrails that are built in: the size of the input, blocked words, personal data. Each is a hook like any other."""
