"""The private folder of one wrapped program, and the removal of those that a killed `toro` left behind.

A lock on a file in it says that it is wanted. `toro` holds the lock, and the program inherits it: so a folder is left
over when both have gone, whoever has their numbers by then. Where there are no such locks (Windows) nobody looks.
"""

import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import click

PREFIX: Final = "toro-"
LOCK_NAME: Final = "toro.lock"
FILES_NAME: Final = "files"
_NAME: Final = re.compile(rf"{PREFIX}[a-z0-9_]{{8}}")
"""What `mkdtemp` makes of the prefix."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that nobody else may look into; it is removed in the end.

    Raises:
        click.ClickException: it cannot be made.
    """
    remove_left_over()
    try:
        place = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        lock = _locked(Path(place.name) / LOCK_NAME)
        (files := Path(place.name) / FILES_NAME).mkdir(mode=0o700)
    except OSError as error:
        raise click.ClickException(f"there is no place for temporary files: {error.strerror}") from None
    with place:
        try:
            yield files
        finally:
            os.close(lock)


def remove_left_over() -> None:
    """Remove the folders of which neither `toro` nor the program is there any more."""
    if sys.platform == "win32":
        return
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                with suppress(OSError):
                    _remove_if_left(Path(entry.path))


def _locked(path: Path) -> int:
    """Make a file and return its descriptor, which holds the lock; the program that is started inherits it.

    The lock is there before what it is for: a folder without the one or the other is nobody's to remove.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock, True)
    return lock


def _remove_if_left(folder: Path) -> None:
    """Remove a folder that is nobody's any more, if it is ours and has nothing in it but what we make.

    Raises:
        OSError: it is wanted, or is none of ours.
    """
    import fcntl

    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        return
    if {entry.name for entry in folder.iterdir()} != {LOCK_NAME, FILES_NAME}:
        return
    lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
