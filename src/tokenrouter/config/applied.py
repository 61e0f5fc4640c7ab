"""The note in the state folder that says which configuration a server has taken in, for commands that ask.

The server writes it when it has started and after each time it has read its configuration again, be that in vain. It
lies as the outline says it (`config/outline.py`): without any secret, and for its owner only all the same.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tokenrouter.config.outline import Outline

FILE_NAME: Final = "applied.json"
FORM: Final = 1
"""Of this file; one of another form is none."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a server has taken in.

    Attributes:
        pid: the control process that says so.
        began_s: when it began to read, by the monotonic clock that all processes of the machine share.
        at_s: when it had taken it in, in seconds since the epoch.
        config: `--config` of the server, or None; `config_file` is what it read, None for no file.
        listen_addr: `--listen-addr` of the server, or None.
        problems: why the last reading changed nothing; empty when it did.
        waiting: settings that were read and wait for a restart.
        outline: what counts now.
    """

    pid: int
    began_s: float
    at_s: float
    config: str | None
    config_file: str | None
    listen_addr: str | None
    problems: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    outline: Outline = field(default_factory=dict)
    version: str = ""


def write_applied(state_dir: Path, applied: Applied) -> None:
    """Replace the note at once (mode 0600).

    Raises:
        OSError: the folder cannot be written.
    """
    fresh = state_dir / f".{FILE_NAME}.{os.getpid()}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"form": FORM, **asdict(applied)}, file)
    fresh.replace(state_dir / FILE_NAME)


def read_applied(state_dir: Path) -> Applied | None:
    """Return the note; None where there is none, or none that this version can read."""
    try:
        values: Any = json.loads((state_dir / FILE_NAME).read_text(encoding="utf-8"))
        if values.pop("form") != FORM:
            return None
        values["problems"], values["waiting"] = tuple(values["problems"]), tuple(values["waiting"])
        return Applied(**values)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
