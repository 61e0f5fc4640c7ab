"""Requests that are passed through as they are."""
