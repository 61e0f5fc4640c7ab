"""Codex: a provider of our own by `-c`, beside the user's configuration and never in it.

Codex looks at no OPENAI_BASE_URL; a server is an entry in `model_providers` (0.169.0, measured 2026-11-22). `-c` comes
before config.toml and before a profile that is chosen by `-p`. So CODEX_HOME stays the user's, with sessions, prompts,
skills and everything else, and the provider has a name of its own: an entry of the same name would be merged into it.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from typing import Final

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.coding_tools import last_of, values_of
from tokenrouter.cli.wrapping.launch import Launch
from tokenrouter.cli.wrapping.models import Lengths

PROVIDER: Final = "toro"
"""Sessions remember it: `toro codex resume` finds those that were begun so."""
KEY_ENV: Final = "TORO_CODEX_KEY"
_OF_OTHERS: Final = frozenset(
    ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "CODEX_BASE_URL")
)


@dataclass(frozen=True, slots=True)
class Codex:
    """OpenAI's Codex CLI; `offered` are the models of which it is told how much they hold."""

    offered: Mapping[str, Lengths] = field(default_factory=dict)
    name: str = "codex"
    install: str = "npm install -g @openai/codex"
    usual_models: tuple[str, ...] = ("codex", "gpt-6.1-sol", "gpt-6.1-*", "gpt-6-*", "gpt-5.6-*", "gpt-5*")

    def model_in(self, args: Sequence[str]) -> str:
        """Return the model of `-m`, or of `-c model=…`."""
        settings = (text.partition("=") for text in values_of(args, "-c", "--config"))
        configured = [_toml_value(value) for name, _, value in settings if name.strip() == "model"]
        return last_of(args, "-m", "--model") or next(reversed(configured), "")

    def prepare(self, server: Server, key: str, model: str, args: Sequence[str], folder: Path) -> Launch:
        """Return Codex with our provider before what was typed; what was typed comes later, and so it counts."""
        provider = {"name": "TokenRouter", "base_url": f"{server.url}/v1", "env_key": KEY_ENV, "wire_api": "responses"}
        table = ",".join(f"{name}={dumps(value)}" for name, value in provider.items())
        settings = [f"model_provider={dumps(PROVIDER)}", f"model_providers.{PROVIDER}={{{table}}}"]
        settings += [f"model={dumps(model)}"] if model else []
        if window := self.offered.get(model, Lengths()).context:
            settings += [f"model_context_window={window}"]
        settings += ["tui.show_tooltips=false"]  # else it counts, in config.toml, how often it has praised a model
        ours = [word for setting in settings for word in ("-c", setting)]
        return Launch((self.name, *ours, *args), {KEY_ENV: key}, _OF_OTHERS)


def _toml_value(text: str) -> str:
    """Return what Codex reads in `-c`: TOML, or the text itself where it is none."""
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    return value if isinstance(value, str) else ""
