"""What a start says to the person at the terminal."""

import json
import os
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Final

FIRST_START_FILE: Final = "first-start.txt"


def address_lines(address: str, others: Iterable[str], notes: Iterable[str]) -> list[str]:
    """Return what is said as soon as requests are served; `others` are further addresses."""
    beside = [f"and on {other}" for other in others]
    return [f"TokenRouter is listening on {address}", *(f"  {note}" for note in (*beside, *notes))]


def curl_line(address: str, key: str, model: str, ca_file: str = "") -> str:
    """Return a command that works when pasted; `key` may be a shell substitution, `ca_file` what to trust."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello!"}]})
    headers = f"-H \"Authorization: Bearer {key}\" -H 'Content-Type: application/json'"
    trust = f"--cacert {shlex.quote(ca_file)} " if ca_file else ""
    return f"curl {trust}{address}/v1/chat/completions {headers} -d '{body}'"


def first_start_lines(address: str, link: str, key: str, model: str, ca_file: str = "") -> list[str]:
    """Return the first key and the set-up link, for a terminal only: they are never logged."""
    lines = [
        f"Set up the administrator (once, within 30 minutes): {address}{link}",
        f"Your first API key (shown once): {key}",
    ]
    return [*lines, "Try it:", f"  {curl_line(address, key, model, ca_file)}"] if model else lines


def first_start_file(folder: Path, address: str, link: str, key: str, model: str, ca_file: str = "") -> list[str]:
    """Without a terminal: write key and link to a file of mode 0600, and return lines that name it."""
    path = folder / FIRST_START_FILE
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(f"key: {key}\nsetup: {address}{link}\n")
    lines = [f"First API key and set-up link: {path}"]
    if not model:
        return lines
    return [*lines, "Try it:", "  " + curl_line(address, f"$(sed -n 's/^key: //p' '{path}')", model, ca_file)]
