"""Ordering a certificate: with all nodes showing what the authority looks for, and with its rules kept.

Whoever orders (a server's control process, or `torod tls renew` beside it) does so through the database: what is to be
shown, and what came of it, stands there for all nodes. What is served changes only when there is a new certificate.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog

from tokenrouter import __version__
from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.settings import Settings, TlsSettings
from tokenrouter.jobs.acme_asking import AcmeProgram, CertificateRefused
from tokenrouter.jobs.acme_books import NewCertificate, OrderBook
from tokenrouter.jobs.acme_question import Authority, ChallengeKind, Order, Proof, Refusal, RenewalWanted
from tokenrouter.jobs.acme_state import directory_of, staging_of
from tokenrouter.store.certificates import KeptCertificate
from tokenrouter.store.engine import Store
from tokenrouter.tls.pair import BadCertificate, Pair, read_pair
from tokenrouter.tls.self_signed import new_key

ORDER_S: Final = 120.0
"""How long one order may take: authorities look from several places of the world, and take their time."""
SHORTEST_PAUSE_S: Final = 60.0
ASK_AGAIN_S: Final = 3600.0
"""When an authority is asked again, that did not say when to renew."""
_KINDS: Final[Mapping[str, Sequence[ChallengeKind]]] = {
    "auto": ("tls-alpn-01", "http-01"),
    "http-01": ("http-01",),
    "tls-alpn-01": ("tls-alpn-01",),
}

log = structlog.get_logger(__name__)


class CertificateOrders:
    """Orders certificates for one installation.

    Attributes:
        book: what is written down of them.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        store: Store,
        ring: KeyRing,
        shown: Callable[[Sequence[Proof]], Awaitable[None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`shown` returns when every process of every node shows these proofs, which stand in the database by then."""
        self._settings = settings
        self._shown = shown
        self._clock = clock
        self.book = OrderBook(store, ring, clock)

    async def renew(self, *, by_hand: bool = False, store: Store | None = None) -> NewCertificate:
        """Order a certificate and let it count; `store` writes in the name of whoever wants it.

        Raises:
            NotNow: somebody else orders, or there were too many orders lately.
            CertificateRefused: the authority gives none; it is written down.
            StoreError, SQLAlchemyError: the database is away.
        """
        tls = self._settings().tls
        async with self.book.order(tls, by_hand=by_hand):
            try:
                new = await self._order(tls, directory_of(tls))
            except CertificateRefused as error:
                await self.book.note_failure(tls, error)
                raise
            await self.book.note_success(tls, new, store)
        log.info("a certificate was issued", names=new.facts.names, authority=new.directory_url)
        return new

    async def try_out(self) -> NewCertificate:
        """Order a certificate where that is only a trial; nobody keeps it.

        Raises:
            NotNow, CertificateRefused, StoreError, SQLAlchemyError: as `renew`.
        """
        tls = self._settings().tls
        async with self.book.trial():
            return await self._order(tls, staging_of(tls))

    async def ask_renewal(self, kept: KeptCertificate) -> None:
        """Ask the authority when it wants the certificate to be renewed, and write it down; silence changes nothing."""
        tls, now_s = self._settings().tls, self._clock()
        authority = await self._authority(tls, directory_of(tls))
        try:
            told = await self._program(tls).renewal(RenewalWanted(authority, kept.chain))
        except CertificateRefused as error:
            log.info("the certificate authority does not say when to renew", reason=str(error))
            await self.book.note_renewal(None, now_s + ASK_AGAIN_S)
        else:
            await self.book.note_renewal(told.renew_at_s, max(told.ask_again_at_s, now_s + SHORTEST_PAUSE_S))

    async def _order(self, tls: TlsSettings, directory_url: str) -> NewCertificate:
        """Order a certificate with each challenge that may be used, until one succeeds."""
        authority = await self._authority(tls, directory_url)
        failed: list[str] = []
        for kind in _KINDS[tls.challenge]:
            try:
                return await self._order_by(kind, tls, authority)
            except CertificateRefused as error:
                if not error.is_validation:
                    raise
                log.warning("a challenge has failed", challenge=kind, reason=str(error))
                failed.append(f"by {kind}: {error}")
                code = error.code
        raise CertificateRefused(Refusal(code, "; ".join(failed), is_validation=True))

    async def _order_by(self, kind: ChallengeKind, tls: TlsSettings, authority: Authority) -> NewCertificate:
        key = new_key()
        order = Order(authority, list(tls.domains), key, kind, tls.acme_profile, ORDER_S)
        chain = await self._program(tls).order(order, self._show)
        try:
            facts = read_pair(Pair(chain.encode(), key.encode()), self._clock())
        except BadCertificate as error:
            raise CertificateRefused(Refusal("invalid", f"what was issued cannot be used: {error}")) from None
        return NewCertificate(facts, authority.directory_url, KeptCertificate(chain, key))

    async def _show(self, proofs: Sequence[Proof]) -> None:
        await self.book.show(proofs)
        await self._shown(proofs)

    def _program(self, tls: TlsSettings) -> AcmeProgram:
        return AcmeProgram(tls.acme_ca_file, self._settings().proxies)

    async def _authority(self, tls: TlsSettings, directory_url: str) -> Authority:
        is_theirs = directory_url == directory_of(tls)  # an account at Let's Encrypt is none at its place for trials
        return Authority(
            directory_url,
            await self.book.account_key(self._settings(), directory_url),
            tls.email,
            tls.acme_accept_terms,
            tls.acme_eab_kid if is_theirs else "",
            tls.acme_eab_hmac_key if is_theirs else "",
            f"tokenrouter/{__version__}",
        )
