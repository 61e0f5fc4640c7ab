"""Each adapter is assigned to its port: it is the type checker that proves the fit, `make check` runs it."""

from pathlib import Path

from tokenrouter.app.data import CurrentDirectory
from tokenrouter.edge.responder import HttpResponder
from tokenrouter.gateway.ownership import OwnershipLog as OwnersPort
from tokenrouter.gateway.ports import Journal, Limiter, Observer, Responder, Source, Upstream
from tokenrouter.journal.ownership_log import OwnershipLog
from tokenrouter.journal.writer import JournalWriter
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.upstream.client import UpstreamClient


def fits(
    limiter: MemoryLimiter,
    journal: JournalWriter,
    upstream: UpstreamClient,
    source: CurrentDirectory,
    observer: Figures,
    responder: HttpResponder,
    owners: OwnershipLog,
) -> tuple[Limiter, Journal, Upstream, Source, Observer, Responder, OwnersPort]:
    """Return the same, as ports."""
    return limiter, journal, upstream, source, observer, responder, owners


def test_the_adapters_that_need_nothing_can_be_made(tmp_path: Path) -> None:
    limiter: Limiter = MemoryLimiter(())
    upstream: Upstream = UpstreamClient()
    journal: Journal = JournalWriter(tmp_path)

    assert limiter.states(("global",)) == []
    assert upstream is not None
    assert journal.writable
