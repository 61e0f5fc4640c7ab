"""The private folder in which the processes of one server meet; one that a killed server left is removed.

It lies with the system's temporary files, since a socket's path must be short, and the state folder notes where. Only
who holds the state folder's lock may ask.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "torod-"
NOTE_NAME: Final = "torod.runtime"


def make_runtime_folder(state: Path) -> Path:
    """Return a new folder, after removing that of a server which could not do so itself.

    Raises:
        OSError: it cannot be made, or not be noted.
    """
    note = state / NOTE_NAME
    with suppress(OSError, ValueError):
        _remove(Path(note.read_text(encoding="utf-8").strip()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    note.write_text(f"{folder}\n", encoding="utf-8")
    return folder


def _remove(folder: Path) -> None:
    """Remove a folder that looks like one of ours: what the note says is not believed blindly."""
    is_named_so = folder.name.startswith(PREFIX) and folder.parent == Path(tempfile.gettempdir())
    if is_named_so and not folder.is_symlink() and folder.stat().st_uid == os.geteuid():
        shutil.rmtree(folder, ignore_errors=True)
