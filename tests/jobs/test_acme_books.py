import asyncio
import stat
from pathlib import Path

import pytest

from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.settings import Paths, Settings, TlsSettings
from tokenrouter.domain.actors import Actor
from tokenrouter.jobs.acme_asking import CertificateRefused
from tokenrouter.jobs.acme_books import LEASE_S, NewCertificate, NotNow, OrderBook, account_file
from tokenrouter.jobs.acme_question import Refusal
from tokenrouter.jobs.acme_state import DAY_S, MAX_TRIES_A_DAY
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.certificates import KeptCertificate, kept_certificate
from tokenrouter.store.engine import Store
from tokenrouter.tls.pair import CertificateFacts

RING = KeyRing(lambda: (b"o" * 32,))
TLS = TlsSettings(enabled=True, domains=("a.example",))
URL = "https://authority.example/dir"
NEW = NewCertificate(
    CertificateFacts(("a.example",), "an authority", False, 0.0, 90 * DAY_S, "AB"), URL, KeptCertificate("chain", "key")
)


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(store: Store, clock: Clock) -> OrderBook:
    return OrderBook(store, RING, clock)


def settings(folder: Path, cache_dir: str = "") -> Settings:
    paths = Paths(None, folder / "torod.toml", folder / "data", folder)
    return Settings(paths=paths, tls=TlsSettings(cache_dir=cache_dir))


async def test_two_never_order_at_one_time(book: OrderBook, store: Store, clock: Clock) -> None:
    other = OrderBook(store, RING, clock)
    async with book.order(TLS, by_hand=False):
        for attempt in (other.order(TLS, by_hand=True), other.trial()):
            with pytest.raises(NotNow, match="another order is under way"):
                await attempt.__aenter__()

    async with other.trial():
        pass
    state = await book.state()
    assert (len(state.tries), len(state.tests), state.busy_until_s) == (1, 1, 0.0)


async def test_who_has_died_while_ordering_is_waited_for_half_a_minute(
    book: OrderBook, store: Store, clock: Clock
) -> None:
    dead = OrderBook(store, RING, clock).order(TLS, by_hand=False)
    await dead.__aenter__()
    clock.now_s += LEASE_S - 1
    with pytest.raises(NotNow):
        await book.order(TLS, by_hand=True).__aenter__()

    clock.now_s += 2
    async with book.order(TLS, by_hand=True):
        pass
    await dead.__aexit__(None, None, None)


async def test_more_than_are_allowed_in_a_day_are_refused_with_the_time_to_wait(book: OrderBook, clock: Clock) -> None:
    for _ in range(MAX_TRIES_A_DAY):
        async with book.order(TLS, by_hand=True):
            clock.now_s += 60

    with pytest.raises(NotNow, match=f"there are {MAX_TRIES_A_DAY} a day") as told:
        await book.order(TLS, by_hand=True).__aenter__()

    assert told.value.wait_s == DAY_S - 60 * MAX_TRIES_A_DAY
    async with book.trial():
        pass


async def test_failures_are_counted_until_something_else_is_asked_for(book: OrderBook) -> None:
    refused = CertificateRefused(Refusal("connection", "nobody answers"))
    await book.note_failure(TLS, refused)
    await book.note_failure(TLS, refused)
    state = await book.state()
    assert (state.failures, state.code, state.problem) == (2, "connection", "nobody answers")

    await book.note_failure(TlsSettings(enabled=True, domains=("b.example",)), refused)

    assert (await book.state()).failures == 1


async def test_a_new_certificate_ends_all_trouble_and_is_somebodys_doing(book: OrderBook, store: Store) -> None:
    await book.note_failure(TLS, CertificateRefused(Refusal("connection", "nobody answers")))

    await book.note_success(TLS, NEW, store.acting(Actor("person", id="ann", name="ann")))

    state = await book.state()
    assert (state.problem, state.failures, state.directory_url) == ("", 0, URL)
    assert 0.6 * 90 * DAY_S < state.renew_at_s <= 60 * DAY_S
    with store.read() as connection:
        assert kept_certificate(connection, RING) == NEW.kept
    (entry,) = audit_page(store, AuditFilter(), limit=9)
    assert (entry.action, entry.actor.name) == ("certificate.renew", "ann")
    assert "key" not in str(entry.after)


async def test_what_the_authority_says_of_renewal_counts_and_silence_changes_nothing(book: OrderBook) -> None:
    await book.note_renewal(5000.0, 100.0)
    await book.note_renewal(None, 200.0)

    state = await book.state()
    assert (state.renew_at_s, state.ask_again_at_s) == (5000.0, 200.0)


async def test_an_account_is_one_on_all_nodes_and_survives_the_loss_of_the_database(
    book: OrderBook, tmp_path: Path
) -> None:
    one, other = settings(tmp_path / "one"), settings(tmp_path / "other", cache_dir=str(tmp_path / "cache"))

    key = await book.account_key(one, URL)

    assert await book.account_key(other, URL) == key
    for path in (account_file(one, URL), account_file(other, URL)):
        assert path.read_text().strip() == key.strip()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert account_file(other, URL).parent == tmp_path / "cache"


async def test_a_key_in_a_file_is_taken_over_by_a_new_database(book: OrderBook, tmp_path: Path) -> None:
    path = account_file(settings(tmp_path), URL)
    path.parent.mkdir(parents=True)
    path.write_text("-----BEGIN PRIVATE KEY-----\nabc\n")

    assert (await book.account_key(settings(tmp_path), URL)).strip() == path.read_text().strip()
    assert (await book.account_key(settings(tmp_path / "other"), URL)).strip() == path.read_text().strip()


async def test_an_order_that_is_broken_off_is_not_under_way_any_more(book: OrderBook) -> None:
    entered = asyncio.Event()

    async def ordering() -> None:
        async with book.order(TLS, by_hand=True):
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(ordering())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (await book.state()).busy_until_s == 0.0
