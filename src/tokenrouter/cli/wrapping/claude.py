"""Claude Code: its settings by `--settings`, which come before the user's and the project's.

Variables alone would not do: the `env` of a settings.json comes before what a program was started with (2.1.329,
measured 2026-11-22), so a user who has another gateway there would go on asking that. Only the last `--settings`
counts; one that was typed is therefore taken up into ours. An organisation's managed settings come before all of them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.coding_tools import last_of
from tokenrouter.cli.wrapping.launch import Launch
from tokenrouter.cli.wrapping.models import Lengths, first_like

TIERS: Final = ("opus", "sonnet", "haiku", "fable")
"""What `/model`, `--model` and subagents call models by; each may be any model."""
_OWN_WORDS: Final = frozenset((*TIERS, "default", "best", "opusplan", "inherit"))
_ELSEWHERE: Final = (
    *("ANTHROPIC_API_KEY", "ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_UNIX_SOCKET", "ANTHROPIC_PROFILE"),
    *("CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"),
    *("CLAUDE_CODE_USE_MANTLE", "CLAUDE_CODE_USE_GATEWAY", "CLAUDE_CODE_USE_ANTHROPIC_AWS"),
    *("CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD", "CLAUDE_CODE_API_BASE_URL"),
)
"""Variables that lead to another server, or sign in there; empty, they do nothing."""
_ON: Final = (
    *("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY"),
    "CLAUDE_CODE_DISABLE_1M_CONTEXT",
)
"""The last: a model that it does not know is taken to hold 200,000 tokens, if the server does not know either, not a
million; and it leaves "opus" in the user's settings.json, which it would make "opus[1m]" of when opus is another model.
"""


@dataclass(frozen=True, slots=True)
class ClaudeCode:
    """Anthropic's Claude Code; `offered` are the models among which its tiers are looked for."""

    offered: Mapping[str, Lengths] = field(default_factory=dict)
    name: str = "claude"
    install: str = "npm install -g @anthropic-ai/claude-code"
    usual_models: tuple[str, ...] = ("claude", "claude-sonnet-*", "claude-opus-*", "claude-*")

    def model_in(self, args: Sequence[str]) -> str:
        """Return the model of `--model`, "" for a word that Claude Code itself puts a model to."""
        model = last_of(args, "--model")
        return "" if model.partition("[")[0] in _OWN_WORDS else model

    def prepare(self, server: Server, key: str, model: str, args: Sequence[str], folder: Path) -> Launch:
        """Return Claude Code with a settings file of ours, which holds the key, in place of one that was typed."""
        typed, others = _without_settings(args)
        settings = _read_settings(typed) if typed is not None else {}
        ours = self._env(server, key, model or self.model_in(args))
        file = folder / "settings.json"
        env = settings.get("env")
        settings["env"] = {**(env if isinstance(env, dict) else {}), **ours}
        settings["apiKeyHelper"] = ""  # a program of the user's that would make keys
        file.write_text(json.dumps(settings), encoding="utf-8")
        dropped = frozenset(name for name, value in ours.items() if not value)
        given = {name: value for name, value in ours.items() if value}
        return Launch((self.name, "--settings", str(file), *others), given, dropped)

    def _env(self, server: Server, key: str, model: str) -> Mapping[str, str]:
        env = dict.fromkeys(_ELSEWHERE, "")
        env |= {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_AUTH_TOKEN": key}
        env |= dict.fromkeys(_ON, "1")
        if model:
            tiers = {tier: first_like(self.offered, (f"claude-{tier}-*", f"claude-*-{tier}*")) for tier in TIERS}
            env |= {f"ANTHROPIC_DEFAULT_{tier.upper()}_MODEL": name or model for tier, name in tiers.items()}
            env |= {"ANTHROPIC_MODEL": model, "ANTHROPIC_SMALL_FAST_MODEL": tiers["haiku"] or model}
            env |= {"CLAUDE_CODE_SUBAGENT_MODEL": ""}
        if window := self.offered.get(model, Lengths()).context:
            env |= {"CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(window)}
        return env


def _without_settings(args: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return what the last `--settings` was given, and the other arguments."""
    typed: str | None = None
    others: list[str] = []
    upcoming = iter(args)
    for arg in upcoming:
        if arg == "--":
            return typed, [*others, arg, *upcoming]
        if arg == "--settings":
            typed = next(upcoming, "")
        elif arg.startswith("--settings="):
            typed = arg.removeprefix("--settings=")
        else:
            others.append(arg)
    return typed, others


def _read_settings(typed: str) -> dict[str, Any]:
    """Return settings that were typed as JSON, or as the name of a file.

    Raises:
        click.ClickException: they are neither.
    """
    try:
        text = typed if typed.lstrip().startswith("{") else Path(typed).read_text(encoding="utf-8")
        settings = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise click.ClickException(f"--settings {typed}: is neither JSON nor a file of it: {error}") from None
    if not isinstance(settings, dict):
        raise click.ClickException(f"--settings {typed}: is no JSON object")
    return settings
