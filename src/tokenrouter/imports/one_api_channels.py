"""What One API and New API call by number: the types of channels, as our kinds of providers.

The two are of one origin and have since given other numbers to new types. A type that is not here is one whose own
protocol we do not speak, or a reseller's; it works where the channel has an address of its own that speaks OpenAI's.
"""

from collections.abc import Mapping
from typing import Final

from tokenrouter.imports.tables import Tables

_SHARED: Final[Mapping[int, str]] = {
    1: "openai",
    3: "azure-deployments",
    8: "openai-compatible",
    14: "anthropic",
    20: "openrouter",
    24: "google-gemini",
    25: "moonshotai",
}
ONE_API: Final[Mapping[int, str]] = {
    **_SHARED,
    28: "mistral",
    29: "groq",
    30: "ollama",
    35: "cohere",
    36: "deepseek",
    39: "together",
}
"""relay/channeltype/define.go of songquanpeng/one-api (read 2026-11)."""
NEW_API: Final[Mapping[int, str]] = {
    **_SHARED,
    4: "ollama",
    27: "perplexity",
    34: "cohere",
    42: "mistral",
    43: "deepseek",
    48: "xai",
}
"""constant/channel.go of QuantumNous/new-api (read 2026-11)."""


def kinds_of(tables: Tables) -> Mapping[int, str]:
    """Return the types of the program that a database is of; New API's tokens have columns of their own."""
    return NEW_API if "model_limits_enabled" in tables.columns("tokens") else ONE_API
