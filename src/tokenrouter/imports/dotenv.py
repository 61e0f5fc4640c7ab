"""The `.env` beside a foreign database: providers' keys are there, and settings that nobody else knows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tokenrouter.config.paths import read_dotenv
from tokenrouter.imports.found import SourceUnreadable

MAX_BYTES: Final = 2**20
FILE_NAME: Final = ".env"


def variables_beside(path: Path) -> dict[str, str]:
    """Return the variables of the `.env` in the folder of `path` or the one above it; none where there is no such file.

    Databases often lie in a folder `data` below the program's.

    Raises:
        SourceUnreadable: there is one, and it is none that can be read.
    """
    for folder in (path.absolute().parent, path.absolute().parent.parent):
        file = folder / FILE_NAME
        if file.is_file():
            return _read(file)
    return {}


def _read(file: Path) -> dict[str, str]:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise SourceUnreadable(f"{file} is larger than {MAX_BYTES} bytes")
        return read_dotenv(file)
    except OSError as error:
        raise SourceUnreadable(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SourceUnreadable(f"{file}: {error}") from None


def said_in(variables: Mapping[str, str], *names: str) -> list[str]:
    """Return those of `names` that are set, in order."""
    return [name for name in names if variables.get(name)]
