"""opencode: a provider with every model of the key, in a configuration of its own or beside the user's.

opencode writes a `$schema` into files of configuration that have none (1.18.33, measured 2026-11-22); so, as
TokenRouter-Go did, it is shown none but ours, unless it is to know other providers too. Its configuration folder is
then one of links to what else is in the user's, such as git's; its sessions stay where they are, and the sign-ins
beside them are not looked at. Beside other providers ours stands in OPENCODE_CONFIG_CONTENT, which comes before files.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.coding_tools import last_of
from tokenrouter.cli.wrapping.launch import Launch
from tokenrouter.cli.wrapping.mirror import mirror
from tokenrouter.cli.wrapping.models import Lengths, can_talk

KEY_ENV: Final = "TORO_OPENCODE_KEY"
MAX_VARIABLE_BYTES: Final = 100_000
"""Linux takes 128 KiB for a variable (MAX_ARG_STRLEN), its name among them."""
USUAL_ANSWER: Final = 32_000
"""Longest answer of a model, in tokens, where only its conversations' length is known; opencode's own for such."""
_OF_OTHERS: Final = frozenset(("OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR", "OPENCODE_CONFIG_CONTENT"))


@dataclass(frozen=True, slots=True)
class OpenCode:
    """opencode.

    Attributes:
        offered: the models among which its user may choose.
        provider_id: what the provider is called before a model's name; `provider_name` is shown to people.
        is_alone: no other provider, and nothing of the user's configuration.
        environ: says where that is.
    """

    offered: Mapping[str, Lengths] = field(default_factory=dict)
    provider_id: str = "tokenrouter"
    provider_name: str = "TokenRouter"
    is_alone: bool = True
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    name: str = "opencode"
    install: str = "npm install -g opencode-ai"
    usual_models: tuple[str, ...] = ("opencode",)

    def model_in(self, args: Sequence[str]) -> str:
        """Return the model of `-m`, which is `provider/model` in opencode's words."""
        return last_of(args, "-m", "--model")

    def prepare(self, server: Server, key: str, model: str, args: Sequence[str], folder: Path) -> Launch:
        """Return opencode with our provider, whose key is in a variable that its configuration names."""
        names = list(dict.fromkeys([*([model] if model else []), *filter(can_talk, self.offered)]))
        env = {KEY_ENV: key, "OPENCODE_DISABLE_AUTOUPDATE": "1"}
        if not self.is_alone:
            env |= {"OPENCODE_CONFIG_CONTENT": self._short_configuration(server, model, names)}
            return Launch((self.name, *args), env)
        file = folder / "opencode.json"
        file.write_text(json.dumps(self._configuration(server, model, names)), encoding="utf-8")
        env |= {"OPENCODE_CONFIG": str(file)}
        mirror(self._configurations(), folder / "config", without=("opencode",))
        env |= {"XDG_CONFIG_HOME": str(folder / "config"), "OPENCODE_DISABLE_PROJECT_CONFIG": "1"}
        env |= {"OPENCODE_AUTH_CONTENT": "{}"}
        return Launch((self.name, *args), env, _OF_OTHERS)

    def _configurations(self) -> Path:
        base = self.environ.get("XDG_CONFIG_HOME")
        return Path(base) if base else Path(self.environ.get("HOME") or Path.home()) / ".config"

    def _short_configuration(self, server: Server, model: str, names: Sequence[str]) -> str:
        """Return a configuration that fits into a variable, with the first models where not all of them do.

        Raises:
            click.ClickException: it does not fit without any.
        """
        while True:
            text = json.dumps(self._configuration(server, model, names))
            if len(text) <= MAX_VARIABLE_BYTES:
                return text
            if not names:
                raise click.ClickException("the names of provider and model are too long for opencode's configuration")
            names = names[: len(names) * 3 // 4]

    def _configuration(self, server: Server, model: str, names: Sequence[str]) -> dict[str, Any]:
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": self.provider_name,
            "options": {"baseURL": f"{server.url}/v1", "apiKey": f"{{env:{KEY_ENV}}}"},
            "models": {name: _card(name, self.offered.get(name, Lengths())) for name in names},
            "whitelist": list(names),  # opencode knows a provider of our name from a list of its own
        }
        told: dict[str, Any] = {
            "$schema": "https://opencode.ai/config.json",
            "share": "disabled",
            "provider": {self.provider_id: provider},
        }
        if model:
            told |= dict.fromkeys(("model", "small_model"), f"{self.provider_id}/{model}")
        return told | ({"enabled_providers": [self.provider_id]} if self.is_alone else {})


def _card(name: str, lengths: Lengths) -> dict[str, Any]:
    """Return what opencode is told of a model; both lengths or none, as its schema has it."""
    card: dict[str, Any] = {"name": name}
    if lengths.context:
        card["limit"] = {"context": lengths.context, "output": lengths.answer or min(lengths.context, USUAL_ANSWER)}
    return card
