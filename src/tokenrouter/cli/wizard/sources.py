"""Answers that need no terminal: an answers file, variables `TOROD_CONFIG_…`, and flags; the later ones win."""

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenrouter.cli.wizard.answers import Mistake, WrongAnswers, read_answers
from tokenrouter.cli.wizard.questions import VARIABLE_PREFIX


def gather(answers_file: str | None, flags: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return everything that was answered beforehand.

    Raises:
        WrongAnswers: a file that cannot be read, names that are no question's, values of the wrong kind.
    """
    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    in_file = _read_file(answers_file) if answers_file else {}
    return {**read_answers(_variables(environ)), **read_answers(in_file), **read_answers(given)}


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what variables answer; an empty one answers nothing, as in files of Compose and systemd."""
    return {
        name.removeprefix(VARIABLE_PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(VARIABLE_PREFIX) and value
    }


def _read_file(name: str) -> dict[str, Any]:
    """Return what an answers file holds: JSON where it begins with a brace, else TOML."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        raise WrongAnswers([Mistake("--answers", _unreadable(name, error))]) from None
    kind = "JSON" if text.lstrip().startswith("{") else "TOML"
    try:
        values = json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongAnswers([Mistake("--answers", f"{name!r} is not {kind}: {error}")]) from None
    return dict(values)


def _unreadable(name: str, error: Exception) -> str:
    return f"{name!r} cannot be read: {getattr(error, 'strerror', None) or error}"
