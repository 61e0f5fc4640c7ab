"""Certificates of an authority, from a real one (Pebble), while real clients speak with the gateway."""

import http.client
import json
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.conftest import StartGateway
from tests.pebble import Pebble
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import GatewayProcess, free_port, make_home, wait_until
from tokenrouter.testing.valkey import ValkeyServer
from tokenrouter.tls.challenge import ACME_IDENTIFIER

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("pebble")]

NAMES = ("gateway.example", "ai.gateway.example")
ISSUED_S = 60.0


@dataclass
class Place:
    """An authority, and the ports at which it looks."""

    authority: Pebble
    http_port: int
    tls_port: int

    def config(self, sandbox_config: str, **changed: Any) -> str:
        """Return a configuration that has its certificates from there."""
        said = {
            "enabled": True,
            "mode": "letsencrypt",
            "listen_addr": f"127.0.0.1:{self.tls_port}",
            "redirect_addr": f"127.0.0.1:{self.http_port}",
            "domains": list(NAMES),
            "email": "admin@gateway.example",
            "acme_directory_url": self.authority.directory_url,
            "acme_ca_file": str(self.authority.ca_file),
            "acme_accept_terms": True,
            **changed,
        }
        lines = (f"{name} = {json.dumps(value)}" for name, value in said.items())
        return "\n".join(["[tls]", *lines, sandbox_config])

    def served(self, port: int = 0) -> x509.Certificate:
        """Return the certificate that an ordinary client is shown."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        address = "127.0.0.1", port or self.tls_port
        with (
            socket.create_connection(address, 10) as plain,
            context.wrap_socket(plain, server_hostname=NAMES[0]) as secure,
        ):
            return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")

    def is_issued(self, port: int = 0) -> bool:
        return "Pebble" in self.served(port).issuer.rfc4514_string()

    def orders(self) -> int:
        """How many were made so far."""
        return self.authority.log().count("Added order")


def start_place(folder: Path, **options: Any) -> Iterator[Place]:
    http_port, tls_port = free_port(), free_port()
    with Pebble(folder, http_port=http_port, tls_port=tls_port, **options) as authority:
        yield Place(authority, http_port, tls_port)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, needs_pebble: None) -> Iterator[Place]:
    yield from start_place(tmp_path_factory.mktemp("pebble"), lifetime_s=90 * 86_400)


@pytest.fixture
def hasty_place(tmp_path: Path, needs_pebble: None) -> Iterator[Place]:
    """An authority whose certificates are over after six seconds."""
    yield from start_place(tmp_path, lifetime_s=6)


def torod(gateway: GatewayProcess, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [str(Path(sys.executable).with_name("torod")), *words, "--config", str(gateway.config_file)]
    return subprocess.run(argv, env=dict(gateway.env), capture_output=True, text=True, timeout=60, check=False)


def problem_of(gateway: GatewayProcess) -> str:
    """Return why there is no certificate."""
    told: str = shown(gateway)["authority"]["problem"]
    return told


def shown(gateway: GatewayProcess) -> dict[str, Any]:
    """Return what is told of HTTPS, once the control process tells anything."""
    wait_until("the control process answers", lambda: gateway.call("GET", "/api/v1/network").status == 200, ISSUED_S)
    told: dict[str, Any] = gateway.call("GET", "/api/v1/network/tls").json()
    return told


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_http_01_brings_a_certificate_that_a_restart_keeps(
    place: Place, gateway: StartGateway, sandbox_config: str
) -> None:
    running = gateway(place.config(sandbox_config, challenge="http-01"))
    wait_until("the certificate is issued", place.is_issued, ISSUED_S)
    trusting = ssl.create_default_context(cadata=place.authority.root())
    for name in NAMES:
        with socket.create_connection(("127.0.0.1", place.tls_port)) as plain:
            trusting.wrap_socket(plain, server_hostname=name).close()
    folder = running.home.path / "data" / "tls"
    (account,) = folder.glob("acme-account-*.pem")
    assert mode_of(account) == mode_of(folder / "letsencrypt.pem") == 0o600
    assert mode_of(folder) == 0o700
    assert not list(folder.glob("challenge-*"))
    before, orders = place.served(), place.orders()

    running.stop()
    running.start()

    assert place.served() == before
    told = shown(running)
    assert told["mode"] == "letsencrypt"
    assert sorted(told["certificate"]["names"]) == sorted(NAMES)
    assert told["authority"]["problem"] == ""
    assert told["authority"]["next_order_at"] < told["certificate"]["not_after"]
    assert place.orders() == orders

    trial = running.call("POST", "/admin/api/settings/tls/test-certificate")

    assert (trial.status, trial.json()["status"]) == (200, "ok"), trial.body
    assert place.served() == before
    assert place.orders() > orders
    assert "BEGIN" not in running.log()


@dataclass
class Load:
    """Clients that go on asking: one on new connections each time, one on a connection that it keeps."""

    place: Place
    problems: list[str] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    requests: int = 0

    def run(self, stop: threading.Event, *, keeps: bool) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])
        connection: http.client.HTTPSConnection | None = None
        while not stop.is_set():
            try:
                connection = connection or self._connected(context)
                connection.request("GET", "/healthz")
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.problems.append(f"status {answer.status}")
                self.seen.add(connection.sock.getpeercert(binary_form=True) or b"")
                self.requests += 1
            except (OSError, http.client.HTTPException) as error:
                self.problems.append(repr(error))
                connection = None
            if not keeps and connection is not None:
                connection.close()
                connection = None

    def _connected(self, context: ssl.SSLContext) -> http.client.HTTPSConnection:
        """Return a connection that asks for the name that is being proven."""
        connection = http.client.HTTPSConnection(NAMES[0], self.place.tls_port, timeout=60, context=context)
        plain = socket.create_connection(("127.0.0.1", self.place.tls_port), 20)
        connection.sock = context.wrap_socket(plain, server_hostname=NAMES[0])
        return connection

    def certificates(self) -> list[x509.Certificate]:
        return [x509.load_der_x509_certificate(one) for one in list(self.seen)]


def is_a_challenge(certificate: x509.Certificate) -> bool:
    return any(one.oid == ACME_IDENTIFIER for one in certificate.extensions)


def shown_to_an_authority(place: Place, name: str) -> x509.Certificate:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["acme-tls/1"])
    with (
        socket.create_connection(("127.0.0.1", place.tls_port), 10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")


@contextmanager
def load_on(place: Place) -> Iterator[Load]:
    """Ask without a pause, until the end of the block; nothing may have failed by then, and nobody seen a challenge."""
    load, stop = Load(place), threading.Event()
    clients = [threading.Thread(target=load.run, args=(stop,), kwargs={"keeps": keeps}) for keeps in (True, False)]
    for client in clients:
        client.start()
    try:
        yield load
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert load.problems == []
    assert load.requests > 100
    assert not any(map(is_a_challenge, load.certificates()))


def test_a_certificate_is_renewed_by_itself_under_load(
    hasty_place: Place, gateway: StartGateway, sandbox_config: str
) -> None:
    place = hasty_place
    gateway(place.config(sandbox_config))
    wait_until("the certificate is issued", place.is_issued, ISSUED_S)

    with load_on(place) as load:
        wait_until("it is renewed by itself", lambda: len(load.seen) >= 2, ISSUED_S)


def test_tls_alpn_01_is_answered_by_every_process_and_no_client_sees_a_challenge(
    place: Place, gateway: StartGateway, sandbox_config: str, valkey: ValkeyServer
) -> None:
    valkey.ask("FLUSHALL")
    config = f'workers = 2\nredis_url = "{valkey.url}"\n' + place.config(sandbox_config, challenge="tls-alpn-01")
    running = gateway(config)
    wait_until("the certificate is issued", place.is_issued, ISSUED_S)

    with load_on(place) as load:
        renewed = running.call("POST", "/api/v1/network/tls/renew")
        assert renewed.status == 200, renewed.body
        wait_until("what was asked for is served", lambda: len(load.seen) >= 2)
        by_hand = torod(running, "tls", "renew")
        assert by_hand.returncode == 0, by_hand.stderr
        wait_until("what the command has brought is served", lambda: len(load.seen) >= 3)
    assert not is_a_challenge(shown_to_an_authority(place, NAMES[0])), "nothing is being proven any more"
    assert torod(running, "tls", "status").stdout.count(NAMES[0]) == 2


def test_what_the_authority_says_is_told_while_our_own_certificate_serves(
    place: Place, gateway: StartGateway, sandbox_config: str
) -> None:
    place.authority.lead("lost.example", "127.0.0.77")
    running = gateway(place.config(sandbox_config, domains=["lost.example"]))

    wait_until("the order has failed", lambda: problem_of(running) != "", ISSUED_S)

    assert "by tls-alpn-01: lost.example:" in problem_of(running)
    assert "by http-01: lost.example:" in problem_of(running)
    assert "127.0.0.77" in problem_of(running)
    assert not place.is_issued()
    told = shown(running)
    assert (told["mode"], told["authority"]["orders_today"]) == ("self_signed", 1)
    assert (
        'tokenrouter_tls_certificate_problem{mode="self_signed"} 1.0' in running.call("GET", "/metrics").body.decode()
    )
    assert "127.0.0.77" in torod(running, "tls", "status").stdout
    refused = running.call("POST", "/api/v1/network/tls/test")
    assert (refused.status, refused.json()["code"]) == (502, "certificate_refused")

    place.authority.lead("lost.example", "127.0.0.1")
    renewed = running.call("POST", "/api/v1/network/tls/renew")
    assert renewed.status == 200, renewed.body
    assert renewed.json()["certificate"]["names"] == ["lost.example"]
    assert place.is_issued()
    assert problem_of(running) == ""


def test_nodes_answer_for_each_other_and_serve_the_same(
    place: Place,
    gateway: StartGateway,
    sandbox_config: str,
    postgres: PostgresServer,
    valkey: ValkeyServer,
    tmp_path: Path,
) -> None:
    """The one that orders is not the one that the authority reaches."""
    valkey.ask("FLUSHALL")
    shared = {"ENCRYPTION_KEY": "a long text that is the same on both nodes"}
    database = postgres.url(postgres.create_database())
    head = f'redis_url = "{valkey.url}"\ndatabase_url = "{database}"\nmigrate_on_start = true\n'
    own = {"listen_addr": f"127.0.0.1:{free_port()}", "redirect_addr": f"127.0.0.1:{free_port()}"}
    names = {"domains": ["cluster.example"], "challenge": "http-01"}
    first = gateway(head + place.config(sandbox_config, **names, **own), env=shared, home=make_home(tmp_path / "a"))
    port = int(own["listen_addr"].rpartition(":")[2])
    wait_until("nobody answers the authority", lambda: problem_of(first) != "", ISSUED_S)
    assert not place.is_issued(port)

    second = gateway(head + place.config(sandbox_config, **names), env=shared, home=make_home(tmp_path / "b"))
    assert problem_of(second) == problem_of(first), "what was tried is known everywhere"
    renewed = first.call("POST", "/api/v1/network/tls/renew")

    assert renewed.json()["status"] == "issued", renewed.body
    wait_until("both serve it", lambda: place.served() == place.served(port))
    assert place.is_issued(port)
