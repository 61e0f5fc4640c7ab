"""Certificates of an authority, looked after while the server runs: ordered, renewed in time, alike on all nodes.

One node orders; all of them look at the database, write the certificate into their own file, and show what the
authority looks for. So whichever node it reaches answers, and whoever takes over knows what was tried.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.settings import Settings
from tokenrouter.jobs.acme_asking import CertificateRefused
from tokenrouter.jobs.acme_books import NewCertificate, NotNow
from tokenrouter.jobs.acme_orders import CertificateOrders
from tokenrouter.jobs.acme_question import Proof
from tokenrouter.jobs.acme_state import (
    DAY_S,
    OrderState,
    as_text,
    directory_of,
    next_order_s,
    read_order_state,
    read_showing,
)
from tokenrouter.store.certificates import (
    KeptCertificate,
    keep_certificate,
    kept_certificate,
    read_proofs,
    read_state,
    write_state,
)
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import StoreError
from tokenrouter.tls.challenge import asked_name, challenge_pair
from tokenrouter.tls.folder import keep_pair, kept_file, tls_folder
from tokenrouter.tls.pair import BadCertificate, CertificateFacts, Pair, read_pair

LOOK_S: Final = 30.0
"""How often it is looked at least; every change in the database is looked at when it happens."""
ELECTED_LOOK_S: Final = 2.0
"""How often a node looks that does not order: it may be elected at any moment."""
FAILED_LOOK_S: Final = 5.0
HEARD_S: Final = 10.0
"""How long an order waits for this node's data processes to show what they are to show."""
NODES_S: Final = 2.0
"""How long it waits for the other nodes, which hear of a change within half a second."""

log = structlog.get_logger(__name__)


class Keeper(Protocol):
    """Who has served what lies in the certificate's file (`jobs/tls_keeper.py`)."""

    def look(self) -> None:
        """Have served what is there now."""

    def answer_challenges(self, answers: Mapping[str, str], challenges: Mapping[str, str]) -> None:
        """Have these answered from now on: http-01 by token, tls-alpn-01 by name, with the certificate of a file."""

    def note_problem(self, problem: str) -> None:
        """Show why there is no newer certificate."""


@dataclass(frozen=True, slots=True)
class AcmeStatus:
    """How it stands with the authority.

    Attributes:
        directory_url: which one it is.
        problem: why the last order came to nothing, in its words; "" when it went well.
        next_order_s: when the next certificate is ordered.
        ordering: whether that is being done.
        orders_today: how many there were in the last day.
    """

    directory_url: str
    problem: str = ""
    problem_at_s: float = 0.0
    next_order_s: float = 0.0
    ordering: bool = False
    orders_today: int = 0


@dataclass(slots=True)
class _Seen:
    """What the database says now."""

    kept: KeptCertificate | None = None
    facts: CertificateFacts | None = None
    state: OrderState = field(default_factory=OrderState)
    proofs: Sequence[Proof] = ()


class Acme:
    """The certificates of one node's gateway. Used on the control process's event loop alone."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        store: Store,
        ring: KeyRing,
        keeper: Keeper,
        heard: Callable[[], Awaitable[None]],
        is_elected: Callable[[], bool],
        tell_nodes: Callable[[], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`heard` returns when this node's data processes know what `keeper` has told; `tell_nodes` tells the others.

        Without `tell_nodes` there are no others.
        """
        self._settings = settings
        self._store = store
        self._ring = ring
        self._keeper = keeper
        self._heard = heard
        self._is_elected = is_elected
        self._tell_nodes = tell_nodes
        self._clock = clock
        self._seen = _Seen()
        self._showing: Sequence[Proof] = ()
        self._changed = asyncio.Event()
        self._looking = asyncio.Lock()
        self._ordering = False
        self._begun: set[asyncio.Task[NewCertificate]] = set()
        self.orders = CertificateOrders(settings, store, ring, self._shown, clock)

    @property
    def is_on(self) -> bool:
        """Whether certificates are an authority's."""
        tls = self._settings().tls
        return tls.enabled and tls.mode == "letsencrypt"

    def note_change(self) -> None:
        """Look soon: something has changed in the database or in the configuration."""
        self._changed.set()

    def status(self) -> AcmeStatus | None:
        """Return how it stands; None where no authority is asked."""
        if not self.is_on:
            return None
        tls, state = self._settings().tls, self._seen.state
        return AcmeStatus(
            directory_url=directory_of(tls),
            problem=state.problem,
            problem_at_s=state.problem_at_s,
            next_order_s=max(self._clock(), next_order_s(state, tls, self._seen.facts)),
            ordering=self._ordering or state.busy_until_s > self._clock(),
            orders_today=sum(1 for at_s in state.tries if at_s > self._clock() - DAY_S),
        )

    async def run(self) -> None:
        """Order and renew in time; runs until cancelled."""
        while True:
            self._changed.clear()
            pause_s = LOOK_S
            if self.is_on:
                try:
                    pause_s = await self._look_and_order()
                except (StoreError, SQLAlchemyError, OSError, ValueError) as error:  # bad certificates and names, too
                    log.error("certificates cannot be looked after now", reason=str(error))
                    pause_s = FAILED_LOOK_S
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._changed.wait()

    def begin(self, order: Coroutine[Any, Any, NewCertificate]) -> asyncio.Task[NewCertificate]:
        """Run `order`, which goes on when nobody waits for it any more."""
        task = asyncio.get_running_loop().create_task(order)
        self._begun.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[NewCertificate]) -> None:
        self._begun.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("an order that was wanted brought nothing", reason=str(error))

    async def renew(self, store: Store) -> NewCertificate:
        """Order a certificate now, in the name of whom `store` writes for, and serve it.

        Raises:
            NotNow, CertificateRefused, StoreError, SQLAlchemyError: as `CertificateOrders.renew`.
        """
        return await self._renew(by_hand=True, store=store)

    async def _renew(self, *, by_hand: bool, store: Store | None = None) -> NewCertificate:
        self._ordering = True
        try:
            new = await self.orders.renew(by_hand=by_hand, store=store)
        finally:
            self._ordering = False
            self.note_change()
        await self._look()
        await self._wait_heard()
        return new

    async def _look_and_order(self) -> float:
        """Return how long there is nothing to do."""
        await self._look()
        if not self._is_elected() or self._ordering:
            return ELECTED_LOOK_S
        tls, seen = self._settings().tls, self._seen
        left_s = next_order_s(seen.state, tls, seen.facts) - self._clock()
        if left_s <= 0:
            await self._order_quietly()
            return FAILED_LOOK_S
        if seen.kept is not None and seen.state.ask_again_at_s <= self._clock() and seen.state.directory_url:
            await self.orders.ask_renewal(seen.kept)
            return 0.0
        return min(left_s, LOOK_S)

    async def _order_quietly(self) -> None:
        try:
            await self._renew(by_hand=False)
        except NotNow as error:
            log.info("no certificate is ordered now", reason=str(error))
        except CertificateRefused as error:
            log.error("there is no new certificate", reason=str(error), code=error.code)

    async def _look(self) -> None:
        """Serve and show what the database says; one look at a time, since a look may write this node's file."""
        async with self._looking:
            self._seen = seen = await asyncio.to_thread(self._read)
        self._keeper.note_problem(seen.state.problem)
        if seen.facts is not None:
            self._keeper.look()
        if seen.proofs != self._showing and not self._ordering:
            await self._show_here(seen.proofs)

    def _read(self) -> _Seen:
        """Return what the database says, and have this node's file say the same."""
        now_s, path = self._clock(), kept_file(self._settings(), "letsencrypt")
        with self._store.read() as connection:
            kept = kept_certificate(connection, self._ring)
            state = read_order_state(read_state(connection))
            proofs = read_showing(read_proofs(connection), now_s)
        if kept is None:
            if self._take_over(path, now_s):
                return self._read()
            return _Seen(state=state, proofs=proofs)
        pair = Pair(kept.chain.encode(), kept.key.encode())
        facts = read_pair(pair, now_s)
        if not path.exists() or path.read_bytes() != pair.pem:
            keep_pair(path, pair)
        return _Seen(kept, facts, state, proofs)

    def _take_over(self, path: Path, now_s: float) -> bool:
        """Let the certificate of this node's file count, where the database has none: it is another database, then."""
        try:
            pair = Pair.of_pem(path.read_bytes())
            facts = read_pair(pair, now_s)
        except (OSError, BadCertificate):
            return False
        if facts.is_over(now_s):
            return False
        kept = KeptCertificate(pair.chain.decode(), pair.key.decode())
        with self._store.write() as connection:
            keep_certificate(connection, self._ring, kept, now_s)
            state = read_order_state(read_state(connection))
            asked = state.directory_url or directory_of(self._settings().tls)
            write_state(connection, as_text(msgspec.structs.replace(state, directory_url=asked)))
        return True

    # Showing what the authority looks for.

    async def _shown(self, proofs: Sequence[Proof]) -> None:
        """Show `proofs` on this node, and return when all nodes do."""
        await self._show_here(proofs)
        await self._wait_heard()
        if self._tell_nodes is not None:
            await self._tell_nodes()
            await asyncio.sleep(NODES_S if proofs else 0.0)

    async def _wait_heard(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARD_S):
                await self._heard()

    async def _show_here(self, proofs: Sequence[Proof]) -> None:
        folder = tls_folder(self._settings())
        files = await asyncio.to_thread(_challenge_files, folder, proofs, self._clock())
        answers = {one.token: one.key_authorization for one in proofs if one.kind == "http-01"}
        self._keeper.answer_challenges(answers, files)
        self._showing = proofs


def _challenge_files(folder: Path, proofs: Sequence[Proof], now_s: float) -> dict[str, str]:
    """Write the certificates that answer tls-alpn-01, and remove those of before; return where they lie, by name."""
    files = {}
    for proof in proofs:
        if proof.kind == "tls-alpn-01":
            path = folder / f"challenge-{hashlib.sha256(proof.key_authorization.encode()).hexdigest()[:16]}.pem"
            keep_pair(path, challenge_pair(proof.name, proof.key_authorization, now_s))
            files[asked_name(proof.name)] = str(path)
    for path in folder.glob("challenge-*.pem"):
        if str(path) not in files.values():
            path.unlink(missing_ok=True)
    return files
