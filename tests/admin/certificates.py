"""Certificate orders as routes see them: what comes of them is the test's to say."""

import asyncio
from typing import Any

from tokenrouter.jobs.acme import Acme
from tokenrouter.jobs.acme_books import NewCertificate
from tokenrouter.jobs.acme_state import DAY_S
from tokenrouter.store.certificates import KeptCertificate
from tokenrouter.store.engine import Store
from tokenrouter.tls.pair import CertificateFacts

FACTS = CertificateFacts(("a.example",), "an authority", False, 0.0, 90 * DAY_S, "AB:CD")
NEW = NewCertificate(FACTS, "https://authority.example/dir", KeptCertificate("chain", "the key"))


class Keeper:
    """Serves nothing."""

    problem = ""

    def look(self) -> None: ...

    def answer_challenges(self, answers: Any, challenges: Any) -> None: ...

    def note_problem(self, problem: str) -> None:
        self.problem = problem


class Orders:
    """What `CertificateOrders` does, with an ending that is given: a certificate, an exception, or never."""

    def __init__(self, ending: NewCertificate | Exception | None) -> None:
        self.ending = ending
        self.asked: list[tuple[str, str]] = []

    async def try_out(self) -> NewCertificate:
        self.asked.append(("trial", ""))
        return await self._end()

    async def renew(self, *, by_hand: bool, store: Store) -> NewCertificate:
        self.asked.append(("order", store.actor.name))
        return await self._end()

    async def _end(self) -> NewCertificate:
        if self.ending is None:
            await asyncio.sleep(60)
        if isinstance(self.ending, Exception):
            raise self.ending
        return self.ending or NEW


async def heard() -> None:
    """There is nobody who would have to hear."""


def acme_of(installation: Any, orders: Orders) -> Acme:
    """Return who has certificates from an authority for `installation`."""
    acme = Acme(
        lambda: installation.state.settings,
        installation.store,
        installation.ring,
        Keeper(),
        heard,
        lambda: True,
        clock=lambda: installation.now_s,
    )
    acme.orders = orders  # type: ignore[assignment]
    return acme
