"""`toro.toml`: the server, the key and the certificate that `toro` uses where nothing else is said.

The file is TokenRouter-Go's: `server_url` and `api_key`. Ours are `ca_file`, for a server whose certificate no public
authority has signed, and `default_model`, for the programs that `toro` runs. It holds a key, so nobody but its owner
may read it.
"""

import contextlib
import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import click

from tokenrouter.cli.client_errors import ClientMistake

FILE_KEYS: Final[tuple[str, ...]] = ("server_url", "api_key", "ca_file", "default_model")

CONFIG_PARAMETER: Final = "toro_config"
"""What the option of `toro` itself is called in its context."""


def client_file(environ: Mapping[str, str]) -> Path:
    """Return where `toro.toml` lies, whether it is there or not: where `toro --config` says, or the usual place."""
    named = _named()
    if named:
        return Path(named).expanduser()
    own = environ.get("TOKENROUTER_HOME")
    if own:
        return Path(own).expanduser() / "toro.toml"
    base = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".config"
    return Path(base) / "tokenrouter" / "toro.toml"


def known_client_file(environ: Mapping[str, str]) -> Path:
    """Return the same, for whoever only reads it.

    Raises:
        ClientMistake: it was named, and is not there: another one in its place would be another server.
    """
    path = client_file(environ)
    if _named() and not path.exists():
        raise ClientMistake(f"{path}: there is no such file; `toro --config FILE connect` makes one")
    return path


def _named() -> str | None:
    context = click.get_current_context(silent=True)
    return None if context is None else context.find_root().params.get(CONFIG_PARAMETER)


def read_client_file(path: Path) -> dict[str, str]:
    """Return what the file says of the server, nothing where there is none.

    What toro does not know is left alone, unless it looks like a slip of the pen.

    Raises:
        ClientMistake: it cannot be read, or something in it cannot be meant.
    """
    said = tomllib.loads(_text(path))
    for name in said:
        if name not in FILE_KEYS and (near := get_close_matches(name, FILE_KEYS, n=1)):
            raise ClientMistake(f'{path}: {name}: unknown key; did you mean "{near[0]}"?')
    known = {name: said[name] for name in FILE_KEYS if name in said}
    for name, value in known.items():
        if not isinstance(value, str):
            raise ClientMistake(f"{path}: {name}: must be text")
    return known


def write_client_file(path: Path, changes: Mapping[str, str]) -> None:
    """Put `changes` into the file, "" takes one out; comments and everything else in it stay.

    The file is replaced as a whole, so that whoever reads it meanwhile, or a power cut, finds the old or the new one.

    Raises:
        ClientMistake: it cannot be written.
    """
    import tomlkit

    target = path.resolve()  # a link, as people have who keep such files elsewhere, stays one
    document = tomlkit.parse(_text(target))
    for name, value in changes.items():
        if value:
            document[name] = value
        else:
            document.pop(name, None)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(target, tomlkit.dumps(document))
    except OSError as error:
        raise ClientMistake(f"{path}: cannot be written: {error.strerror}") from None


def _text(path: Path) -> str:
    """Return the file's text, which is TOML; "" where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
        tomllib.loads(text)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise ClientMistake(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return text


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
