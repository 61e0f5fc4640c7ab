"""The sandbox's own books: what it was asked, what it would bill, what it has really written.

Tests compare a gateway's ledger with these and never the other way round, so they are kept in the sandbox's own file
(JSON lines, append-only): one line when a request is there in full, one when it is over. A `begin` without an `end`
means that the sandbox itself was killed. Each line is one `write`, so nothing is lost when the process dies.
"""

import dataclasses
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from tokenrouter.sandbox.tokens import Usage

KEPT_LINES: Final = 10_000
"""Lines held in memory for `GET /books`; the file has them all."""
MAX_SUMMARY_MODELS: Final = 1_000

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))

End = Literal["completed", "client_closed", "fault", "stopped"]


@dataclass(slots=True)
class Entry:
    """One request while it runs.

    Attributes:
        usage: what a full answer costs; None until the model has begun to work, and then nothing is billed.
        generated: completion tokens made so far, hidden ones included: what is billed when the client leaves.
        tokens_written: visible completion tokens that the kernel has taken.
        end: `completed` (with any status), `client_closed` before the end, `fault` (ended by a fault model),
            `stopped` (the sandbox was told to end).
        closed_at: when the peer's close was noticed, in epoch seconds.
    """

    id: str
    model: str
    status: int = 200
    usage: Usage | None = None
    generated: int = 0
    tokens_written: int = 0
    bytes_written: int = 0
    end: End = "completed"
    closed_at: float | None = None

    def billed(self) -> Usage:
        if self.usage is None:
            return Usage(0)
        reasoning = min(self.usage.reasoning, self.generated)
        return dataclasses.replace(self.usage, completion=self.generated, reasoning=reasoning)


@dataclass(slots=True)
class Total:
    """Sums over the ended requests of one model."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    tokens_written: int = 0
    bytes_written: int = 0
    ends: dict[str, int] = field(default_factory=dict)


class Books:
    """Writes the lines, and remembers the last of them."""

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._file = path.open("ab", buffering=0) if path else None
        self._clock = clock
        self._lines: deque[dict[str, object]] = deque(maxlen=KEPT_LINES)
        self._totals: dict[str, Total] = {}
        self._in_progress = 0

    def begin(self, entry: Entry, facts: dict[str, object]) -> None:
        """Note a request; `facts` say what was received (dialect, path, ids of the caller, names of its fields)."""
        self._in_progress += 1
        self._write({"event": "begin", "id": entry.id, "at": self._clock(), "model": entry.model, **facts})

    def end(self, entry: Entry) -> None:
        self._in_progress -= 1
        billed = entry.billed()
        line: dict[str, object] = {
            "event": "end",
            "id": entry.id,
            "at": self._clock(),
            "model": entry.model,
            "status": entry.status,
            "end": entry.end,
            "prompt_tokens": billed.prompt,
            "completion_tokens": billed.completion,
            "reasoning_tokens": billed.reasoning,
            "cached_tokens": billed.cached,
            "cache_write_tokens": billed.written,
            "cache_write_1h_tokens": billed.written_1h,
            "tokens_written": entry.tokens_written,
            "bytes_written": entry.bytes_written,
            "closed_at": entry.closed_at,
        }
        self._add(entry, billed)
        self._write(line)

    def last(self, lines: int) -> list[dict[str, object]]:
        """The last lines, oldest first."""
        return list(self._lines)[-lines:] if lines > 0 else []

    def summary(self) -> dict[str, object]:
        models = {
            name: {slot: getattr(total, slot) for slot in Total.__slots__} for name, total in self._totals.items()
        }
        return {"in_progress": self._in_progress, "models": models}

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _add(self, entry: Entry, billed: Usage) -> None:
        name = entry.model if entry.model in self._totals or len(self._totals) < MAX_SUMMARY_MODELS else "(others)"
        total = self._totals.setdefault(name, Total())
        total.requests += 1
        total.prompt_tokens += billed.prompt
        total.completion_tokens += billed.completion
        total.reasoning_tokens += billed.reasoning
        total.cached_tokens += billed.cached
        total.cache_write_tokens += billed.written
        total.tokens_written += entry.tokens_written
        total.bytes_written += entry.bytes_written
        total.ends[entry.end] = total.ends.get(entry.end, 0) + 1

    def _write(self, line: dict[str, object]) -> None:
        self._lines.append(line)
        if self._file:
            self._file.write(_ENCODER.encode(line).encode() + b"\n")
