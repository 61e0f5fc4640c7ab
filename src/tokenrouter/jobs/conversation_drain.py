"""From the files of captured requests into the database: each file once, as a whole, and then it goes.

It is told apart which requests a client made for itself, what a conversation is called, and what of it can be searched.
"""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from tokenrouter.config.sealing import Sealing
from tokenrouter.dialects.title_requests import asks_for_title, title_of
from tokenrouter.dialects.transcripts import ReadAnswer, Turn, read_answer, read_request
from tokenrouter.domain.capture import Captured
from tokenrouter.journal.conversation_files import captured_files, read_captured, taken_over
from tokenrouter.journal.conversation_writer import remove_abandoned
from tokenrouter.store.conversations import Gist, NewRecord, files_taken_in, forget_file, take_in_file
from tokenrouter.store.engine import Store

GIST_CHARS: Final = 500
"""So much of what was asked and answered is searched and shown in lists."""
TITLE_GENERATION: Final = "title_generation"
_ABANDONED_S: Final = 3600.0


class ConversationDrain:
    """Moves what was captured into the store. Safe to call from several threads.

    Attributes:
        taken_in: requests that were moved since the start.
    """

    def __init__(self, store: Store, folder: Path, sealing: Sealing, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since the epoch."""
        self._store = store
        self._folder = folder
        self._sealing = sealing
        self._clock = clock
        self._lock = threading.Lock()
        self._is_first = True
        self.taken_in = 0

    def drain(self) -> int:
        """Take in every file that is complete; return how many requests are new.

        Raises:
            StoreError, sqlalchemy.exc.SQLAlchemyError, OSError: nothing is lost; call again.
        """
        with self._lock:
            files = captured_files(self._folder)
            if self._is_first:
                self._forget_gone({path.name for path in files})
                remove_abandoned(self._folder, self._clock() - _ABANDONED_S)
                self._is_first = False
            new = sum(self._take_in(path) for path in files)
            self.taken_in += new
            return new

    def _forget_gone(self, there: set[str]) -> None:
        """Forget files that went just before this node's last control process did; other nodes forget their own."""
        for name in files_taken_in(self._store):
            if name not in there and _is_old(name, self._clock()):
                forget_file(self._store, name)

    def _take_in(self, path: Path) -> int:
        with taken_over(path) as is_complete:
            if not is_complete:
                return 0
            records = [record_of(captured) for captured in read_captured(path, self._sealing)]
            new = take_in_file(self._store, self._sealing, path.name, records) if records else 0
            path.unlink(missing_ok=True)
        if records:
            forget_file(self._store, path.name)
        return new


def _is_old(name: str, now_s: float) -> bool:
    """Whether a file was made so long ago, by its name, that no other node has it still."""
    begun_ns = name.partition("-")[0]
    return not begun_ns.isdigit() or int(begun_ns) / 1e9 < now_s - 30 * 86_400


def record_of(captured: Captured) -> NewRecord:
    """Return a captured request with what can be read in it."""
    turns = request_turns(captured)
    answer = answer_of(captured)
    said = _said_by(turns, "user")
    answered = _said_by(answer.turns, "assistant")
    is_title = captured.operation != "embeddings" and asks_for_title(turns)
    return NewRecord(
        captured,
        TITLE_GENERATION if is_title else "",
        Gist(said[:GIST_CHARS], (answered or answer.problem)[:GIST_CHARS]),
        title_of(answered) if is_title and captured.outcome == "answered" else "",
        answer.id,
    )


def request_turns(captured: Captured) -> tuple[Turn, ...]:
    """Return what a captured request says."""
    is_cut = captured.request_bytes > len(captured.request_body)
    return read_request(captured.dialect, captured.request_body, is_cut=is_cut)


def answer_of(captured: Captured) -> ReadAnswer:
    """Return what its client got."""
    return read_answer(
        captured.dialect,
        captured.answer_body,
        status=captured.status,
        is_stream=captured.is_stream,
        sse=captured.sse,
    )


def _said_by(turns: Iterable[Turn], role: str) -> str:
    """Return the last words of a role."""
    return next((turn.text for turn in reversed(tuple(turns)) if turn.role == role and turn.text), "")
