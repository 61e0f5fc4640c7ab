"""Putting a configuration in the place of another: checked first, whole or not at all, readable by its owner only."""

import difflib
import os
import re
import secrets
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors, Problem
from tokenrouter.config.settings import Settings

_SECRET: Final = re.compile(r"key|token|secret|password|_pem\b", re.IGNORECASE)
_URL_PASSWORD: Final = re.compile(r"(://[^\s/@\"']*:)[^\s/\"']*@")
MIN_SECRET_CHARS: Final = 4
BACKUP_SUFFIX: Final = ".bak"
_COMING: Final = "TOKENROUTER_KEY_TO_COME"


class NotSaved(Exception):
    """The file was not written; the message says why."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as it is and as it shall be; `before` is None where there is none."""

    path: Path
    before: str | None
    text: str

    @property
    def is_change(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.text

    def difference(self) -> str:
        """Return what changes, line by line, with no secret in it."""
        old, new = (self.before or "").splitlines(), self.text.splitlines()
        lines = list(difflib.unified_diff(old, new, lineterm="", n=1))[2:]
        return hidden("\n".join(lines), self.before or "", self.text)


def read_text(path: Path) -> str | None:
    """Return what stands in a file, byte by byte, None where there is none.

    Raises:
        NotSaved: it cannot be read.
    """
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise NotSaved(f"{path} is not UTF-8; it was left as it is") from None
    except OSError as error:
        raise NotSaved(f"{path} cannot be read: {error.strerror}") from None


def check_text(path: Path, text: str, environ: Mapping[str, str]) -> Settings:
    """Return the settings that a file with `text` at `path` would make; variables that are not set here count as set.

    Raises:
        ConfigErrors: what is wrong with it; places are told as lines of `path`.
        NotSaved: no file can be made to look.
    """
    names = unset_variables(text, environ)
    environ = {**environ, **{name: secrets.token_hex(16) for name in names}}
    if "TOKENROUTER_ENV_FILE" not in environ and (beside := path.with_name(".env")).is_file():
        environ["TOKENROUTER_ENV_FILE"] = str(beside)
    try:
        with tempfile.TemporaryDirectory(prefix="torod-config-") as place:
            trial = Path(place) / path.name
            trial.write_bytes(text.encode())
            trial.chmod(0o600)
            return load(config=str(trial), environ=environ)
    except OSError as error:
        raise NotSaved(f"no file can be made to try it in {tempfile.gettempdir()}: {error.strerror}") from None


def unset_variables(text: str, environ: Mapping[str, str]) -> list[str]:
    """Return the variables that `env:NAME` in a file names and that are not set here."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError):
        return []
    named = (one[4:] for _, one in _texts(values, "") if one.startswith("env:"))
    return [name for name in dict.fromkeys(named) if name and not environ.get(name)]


def hidden(shown: str, *texts: str) -> str:
    """Return `shown` without the secrets that stand in any of the TOML `texts`, and without passwords in URLs."""
    found: set[str] = set()
    for text in texts:
        try:
            values = tomllib.loads(text)
        except (ValueError, RecursionError):
            continue
        for name, value in _texts(values, ""):
            if (
                _SECRET.search(name)
                and not value.startswith(("env:", "file:"))
                and not name.endswith(("_file", "_env"))
            ):
                found.update(line for line in value.splitlines() if len(line) >= MIN_SECRET_CHARS)
    for secret in sorted(found, key=len, reverse=True):
        shown = shown.replace(secret, "…")
    return _URL_PASSWORD.sub(r"\1…@", shown)


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield every text below `value`, with the names of the keys that lead to it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, f"{name}.{key}")


def save(draft: Draft, *, backup: bool) -> None:
    """Write the draft where it belongs, through a link if that is one; `backup` keeps what was there beside it.

    Raises:
        NotSaved: it could not be written, or somebody else changed the file meanwhile.
    """
    path = Path(os.path.realpath(draft.path))
    if read_text(path) != draft.before:
        raise NotSaved(f"{path} was changed by somebody else meanwhile; nothing was written")
    try:
        if backup and draft.before is not None:
            replace_file(path.with_name(path.name + BACKUP_SUFFIX), draft.before, like=path)
        replace_file(path, draft.text, like=path)
    except OSError as error:
        raise NotSaved(f"{path} cannot be written: {error.strerror}; it is as it was") from None


def replace_file(path: Path, text: str, *, like: Path) -> None:
    """Put `text` at `path` in one step, with owner and mode of `like` (never for others), or mode 0600.

    Raises:
        OSError: it cannot be written.
    """
    _make_folder(path.parent, like)
    fd, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            _take_after(fd, like)
            file.write(text.encode())
            file.flush()
            os.fsync(fd)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _make_folder(folder: Path, like: Path) -> None:
    """Make `folder` and those above it that are missing, for whoever may read `like`, or for this user alone."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
        if like.exists():
            _give(one, like.stat(), 0o750 if like.stat().st_mode & 0o040 else 0o700)


def _take_after(fd: int, like: Path) -> None:
    if like.exists():
        _give(fd, like.stat(), like.stat().st_mode & 0o660)


def _give(file: int | Path, known: os.stat_result, mode: int) -> None:
    if (known.st_uid, known.st_gid) != (os.getuid(), os.getgid()):
        os.chown(file, known.st_uid, known.st_gid)
    os.chmod(file, mode)


def problems_of(draft: Draft, environ: Mapping[str, str], coming: Mapping[Path, str] | None = None) -> list[Problem]:
    """Return the mistakes that a draft would bring; those that were there before, it may leave.

    `coming` are key files, with what they will hold, that are written with it and count as there.

    Raises:
        NotSaved: no file can be made to look.
    """
    text = draft.text
    for number, (file, secret) in enumerate((coming or {}).items()):
        variable = f"{_COMING}_{number}"
        text = text.replace(f'"file:{file}"', f'"env:{variable}"')
        environ = {**environ, variable: secret.strip()}
    found = _problems(draft.path, text, environ)
    if not found or draft.before is None:
        return found
    before = {(one.key, one.message) for one in _problems(draft.path, draft.before, environ)}
    return [one for one in found if (one.key, one.message) not in before]


def _problems(path: Path, text: str, environ: Mapping[str, str]) -> list[Problem]:
    try:
        check_text(path, text, environ)
    except ConfigErrors as error:
        return error.problems
    return []
