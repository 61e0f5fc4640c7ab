"""`/admin/api/logs`: what the processes of this node have said, a numbered page at a time, as TokenRouter-Go pages it.

Its pages have a total, so all lines that are kept are looked through; how many those may be is said in the file.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends

from tokenrouter.admin import logs
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_body import Lenient, sent
from tokenrouter.admin.logs import log_folder, shown_line
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import State
from tokenrouter.observe.log_reader import LEVELS, LogFilter, LogLine, newest_lines

router: Final = APIRouter(prefix="/admin/api", include_in_schema=False)

USUAL_PAGE: Final = 25
MAX_Q_CHARS: Final = 200
_LEVELS: Final = {"trace": "debug", "warn": "warning", "fatal": "critical"}
"""Its words for levels, where ours are others."""


class KeptLines(Lenient):
    """How many lines are kept."""

    max_lines: int = 0


@router.get("/logs")
def read_logs(
    state: State,
    _grant: Annotated[Grant, needs("logs.read")],
    level: str = "",
    q: str = "",
    page: str = "",
    page_size: str = "",
    limit: str = "",
) -> dict[str, Any]:
    """Return one page of the lines of a level and what is more serious, newest first; `limit` is that many at once."""
    wanted = LogFilter(level=_level(level), q=q.strip()[:MAX_Q_CHARS])
    kept = state.settings.logs.max_lines
    lines = newest_lines(log_folder(state), wanted, limit=kept)
    number, size = (1, _count(limit, USUAL_PAGE)) if limit else (_count(page, 1), _page_size(page_size))
    size = min(size or max(1, len(lines)), kept)
    begin = (number - 1) * size
    return {
        "entries": [_shown(line) for line in lines[begin : begin + size]],
        "total": len(lines),
        "page": number,
        "page_size": size,
    }


@router.delete("/logs")
def delete_logs(state: State, grant: Annotated[Grant, needs("logs.delete")]) -> dict[str, str]:
    """Delete all lines."""
    logs.delete_logs(state, grant)
    return {"status": "ok"}


@router.get("/settings/logs")
def read_bounds(state: State, _grant: Annotated[Grant, needs("settings.read")]) -> dict[str, int]:
    """Return how many lines are kept."""
    return {"max_lines": state.settings.logs.max_lines}


@router.put("/settings/logs")
def change_bounds(
    state: State,
    _grant: Annotated[Grant, needs("settings.write")],
    wanted: Annotated[KeptLines, Depends(sent(KeptLines))],
) -> dict[str, str]:
    """Answer that all is as wanted, or say where to change it."""
    if wanted.max_lines != state.settings.logs.max_lines:
        file = state.settings.paths.config_file or state.settings.paths.default_config_file
        words = f"write max_lines = {wanted.max_lines} under [logs] into {file} and restart the gateway"
        raise Problem(409, "declared_elsewhere", words)
    return {"status": "ok"}


def _shown(line: LogLine) -> dict[str, str]:
    return {"id": line.id, "timestamp": shown_line(line).timestamp, "level": line.level, "message": line.text}


def _level(text: str) -> str:
    word = text.strip().lower()
    level = _LEVELS.get(word, word)
    return level if level in LEVELS else LEVELS[0]


def _page_size(text: str) -> int:
    """Return how many lines a page has; 0 is all of them."""
    return 0 if text.strip().lower() in ("all", "0") else _count(text, USUAL_PAGE)


def _count(text: str, usual: int) -> int:
    """Return the number that is meant; what is none counts as the usual one, as there."""
    number = text.strip()
    return int(number) if number.isdecimal() and len(number) < 7 and int(number) > 0 else usual
