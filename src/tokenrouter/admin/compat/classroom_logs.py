"""`/admin/server-logs`: the Classroom system's list of log files, and each of them as text.

Its files were what its one process printed. Here they are those in which the processes keep what they say, under the
same names but for the ending, since its panel asks for `.log` only; no name leads anywhere else.
"""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from tokenrouter.admin.callers import Grant
from tokenrouter.admin.compat.password import needs_or_password
from tokenrouter.admin.logs import log_folder
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import State
from tokenrouter.observe.log_files import log_files
from tokenrouter.observe.log_reader import file_lines

router: Final = APIRouter(prefix="/admin/server-logs", include_in_schema=False)

ENDING: Final = ".log"
MAX_LINES: Final = 5000
"""Most lines of one file that are shown, the newest ones: some MiB."""
Reading = Annotated[Grant, needs_or_password("logs.read")]


class LogFile(BaseModel):
    """One file; `size` in bytes, as it lies on the disk."""

    filename: str
    size: int
    modified: str


@router.get("")
def list_files(state: State, _grant: Reading) -> list[LogFile]:
    """Return the files, the newest first."""
    found = []
    for path in reversed(log_files(log_folder(state))):
        try:
            facts = path.stat()
        except FileNotFoundError:  # whoever began a new one has deleted it meanwhile
            continue
        found.append(LogFile(filename=path.stem + ENDING, size=facts.st_size, modified=_time(facts.st_mtime)))
    return found


@router.get("/{name}", response_class=PlainTextResponse)
def read_file(state: State, _grant: Reading, name: Annotated[str, Path(max_length=200)]) -> str:
    """Return a file as lines of text, the oldest first."""
    known = {path.stem + ENDING: path for path in log_files(log_folder(state))}
    if name not in known:
        raise Problem(404, "log_not_found", f"Log file not found; the list has those that end in {ENDING!r}.")
    return "".join(f"{line.shown(_time(line.time_us / 1e6))}\n" for line in file_lines(known[name], MAX_LINES))


def _time(seconds: float) -> str:
    """Return a time as its clients read it: ISO 8601 without a zone, here always UTC."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec="seconds")
