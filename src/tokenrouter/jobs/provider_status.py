"""Everything that is known of providers beside requests, as rows: for the API, the pages, metrics, and a file.

The file is what `torod providers` reads: it works without a key, and says how things were when the server stopped.
"""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from tokenrouter.domain.catalog import Origin, Provider
from tokenrouter.domain.conditions import Condition, Status
from tokenrouter.jobs.health_checks import ProviderHealth

FILE_NAME: Final = "providers.json"

log = structlog.get_logger(__name__)


class CoolingTarget(msgspec.Struct, frozen=True):
    """A model that requests leave alone: the code of the error that began it, and until when (since the epoch)."""

    model: str
    reason: str
    until_s: float


class ProviderStatus(msgspec.Struct, frozen=True):
    """One provider. Times are seconds since the epoch, 0 for never; `problem` is of the last check.

    Attributes:
        left: the smallest share, from 0 to 1, that is left of any of its quotas; None where nobody knows.
        model_count: models of the last list, which was answered at `listed_at_s`.
        cooling: of all data processes of this node.
    """

    name: str
    kind: str
    origin: Origin
    status: Status = "unknown"
    problem: str = ""
    response_ms: float = 0.0
    model_count: int = 0
    listed_at_s: float = 0.0
    checked_at_s: float = 0.0
    next_check_s: float = 0.0
    left: float | None = None
    cooling: list[CoolingTarget] = []


_decode: Final = msgspec.json.Decoder(list[ProviderStatus]).decode


def provider_statuses(
    providers: Sequence[Provider],
    health: Mapping[str, ProviderHealth],
    conditions: Mapping[str, Condition],
    figures: Mapping[str, Mapping[str, Any]],
    now_s: float,
) -> list[ProviderStatus]:
    """Return a row for each of `providers`; `figures` are what data processes sent last."""
    cooling = _cooling(figures, now_s)
    return [
        _row(provider, health.get(provider.name), conditions.get(provider.name), cooling.get(provider.name, []))
        for provider in providers
    ]


def with_problems(rows: Sequence[ProviderStatus], problems: Mapping[str, str]) -> list[ProviderStatus]:
    """Return `rows`; a provider that cannot be used at all is shown with what `problems` says of it."""
    return [
        msgspec.structs.replace(row, status="auth problem", problem=problems[row.name]) if row.name in problems else row
        for row in rows
    ]


def _row(
    provider: Provider, health: ProviderHealth | None, condition: Condition | None, cooling: list[CoolingTarget]
) -> ProviderStatus:
    left = None if condition is None else condition.left
    if health is None:
        return ProviderStatus(provider.name, provider.kind, provider.origin, left=left, cooling=cooling)
    return ProviderStatus(
        provider.name,
        provider.kind,
        provider.origin,
        health.status,
        health.problem,
        health.response_ms,
        health.model_count,
        health.listed_at_s,
        health.checked_at_s,
        health.next_check_s,
        left,
        cooling,
    )


def _cooling(figures: Mapping[str, Mapping[str, Any]], now_s: float) -> dict[str, list[CoolingTarget]]:
    """Return by provider what cools; where several processes leave one alone, the longest."""
    longest: dict[str, tuple[str, float]] = {}
    for snapshot in figures.values():
        for target, reason, until_s in snapshot.get("cooling", ()):
            if until_s > now_s and until_s > longest.get(target, ("", 0.0))[1]:
                longest[target] = reason, until_s
    found: dict[str, list[CoolingTarget]] = {}
    for target, (reason, until_s) in sorted(longest.items()):
        provider, _, model = target.partition("/")
        found.setdefault(provider, []).append(CoolingTarget(model, reason, until_s))
    return found


class StatusFile:
    """The file of rows; it is written when they have changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: list[ProviderStatus] | None = None

    def write(self, rows: list[ProviderStatus]) -> None:
        """Replace the file if `rows` are others than last time; one that cannot be written is no reason to stop."""
        if rows == self._written:
            return
        self._written = rows
        fresh = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(rows))
            fresh.replace(self._path)
        except OSError as error:
            log.warning("the providers' statuses cannot be written", reason=str(error))


def read_statuses(path: Path) -> tuple[list[ProviderStatus], float] | None:
    """Return the rows of a file and its age in seconds, or None where there is none that can be read."""
    try:
        return _decode(path.read_bytes()), max(0.0, time.time() - path.stat().st_mtime)
    except (OSError, msgspec.DecodeError):
        return None
