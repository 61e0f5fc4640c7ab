"""Anthropic, at its own addresses and in the clouds."""
