"""Keeping the certificate good while the server runs: an operator's files are followed, our own is renewed in time.

Whatever brings a new certificate only puts it into its file below the state folder (`tls/folder.py`); this looks at
that file and has it served, so it does not matter who did. A certificate that cannot be served never gets there: what
is wrong with it is told, and the one before goes on being served.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import structlog

from tokenrouter.config.settings import Settings, TlsMode
from tokenrouter.tls.folder import keep_pair, kept_file, served_file
from tokenrouter.tls.pair import BadCertificate, CertificateFacts, Pair, day, read_pair
from tokenrouter.tls.prepare import prepare_self_signed, read_operators_pair

LOOK_S: Final = 1.0
"""How often files are looked at; their names and times only, unless these have changed."""
RENEW_LOOK_S: Final = 3600.0
SETTLED_LOOKS: Final = 2
"""How often a pair must be seen to be wrong in the same way: certificate and key are rarely replaced at one moment."""

log = structlog.get_logger(__name__)

Mark = tuple[int, int, int]
"""What a file's change changes: its size, its time, and which file it is."""


@dataclass(frozen=True, slots=True)
class TlsState:
    """What is served, as an operator is shown it.

    Attributes:
        mode: how the certificate came about.
        problem: why a newer one is not served, or "".
        answers, challenges: what is answered for an authority, as `TlsMessage` says it.
    """

    mode: TlsMode
    path: Path
    facts: CertificateFacts
    problem: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    challenges: Mapping[str, str] = field(default_factory=dict)


class TlsKeeper:
    """Looks after the certificate of this node.

    Attributes:
        state: what is served; None where HTTPS is off, or nothing can be served.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        tell: Callable[[TlsState], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`tell` is called with what is to be served from now on."""
        self._settings = settings
        self._tell = tell
        self._clock = clock
        self._is_on = settings().tls.enabled
        self._seen: object = None
        self._served: tuple[Path, Mark | None] | None = None
        self._renewal_s, self._names = 0.0, settings().tls.domains
        self._doubt = ("", 0)
        self.state: TlsState | None = None
        if self._is_on:
            self._notice()

    async def run(self) -> None:
        """Look again and again; runs until cancelled."""
        while self._is_on:
            await asyncio.sleep(LOOK_S)
            self._take(await asyncio.to_thread(self._bring))

    def look(self) -> None:
        """Bring the kept certificate up to date, and notice when another one is to be served; blocks."""
        self._take(self._bring())

    def answer_challenges(self, answers: Mapping[str, str], challenges: Mapping[str, str]) -> None:
        """Have these answered from now on, and no others: http-01 by token, tls-alpn-01 by name (a file's path)."""
        if self.state is not None:
            self.state = replace(self.state, answers=answers, challenges=challenges)
            self._tell(self.state)

    def note_problem(self, problem: str) -> None:
        """Show why there is no newer certificate; "" when that is over."""
        if self.state is not None and self.state.problem != problem:
            self.state = replace(self.state, problem=problem)

    def _bring(self) -> str | None:
        """Return what is wrong with a newer certificate, "" where all is well, None where there is none; blocks."""
        settings, now_s = self._settings(), self._clock()
        try:
            if settings.tls.mode == "pem":
                return self._follow_files(settings, now_s)
            if settings.tls.mode == "self_signed" and (now_s >= self._renewal_s or settings.tls.domains != self._names):
                self._renewal_s, self._names = now_s + RENEW_LOOK_S, settings.tls.domains
                prepare_self_signed(settings, now_s)
                return ""
        except BadCertificate as error:
            return str(error)
        except OSError as error:
            return f"{error.filename}: {error.strerror}"
        return None

    def _take(self, problem: str | None) -> None:
        """Tell what is wrong once it has been so for a while, and have served what is to be."""
        if problem is not None:
            known, looks = self._doubt
            self._doubt = (problem, looks + 1 if problem == known else 1)
            if not problem:
                self.note_problem("")
            elif self._doubt[1] == SETTLED_LOOKS:
                log.error("a certificate is refused; the one before stays", reason=problem)
                self.note_problem(problem)
        before = self._served
        self._notice()  # of a chain that was completed, the certificate says what it said before
        if self.state is not None and self._served != before:
            self._tell(self.state)

    def _follow_files(self, settings: Settings, now_s: float) -> str | None:
        """Take over the operator's pair if it is another one."""
        tls = settings.tls
        seen = (tls.cert_pem, tls.key_pem, _mark(tls.cert_file), _mark(tls.key_file))
        if seen == self._seen:
            return None
        pair = read_operators_pair(tls)
        path = kept_file(settings, "pem")
        if not path.exists() or path.read_bytes() != pair.pem:
            facts = read_pair(pair, now_s)
            if facts.is_over(now_s) and self.state is not None and not self.state.facts.is_over(now_s):
                raise BadCertificate(f"the new one is over since {day(facts.not_after_s)}, and the one before is not")
            keep_pair(path, pair)
            log.info("another certificate is served", names=facts.names, until=day(facts.not_after_s))
        self._seen = seen
        return ""

    def _notice(self) -> None:
        """See what is to be served."""
        path = served_file(self._settings())
        served = path, _mark(str(path))
        if served == self._served:
            return
        try:
            facts = read_pair(Pair.of_pem(path.read_bytes()), self._clock())
        except (OSError, BadCertificate) as error:
            log.error("the certificate that is kept cannot be read", path=str(path), reason=str(error))
            return
        self._served = served
        mode: TlsMode = (
            "self_signed" if path == kept_file(self._settings(), "self_signed") else self._settings().tls.mode
        )
        known = self.state or TlsState(mode, path, facts)
        self.state = replace(known, mode=mode, path=path, facts=facts)


def _mark(name: str) -> Mark | None:
    """Return what tells whether a file has changed; None where there is none."""
    try:
        found = Path(name).expanduser().stat()
    except (OSError, RuntimeError):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
