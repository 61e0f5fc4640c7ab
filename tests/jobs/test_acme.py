import asyncio
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest

from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.settings import Paths, Settings, TlsSettings
from tokenrouter.jobs.acme import Acme
from tokenrouter.jobs.acme_asking import CertificateRefused
from tokenrouter.jobs.acme_books import NewCertificate, OrderBook
from tokenrouter.jobs.acme_question import Proof, Refusal
from tokenrouter.jobs.acme_state import LETS_ENCRYPT
from tokenrouter.store.certificates import KeptCertificate, keep_certificate, kept_certificate
from tokenrouter.store.engine import Store
from tokenrouter.tls.folder import kept_file
from tokenrouter.tls.pair import Pair, read_pair
from tokenrouter.tls.self_signed import make_self_signed

RING = KeyRing(lambda: (b"o" * 32,))
NOW_S = 1_800_000_000.0
HTTP = Proof("http-01", "a.example", "token", "token.thumbprint")
ALPN = Proof("tls-alpn-01", "a.example", "other", "other.thumbprint")


@dataclass
class Keeper:
    """Writes down what it is told."""

    looks: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    challenges: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def look(self) -> None:
        self.looks += 1

    def answer_challenges(self, answers: Mapping[str, str], challenges: Mapping[str, str]) -> None:
        self.answers, self.challenges = answers, challenges

    def note_problem(self, problem: str) -> None:
        self.problem = problem


@dataclass
class Node:
    """One node's certificates; `ordered` is how often it has asked the authority, which answers with `ending`."""

    store: Store
    folder: Path
    is_elected: bool = True
    tls: TlsSettings = TlsSettings(enabled=True, domains=("a.example",), acme_accept_terms=True)
    keeper: Keeper = field(default_factory=Keeper)
    ordered: int = 0
    heard: int = 0
    ending: KeptCertificate | None = None

    def __post_init__(self) -> None:
        self.settings = Settings(paths=Paths(None, self.folder / "torod.toml", self.folder, self.folder), tls=self.tls)
        self.acme = Acme(
            lambda: self.settings,
            self.store,
            RING,
            self.keeper,
            self._hear,
            lambda: self.is_elected,
            clock=lambda: NOW_S,
        )
        self.acme.orders._order = self._order  # type: ignore[method-assign]

    @property
    def file(self) -> Path:
        return kept_file(self.settings, "letsencrypt")

    def challenge_files(self) -> list[Path]:
        return list(self.file.parent.glob("challenge-*"))

    async def look_until(self, happened: Callable[[], object]) -> None:
        """Run until this is so."""
        running = asyncio.create_task(self.acme.run())
        try:
            async with asyncio.timeout(60):
                while not happened():
                    await asyncio.sleep(0.01)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def _hear(self) -> None:
        self.heard += 1

    async def _order(self, tls: TlsSettings, directory_url: str) -> NewCertificate:
        self.ordered += 1
        await self.acme.orders._show([HTTP, ALPN])
        assert self.keeper.answers == {"token": "token.thumbprint"}, "shown before the authority looks"
        assert self.heard >= 1, "and all processes know"
        await self.acme.orders._show([])
        if self.ending is None:
            raise CertificateRefused(Refusal("connection", "nobody answers"))
        pair = Pair(self.ending.chain.encode(), self.ending.key.encode())
        return NewCertificate(read_pair(pair, NOW_S), directory_url, self.ending)


@pytest.fixture
def node(store: Store, tmp_path: Path) -> Node:
    return Node(store, tmp_path / "one")


def issued(name: str = "a.example") -> KeptCertificate:
    pair = make_self_signed([name], NOW_S)
    return KeptCertificate(pair.chain.decode().strip(), pair.key.decode().strip())


def in_database(store: Store) -> KeptCertificate | None:
    with store.read() as connection:
        return kept_certificate(connection, RING)


def names_in_private(path: Path) -> tuple[str, ...]:
    """Return the names of a certificate that its owner alone can read."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return read_pair(Pair.of_pem(path.read_bytes()), NOW_S).names


async def prove(store: Store, proofs: Sequence[Proof]) -> None:
    """What another node does that orders."""
    await OrderBook(store, RING, lambda: NOW_S).show(proofs)


async def test_a_certificate_is_ordered_kept_and_served(node: Node, store: Store) -> None:
    node.ending = issued()

    await node.look_until(lambda: node.keeper.looks > 0)

    assert in_database(store) == node.ending
    assert node.ordered == 1
    assert Pair.of_pem(node.file.read_bytes()).key.decode().strip() == node.ending.key
    assert stat.S_IMODE(node.file.stat().st_mode) == 0o600
    assert node.keeper.answers == {}
    assert node.challenge_files() == []
    status = node.acme.status()
    assert status is not None
    assert (status.directory_url, status.problem, status.orders_today) == (LETS_ENCRYPT, "", 1)
    assert status.next_order_s > NOW_S + 400 * 86_400, "made for 820 days"


async def test_why_there_is_none_is_shown_and_is_not_asked_again_at_once(node: Node) -> None:
    await node.look_until(lambda: node.keeper.problem == "nobody answers")
    await node.look_until(lambda: node.acme._seen.state.failures == 1)

    assert node.ordered == 1
    assert not node.file.exists()
    status = node.acme.status()
    assert status is not None
    assert status.next_order_s == NOW_S + 60


async def test_a_node_that_is_not_elected_serves_what_another_has_ordered(store: Store, tmp_path: Path) -> None:
    other = Node(store, tmp_path / "other", is_elected=False)
    kept = issued()
    with store.write() as connection:
        keep_certificate(connection, RING, kept, NOW_S)

    await other.look_until(lambda: other.keeper.looks > 0)

    assert other.ordered == 0
    assert Pair.of_pem(other.file.read_bytes()).chain.decode().strip() == kept.chain


async def test_a_node_shows_what_another_is_proving_and_no_longer(store: Store, tmp_path: Path) -> None:
    other = Node(store, tmp_path / "other", is_elected=False)
    await prove(store, [HTTP, ALPN])

    await other.look_until(lambda: other.keeper.answers)

    assert other.keeper.answers == {"token": "token.thumbprint"}
    (path,) = other.challenge_files()
    assert str(path) == other.keeper.challenges["a.example"]
    assert names_in_private(path) == ("a.example",)

    await prove(store, [])
    other.acme.note_change()
    await other.look_until(lambda: not other.keeper.answers)

    assert other.keeper.challenges == {}
    assert other.challenge_files() == []


async def test_a_new_database_takes_over_what_this_node_has(node: Node, store: Store) -> None:
    kept = issued()
    node.file.parent.mkdir(parents=True)
    node.file.write_bytes(Pair(kept.chain.encode(), kept.key.encode()).pem)

    await node.look_until(lambda: node.keeper.looks > 0)

    assert in_database(store) == kept
    assert node.ordered == 0


async def test_other_names_are_ordered_at_once(node: Node, store: Store) -> None:
    with store.write() as connection:
        keep_certificate(connection, RING, issued("b.example"), NOW_S)
    node.ending = issued()

    await node.look_until(lambda: in_database(store) == node.ending)

    assert node.ordered == 1


async def test_a_name_that_no_certificate_can_have_does_not_end_the_looking(node: Node, store: Store) -> None:
    node.is_elected = False
    await prove(store, [msgspec.structs.replace(ALPN, name="\u00e4.example")])

    running = asyncio.create_task(node.acme.run())
    async with asyncio.timeout(60):
        while not (node.acme._seen.proofs or running.done()):
            await asyncio.sleep(0.01)
    await asyncio.wait([running], timeout=0.5)
    is_over = running.done()
    running.cancel()

    assert not is_over


async def test_where_no_authority_is_to_be_asked_nothing_is_looked_at(node: Node) -> None:
    node.settings = replace(node.settings, tls=TlsSettings())

    running = asyncio.create_task(node.acme.run())
    await asyncio.sleep(0.05)
    running.cancel()

    assert node.acme.status() is None
    assert (node.ordered, node.keeper.looks) == (0, 0)
