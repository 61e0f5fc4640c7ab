"""Gemini CLI: a home of its own, in which settings.json says that there is a key, and all else is the user's.

How it signs in stands in settings.json and nowhere else; with variables alone it stops (0.61.0, measured 2026-11-22).
The settings of the system, which would come before the user's, count only where root has written them. So it gets, by
GEMINI_CLI_HOME, a folder of links to the user's `~/.gemini`, but for settings.json: that is a copy with another
sign-in. Chats, commands, extensions and trusted folders stay the user's; what `/settings` changes ends with the run.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.coding_tools import last_of, values_of
from tokenrouter.cli.wrapping.commented_json import read_commented_json
from tokenrouter.cli.wrapping.launch import Launch
from tokenrouter.cli.wrapping.mirror import mirror

SIGN_IN: Final = "gemini-api-key"
_KEPT_FOLDERS: Final = ("tmp", "history", "commands", "extensions", "skills", "policies")
_KEPT_FILES: Final = ("GEMINI.md", "installation_id", "mcp-oauth-tokens.json")
"""What it makes when it is first needed: chats, what it is to remember, …. It is made in the user's folder; with ours
it would be gone.
"""
_HELPERS: Final = (
    *("classifier", "prompt-completion", "fast-ack-helper", "edit-corrector", "llm-edit-fixer", "next-speaker-checker"),
    *("summarizer-default", "summarizer-shell", "context-snapshotter", "web-search", "web-fetch", "web-fetch-fallback"),
    *("loop-detection", "loop-detection-double-check", "chat-compression-default", "chat-compression-3-pro"),
    *("chat-compression-3-flash", "chat-compression-3.1-flash-lite", "chat-compression-2.5-pro"),
    *("chat-compression-2.5-flash", "chat-compression-2.5-flash-lite"),
)
"""What it asks for beside the conversation, each of a model of Google's by name (its docs: generation-settings.md)."""
_OF_OTHERS: Final = frozenset(("GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA", "CLOUD_SHELL"))


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


@dataclass(frozen=True, slots=True)
class GeminiCli:
    """Google's Gemini CLI; `environ` says where the user's settings are, `is_terminal` whether somebody may type."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    is_terminal: Callable[[], bool] = _has_terminal
    name: str = "gemini"
    install: str = "npm install -g @google/gemini-cli"
    usual_models: tuple[str, ...] = ("gemini", "gemini-3*-pro*", "gemini-*-pro*", "gemini-*")

    def model_in(self, args: Sequence[str]) -> str:
        """Return the model of `-m`."""
        return last_of(args, "-m", "--model")

    def prepare(self, server: Server, key: str, model: str, args: Sequence[str], folder: Path) -> Launch:
        """Return Gemini CLI with a home of its own, and the model in a variable, which `-m` overrules."""
        own = self._own_folder()
        _check_project(Path.cwd(), own)
        for name in _KEPT_FOLDERS:
            (own / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        theirs = folder / ".gemini"
        mirror(own, theirs, without=("settings.json",), also=_KEPT_FILES)
        settings = _settings(own / "settings.json", model or self.model_in(args))
        (theirs / "settings.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
        env = {
            "GEMINI_CLI_HOME": str(folder),
            "GEMINI_CLI_TRUSTED_FOLDERS_PATH": self.environ.get("GEMINI_CLI_TRUSTED_FOLDERS_PATH")
            or str(own / "trustedFolders.json"),
            "GOOGLE_GEMINI_BASE_URL": server.url,
            "GEMINI_API_KEY": key,
            "GEMINI_CLI_CUSTOM_HEADERS": "",  # set, lest a .env of the user's has others
        }
        env |= {"GEMINI_MODEL": model} if model else {}
        env |= {} if self._is_talking(args) else {"GEMINI_CLI_NO_RELAUNCH": "true"}
        return Launch((self.name, *args), env, _OF_OTHERS)

    def _is_talking(self, args: Sequence[str]) -> bool:
        """Whether somebody sits before it.

        Its first process starts a second and heeds no signal (0.61.0, 2026-11-22): a terminal's reach both, but what
        is sent to the first alone, as a scheduler does, is lost. So where nobody is, there is to be one process.
        """
        return self.is_terminal() and not any(True for _ in values_of(args, "-p", "--prompt"))

    def _own_folder(self) -> Path:
        return Path(self.environ.get("GEMINI_CLI_HOME") or self.environ.get("HOME") or Path.home()) / ".gemini"


def _settings(file: Path, model: str) -> dict[str, Any]:
    """Return the user's settings with our sign-in, and with `model` for what is asked beside the conversation."""
    settings = _read(file)
    security = _part(settings, "security")
    _part(security, "auth").update(selectedType=SIGN_IN, enforcedType=SIGN_IN)
    if model:
        overrides = _part(settings, "modelConfigs").setdefault("customOverrides", [])
        if isinstance(overrides, list):
            overrides += [{"match": {"model": name}, "modelConfig": {"model": model}} for name in _HELPERS]
    return settings


def _part(settings: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(settings.get(name), dict):
        settings[name] = {}
    part: dict[str, Any] = settings[name]
    return part


def _read(file: Path) -> dict[str, Any]:
    """Return settings, none where there is no file.

    Raises:
        click.ClickException: the file is broken; Gemini CLI would not start with it either.
    """
    try:
        settings = read_commented_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise click.ClickException(f"{file}: cannot be read: {error}") from None
    if not isinstance(settings, dict):
        raise click.ClickException(f"{file}: is no JSON object")
    return settings


def _check_project(here: Path, own: Path) -> None:
    """A project's settings come before the user's, and nothing that we may write comes before a project's.

    Raises:
        click.ClickException: the project chooses another sign-in.
    """
    file = here / ".gemini" / "settings.json"
    security = _read(file).get("security")
    auth = security.get("auth") if isinstance(security, dict) else None
    chosen = auth.get("selectedType") if isinstance(auth, dict) else None
    if chosen not in (None, SIGN_IN):
        where = (
            "this is your home folder; start it in a project's" if file.parent == own else "take that line out of it"
        )
        raise click.ClickException(f"{file} has Gemini CLI sign in by {chosen!r}, which no variable overrules: {where}")
