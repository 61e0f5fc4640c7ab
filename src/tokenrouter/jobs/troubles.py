"""Telling of what does not work: once when it has lasted for a while, and once when it is over.

What was told is kept in a file beside the caches, not in the database: that the database is away is one of the things
that are told, and a restart does not tell anything again.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast, get_args

import msgspec
import structlog

from tokenrouter.domain.alerts import ENDS, WORDS, Alert, Trouble, TroubleKind
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.jobs.tls_keeper import TlsState
from tokenrouter.tls.pair import day

FILE_NAME: Final = "troubles.json"
PROVIDER_HOLD_S: Final = 30.0
"""A provider that is away for a moment is no news: requests go elsewhere meanwhile."""
CERTIFICATE_SOON_S: Final = 7 * 86_400.0
CERTIFICATE_SOON_PART: Final = 6
"""Of a lifetime: certificates of six days are no trouble on their first day."""
_BAD: Final = ("offline", "auth problem", "blocked")

log = structlog.get_logger(__name__)

Mark = tuple[TroubleKind, str]
"""Which trouble, and whose."""


class TroubleBook:
    """Compares what is wrong now with what was told."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told = _read(path)
        self._since: dict[Mark, float] = {}

    def look(self, troubles: Iterable[Trouble], now_s: float, *, unknown: Collection[Mark] = ()) -> list[Alert]:
        """Return, and log, what is news; of those that are `unknown` nobody can say whether they are over."""
        current = {(trouble.kind, trouble.subject): trouble for trouble in troubles}
        self._since = {mark: self._since.get(mark, now_s) for mark in current}
        begun = [
            mark
            for mark, trouble in current.items()
            if mark not in self._told and now_s - self._since[mark] >= trouble.hold_s
        ]
        over = [mark for mark in sorted(self._told) if mark not in current and mark not in unknown]
        if begun or over:
            self._told = (self._told | set(begun)) - set(over)
            self._write()
        return [
            *(_begun(current[mark], now_s) for mark in begun),
            *(_ended(kind, subject, now_s) for kind, subject in over),
        ]

    def forget(self, kind: TroubleKind, known: Collection[str]) -> None:
        """Forget the troubles of `kind` of subjects that are not there any more; nobody is told that they are over."""
        gone = {mark for mark in self._told if mark[0] == kind and mark[1] not in known}
        if gone:
            self._told -= gone
            self._write()

    def _write(self) -> None:
        fresh = self._path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(sorted(self._told)))
            fresh.replace(self._path)


def provider_troubles(rows: Sequence[ProviderStatus]) -> Iterator[Trouble]:
    """Yield the providers that cannot be used, but for those that nobody has looked at."""
    for row in rows:
        if row.status in _BAD:
            facts = {"status": row.status, "problem": row.problem}
            yield Trouble("provider.offline", row.name, facts, PROVIDER_HOLD_S)


def unknown_providers(rows: Sequence[ProviderStatus]) -> set[Mark]:
    """Return whose troubles may be over or not."""
    return {("provider.offline", row.name) for row in rows if row.status == "unknown"}


def journal_troubles(
    figures: Mapping[str, Mapping[str, Any]], node: str, lag_s: float, longest_lag_s: float
) -> Iterator[Trouble]:
    """Yield what is wrong with this node's journal and the ledger; `figures` are what data processes sent last."""
    if any(snapshot.get("gauges", {}).get("journal_unwritable") for snapshot in figures.values()):
        yield Trouble("journal.unwritable", node)
    if lag_s > longest_lag_s:
        yield Trouble("ledger.behind", node, {"behind_s": round(lag_s)})


def secret_troubles(unreadable: Iterable[str]) -> Iterator[Trouble]:
    """Yield the stored secrets that cannot be decrypted, by what they are called; never by anything of themselves."""
    for name in unreadable:
        yield Trouble("secret.unreadable", name)


def certificate_troubles(served: TlsState | None, node: str, now_s: float) -> Iterator[Trouble]:
    """Yield that the certificate of this node is about to end: it should have been renewed long ago."""
    if served is None:
        return
    facts = served.facts
    soon_s = min(CERTIFICATE_SOON_S, (facts.not_after_s - facts.not_before_s) / CERTIFICATE_SOON_PART)
    if now_s >= facts.not_after_s - soon_s:
        told = {"names": ", ".join(facts.names), "until": day(facts.not_after_s), "problem": served.problem}
        yield Trouble("certificate.expiring", node, told)


def _begun(trouble: Trouble, now_s: float) -> Alert:
    log.error(WORDS[trouble.kind], kind=trouble.kind, subject=trouble.subject, **trouble.facts)
    return Alert(trouble.kind, trouble.subject, "", "", 0, now_s, trouble.facts)


def _ended(kind: TroubleKind, subject: str, now_s: float) -> Alert:
    over = ENDS[kind]
    log.warning(WORDS[over], kind=over, subject=subject)
    return Alert(over, subject, "", "", 0, now_s)


def _read(path: Path) -> set[Mark]:
    """Return what was told before; nothing where there is no file that can be read."""
    try:
        marks = msgspec.json.decode(path.read_bytes(), type=list[tuple[str, str]])
    except (OSError, msgspec.DecodeError):
        return set()
    return {cast(Mark, mark) for mark in marks if mark[0] in get_args(TroubleKind)}
