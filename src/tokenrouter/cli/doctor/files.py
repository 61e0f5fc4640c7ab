"""The files: who may read what is secret, whose they are, and whether the server can write where it must."""

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from tokenrouter.cli.doctor.finding import Finding, Patient
from tokenrouter.config.file_values import file_values
from tokenrouter.config.keyfile import FILE_NAME as KEY_FILE
from tokenrouter.config.paths import dotenv_file
from tokenrouter.config.problems import ConfigErrors

MAX_FILES: Final = 5_000
"""Most files of the state folder that are looked at."""
MAX_NAMED: Final = 5
_OTHERS: Final = 0o077


def check_files(patient: Patient) -> Iterator[Finding]:
    """Look at the configuration, what it points to, and the folders of state and caches."""
    for path, subject in _private_files(patient):
        yield _private(path, subject, patient, 0o600)
    yield from _check_state(patient)
    yield _writable(patient.paths.cache_dir, "cache folder")


def _private_files(patient: Patient) -> Iterator[tuple[Path, str]]:
    """Yield the files that may hold a secret: the configuration, the key file, `.env`, and what `file:` names."""
    file = patient.paths.config_file
    if file is not None and file.exists():
        yield file, "configuration file"
    if (key := patient.paths.state_dir / KEY_FILE).exists():
        yield key, "installation's secret"
    try:
        dotenv = dotenv_file(patient.environ, patient.paths)
        pointed = [] if file is None else [str(one.value) for one in file_values(file)]
    except ConfigErrors:
        return  # told by another check
    if dotenv is not None and dotenv.exists():
        yield dotenv, "environment file"
    for value in pointed:
        if value.startswith("file:") and (path := Path(value.removeprefix("file:")).expanduser()).exists():
            yield path, "secret"


def _private(path: Path, subject: str, patient: Patient, mode: int) -> Finding:
    """Say whether only its owner may read `path`; mend it where that is ours to do."""
    found = path.stat()
    if not stat.S_IMODE(found.st_mode) & _OTHERS:
        return Finding("ok", subject, f"{path} is for its owner only")
    says = f"others may read {path} (mode {stat.S_IMODE(found.st_mode):04o}), and it may hold secrets"
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        return Finding("warning", subject, says, f"its owner can: chmod {mode:o} {path}")
    if not patient.fix:
        return Finding("warning", subject, says, f"chmod {mode:o} {path}, or torod doctor --fix")
    try:
        path.chmod(mode)
    except OSError as error:
        return Finding("warning", subject, f"{says}; that cannot be changed here: {error.strerror}")
    return Finding("ok", subject, f"{path} was readable by others and is for its owner only now", mended=True)


def _check_state(patient: Patient) -> Iterator[Finding]:
    folder = patient.paths.state_dir
    if not folder.exists():
        yield _writable(folder, "state folder")
        return
    is_open = bool(stat.S_IMODE(folder.stat().st_mode) & _OTHERS)
    yield _private(folder, "state folder", patient, 0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            "problem", "state folder", f"{folder} cannot be written", "be the user that the server runs as, or chown it"
        )
        return
    files = list(islice(_files_below(folder), MAX_FILES))
    if is_open:
        yield from _open_files(files, patient)
    yield from _foreign_files(folder, files)


def _files_below(folder: Path) -> Iterator[Path]:
    for path, _, names in os.walk(folder):
        yield from (Path(path) / name for name in names)


def _open_files(files: list[Path], patient: Patient) -> Iterator[Finding]:
    """Say which files others may read of a state folder that is not closed to them."""
    wrong = [path for path in files if (mode := _mode(path)) is not None and mode & _OTHERS]
    if not wrong:
        return
    if patient.fix:
        mended = [path for path in wrong if _chmod(path)]
        yield Finding("ok", "state folder", f"{_named(mended)} were readable by others and are not now", mended=True)
        wrong = [path for path in wrong if path not in mended]
    if wrong:
        says = f"others may read {_named(wrong)}"
        yield Finding("warning", "state folder", says, "torod doctor --fix, or chmod 600 each")


def _foreign_files(folder: Path, files: list[Path]) -> Iterator[Finding]:
    """Say which files are another user's than the folder: a command that was run as root has left them, as a rule."""
    owner = folder.stat().st_uid
    foreign = [path for path in files if (found := _owner(path)) is not None and found != owner]
    if foreign:
        says = f"{_named(foreign)} belong to another user than {folder}, so the server may not be able to use them"
        yield Finding("problem", "state folder", says, f"as root: chown -R --reference={folder} {folder}")


def _writable(folder: Path, subject: str) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        do = "be the user that the server runs as, or choose another place with TOKENROUTER_HOME"
        return Finding("problem", subject, f"{folder} cannot be {'written' if there == folder else 'made'}", do)
    return Finding("ok", subject, f"{folder}" + ("" if there == folder else " is made at the first start"))


def _named(paths: list[Path]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(map(str, paths[:MAX_NAMED])) + more


def _mode(path: Path) -> int | None:
    try:
        found = path.lstat()
    except OSError:
        return None  # gone meanwhile
    return stat.S_IMODE(found.st_mode) if stat.S_ISREG(found.st_mode) else None


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def _chmod(path: Path) -> bool:
    try:
        path.chmod(0o600)
    except OSError:
        return False
    return True
