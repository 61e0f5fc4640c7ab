"""What is written down of orders in the database, so that all nodes know, and two never order at one time."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.settings import Settings, TlsSettings
from tokenrouter.jobs.acme_asking import CertificateRefused
from tokenrouter.jobs.acme_question import Proof
from tokenrouter.jobs.acme_state import (
    MAX_TRIES_A_DAY,
    OrderState,
    Showing,
    allowed_at_s,
    as_text,
    asked_for,
    first_renewal_s,
    read_order_state,
    trial_allowed_at_s,
    with_moment,
)
from tokenrouter.store.audit import note
from tokenrouter.store.certificates import (
    KeptCertificate,
    account_id,
    keep_account_key,
    keep_certificate,
    kept_account_key,
    read_state,
    write_proofs,
    write_state,
)
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import StoreError
from tokenrouter.tls.folder import FOLDER, write_private
from tokenrouter.tls.pair import CertificateFacts
from tokenrouter.tls.self_signed import new_key

LEASE_S: Final = 30.0
"""So long after its last word, whoever orders is taken for dead."""
WORD_S: Final = 10.0
SHOW_S: Final = 180.0
"""Longer than an order takes: afterwards nothing is shown any more, whoever has died."""

T = TypeVar("T")


class NotNow(Exception):
    """Nothing was ordered; the message says why, and `wait_s` how many seconds that will last."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = max(1, round(wait_s))


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """What an authority has issued."""

    facts: CertificateFacts
    directory_url: str
    kept: KeptCertificate


class OrderBook:
    """The orders of one installation."""

    def __init__(self, store: Store, ring: KeyRing, clock: Callable[[], float]) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock

    async def state(self) -> OrderState:
        """Return what is known of orders."""
        return await asyncio.to_thread(self._state)

    @asynccontextmanager
    async def order(self, tls: TlsSettings, *, by_hand: bool) -> AsyncIterator[None]:
        """Be the one who orders, until the end of the block.

        Raises:
            NotNow: somebody else does, or there were too many orders lately.
        """
        await self._write(lambda connection: self._begin(connection, tls, by_hand=by_hand))
        async with self._busy():
            yield

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[None]:
        """Be the one who tries out, as `order`."""
        await self._write(self._begin_trial)
        async with self._busy():
            yield

    async def show(self, proofs: Sequence[Proof]) -> None:
        """Tell all nodes what is to be shown."""
        showing = Showing(list(proofs), self._clock() + SHOW_S if proofs else 0.0)
        await self._write(lambda connection: write_proofs(connection, as_text(showing)))

    async def account_key(self, settings: Settings, directory_url: str) -> str:
        """Return the PEM of our account's key: that of all nodes, else the one in this node's file, else a new one."""
        path = account_file(settings, directory_url)
        return await self._write(lambda connection: self._account_key(connection, path, directory_url))

    async def note_failure(self, tls: TlsSettings, error: CertificateRefused) -> None:
        """Write down that there is no certificate."""
        wanted, now_s = asked_for(tls), self._clock()

        def failed(state: OrderState) -> OrderState:
            return msgspec.structs.replace(
                state,
                failures=1 if state.asked_for != wanted else state.failures + 1,
                asked_for=wanted,
                code=error.code,
                problem=str(error),
                problem_at_s=now_s,
            )

        await self._change(failed)

    async def note_success(self, tls: TlsSettings, new: NewCertificate, store: Store | None = None) -> None:
        """Let a certificate count, on all nodes; `store` writes in the name of whoever wanted it."""
        writer = store or self._store

        def succeeded(connection: Connection) -> None:
            state = read_order_state(read_state(connection))
            fresh = OrderState(
                directory_url=new.directory_url,
                renew_at_s=first_renewal_s(new.facts, random.random()),  # noqa: S311 - spreads, guards nothing
                tries=state.tries,
                tests=state.tests,
                asked_for=asked_for(tls),
                busy_until_s=state.busy_until_s,
            )
            write_state(connection, as_text(fresh))
            keep_certificate(connection, self._ring, new.kept, self._clock())
            told = {"names": list(new.facts.names), "fingerprint": new.facts.fingerprint, "by": new.directory_url}
            note(writer, connection, "certificate.renew", ("certificate", "", ""), None, told)

        await self._write(succeeded, writer)

    async def note_renewal(self, renew_at_s: float | None, ask_again_at_s: float) -> None:
        """Write down when the authority wants the certificate to be renewed; None: it does not say."""

        def told(state: OrderState) -> OrderState:
            at_s = state.renew_at_s if renew_at_s is None else renew_at_s
            return msgspec.structs.replace(state, renew_at_s=at_s, ask_again_at_s=ask_again_at_s)

        await self._change(told)

    @asynccontextmanager
    async def _busy(self) -> AsyncIterator[None]:
        """Say again and again that an order goes on, and at the end that it does not."""
        word = asyncio.create_task(self._stay_busy(), name="order goes on")
        try:
            yield
        finally:
            word.cancel()
            await asyncio.shield(self._change(lambda state: msgspec.structs.replace(state, busy_until_s=0.0)))

    async def _stay_busy(self) -> None:
        while True:
            await asyncio.sleep(WORD_S)
            until_s = self._clock() + LEASE_S
            with suppress(StoreError, SQLAlchemyError):  # the database is away: the order goes on without its word
                await self._change(lambda state, at_s=until_s: msgspec.structs.replace(state, busy_until_s=at_s))  # type: ignore[misc]

    def _state(self) -> OrderState:
        with self._store.read() as connection:
            return read_order_state(read_state(connection))

    def _begin(self, connection: Connection, tls: TlsSettings, *, by_hand: bool) -> None:
        now_s = self._clock()
        state = _free(connection, now_s)
        allowed_s = allowed_at_s(state, tls, by_hand=by_hand)
        if now_s < allowed_s:
            raise _too_many("orders", allowed_s, now_s)
        tries = with_moment(state.tries, now_s)
        write_state(connection, as_text(msgspec.structs.replace(state, tries=tries, busy_until_s=now_s + LEASE_S)))

    def _begin_trial(self, connection: Connection) -> None:
        now_s = self._clock()
        state = _free(connection, now_s)
        allowed_s = trial_allowed_at_s(state)
        if now_s < allowed_s:
            raise _too_many("trials", allowed_s, now_s)
        tests = with_moment(state.tests, now_s)
        write_state(connection, as_text(msgspec.structs.replace(state, tests=tests, busy_until_s=now_s + LEASE_S)))

    def _account_key(self, connection: Connection, path: Path, directory_url: str) -> str:
        kept = kept_account_key(connection, self._ring, directory_url)
        key = kept or _read(path) or new_key().strip()
        if not kept:
            keep_account_key(connection, self._ring, directory_url, key, self._clock())
        if _read(path) != key:
            _write_private(path, key)
        return key

    async def _change(self, change: Callable[[OrderState], OrderState]) -> None:
        def changed(connection: Connection) -> None:
            write_state(connection, as_text(change(read_order_state(read_state(connection)))))

        await self._write(changed)

    async def _write(self, work: Callable[[Connection], T], store: Store | None = None) -> T:
        return await asyncio.to_thread(_written, store or self._store, work)


def account_file(settings: Settings, directory_url: str) -> Path:
    """Return where a node keeps the key of an account beside the database."""
    folder = settings.tls.cache_dir
    below = Path(folder).expanduser() if folder else settings.paths.state_dir / FOLDER
    return below / f"acme-account-{account_id(directory_url)}.pem"


def _written(store: Store, work: Callable[[Connection], T]) -> T:
    with store.write() as connection:
        return work(connection)


def _free(connection: Connection, now_s: float) -> OrderState:
    state = read_order_state(read_state(connection))
    if now_s < state.busy_until_s <= now_s + LEASE_S:
        raise NotNow("another order is under way; wait until it has ended", state.busy_until_s - now_s)
    return state


def _too_many(what: str, until_s: float, now_s: float) -> NotNow:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(until_s))
    words = f"no more {what} before {when}: there are {MAX_TRIES_A_DAY} a day at most, and fewer after failures"
    return NotNow(words, until_s - now_s)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""


def _write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, all of it or nothing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    write_private(fresh, f"{text}\n".encode())
    fresh.replace(path)
