"""aider: its own variable for the key, and arguments for all else.

Of what can say the same, aider heeds arguments first, then variables that begin with AIDER_, then .aider.conf.yml;
and a project's .env overrules OPENAI_API_KEY and OPENAI_API_BASE as they were given to it (0.86.2, measured
2026-11-22). A key on a command line is there for everybody to see, so it stands in AIDER_OPENAI_API_KEY.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.coding_tools import last_of
from tokenrouter.cli.wrapping.launch import Launch

_ALSO_MODELS: Final = ("--weak-model", "--editor-model")
"""Whom it asks for commit messages, and to edit; a configured one need not be among those of this key."""
_OF_OTHERS: Final = frozenset(("OPENAI_API_TYPE", "OPENAI_API_VERSION", "OPENAI_ORGANIZATION", "OPENAI_BASE_URL"))


@dataclass(frozen=True, slots=True)
class Aider:
    """aider, which speaks to us as it does to OpenAI."""

    name: str = "aider"
    install: str = "python -m pip install aider-install && aider-install"
    usual_models: tuple[str, ...] = ("aider",)

    def model_in(self, args: Sequence[str]) -> str:
        """Return the model of `--model`, which begins with `openai/` in aider's words."""
        return last_of(args, "--model")

    def prepare(self, server: Server, key: str, model: str, args: Sequence[str], folder: Path) -> Launch:
        """Return aider with our server and model before what was typed, which comes later, and so it counts."""
        base = f"{server.url}/v1"
        ours = ["--openai-api-base", base, "--no-show-model-warnings"]
        if model:
            ours += ["--model", f"openai/{model}"]
            ours += [word for option in _ALSO_MODELS for word in (option, f"openai/{model}")]
        env = {"AIDER_OPENAI_API_KEY": key, "OPENAI_API_KEY": key, "OPENAI_API_BASE": base}
        return Launch((self.name, *ours, *args), env, _OF_OTHERS)
