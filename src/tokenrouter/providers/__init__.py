"""Vendors: where they are, how they are asked, what their errors mean. No vendor is named elsewhere.

This is the one list. A vendor that speaks OpenAI's dialect is a row in `presets.toml`; one that does not
gets a module of its own and a line here.
"""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from tokenrouter.domain.catalog import Provider
from tokenrouter.providers.base import Origin, Quirks
from tokenrouter.providers.bedrock import BedrockAdapter
from tokenrouter.providers.compatible import CompatibleAdapter
from tokenrouter.providers.presets import OPENAI_COMPATIBLE, Preset, preset, presets
from tokenrouter.providers.vertex import VertexAdapter

__all__ = [
    "OPENAI_COMPATIBLE",
    "CompatibleAdapter",
    "Origin",
    "Preset",
    "Quirks",
    "adapter",
    "known_kinds",
    "preset",
    "presets",
]


_ADAPTERS: Final[Mapping[str, type[CompatibleAdapter]]] = {
    "amazon-bedrock": BedrockAdapter,
    "google-vertex-ai": VertexAdapter,
}
"""Vendors that differ in more than data, by the name of their row."""


def adapter(provider: Provider) -> CompatibleAdapter:
    """Return what speaks to `provider`.

    Raises:
        ValueError: its kind is unknown, or its base URL, secret or headers cannot be used.
    """
    row = preset(provider.kind)
    if row is None:
        raise ValueError(_unknown_kind(provider.kind))
    own = replace(row, operations=provider.operations) if provider.operations else row
    return _ADAPTERS.get(row.name, CompatibleAdapter)(provider, own)


def known_kinds() -> tuple[str, ...]:
    """Return every value that a provider's `kind` may have, the generic one first."""
    return (OPENAI_COMPATIBLE.name, *presets())


def _unknown_kind(kind: str) -> str:
    nearest = get_close_matches(kind, known_kinds(), n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"use {OPENAI_COMPATIBLE.name!r} and a base_url"
    return f"provider_type {kind!r} is not known; {hint}"
