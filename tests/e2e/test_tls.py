"""HTTPS of the gateway's own, spoken to by real clients over real sockets."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from openai import OpenAI

from tokenrouter.testing.processes import (
    GatewayProcess,
    Home,
    ProcessFailure,
    SandboxProcess,
    free_port,
    make_home,
    wait_until,
)
from tokenrouter.testing.valkey import ValkeyServer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("tls")]

CHAT = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "hello"}]}
CONFIG = """
http_mode = "{http_mode}"
workers = {workers}
{more}

[tls]
enabled = true
listen_addr = "127.0.0.1:{port}"
{tls}

[[providers]]
name = "sandbox"
provider_type = "sandbox"
base_url = "{sandbox}"
api_key = "sandbox"
"""


class Secured:
    """A gateway that serves HTTPS too."""

    def __init__(
        self,
        home: Home,
        sandbox: SandboxProcess,
        tls: str,
        *,
        http_mode: str = "enabled",
        more: str = "",
        workers: int = 1,
    ) -> None:
        self.port = free_port()
        text = CONFIG.format(
            http_mode=http_mode, port=self.port, tls=tls, sandbox=sandbox.base_url, more=more, workers=workers
        )
        self.process = GatewayProcess(home, text)
        self.state = home.path / "data" / "tls"

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def trusting(self, authority: Path | None = None) -> ssl.SSLContext:
        """Return what a client trusts; its own certificate unless an authority is given."""
        return ssl.create_default_context(cafile=str(authority or self.state / "self_signed.crt"))

    def get(self, path: str, context: ssl.SSLContext) -> httpx2.Response:
        with httpx2.Client(verify=context) as client:
            return client.get(self.origin + path, headers={"authorization": f"Bearer {self.process.key}"})

    def served(self) -> str:
        """Return the certificate that a new handshake gets, as PEM."""
        return ssl.get_server_certificate(("127.0.0.1", self.port))

    def said(self, name: str) -> str:
        lines = self.process.call("GET", "/metrics").body.decode().splitlines()
        return next((line for line in lines if name in line), "")


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxProcess) -> Iterator[Secured]:
    """One that vouches for itself, and leads plain HTTP to HTTPS."""
    home = make_home(tmp_path_factory.mktemp("tls"))
    tls = 'mode = "self_signed"\nhsts_max_age_s = 600\ndomain = "gateway.test"'
    secured = Secured(home, sandbox, tls, http_mode="redirect", more="head_timeout_s = 1.0")
    with secured.process:
        yield secured


@pytest.fixture
def pem(tmp_path: Path, sandbox: SandboxProcess) -> Iterator[Callable[..., tuple[Secured, trustme.CA]]]:
    """Start one whose operator brings certificate and key in files."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with ExitStack() as running:

        def start(**options: Any) -> tuple[Secured, trustme.CA]:
            put(authority, tmp_path)
            tls = f'mode = "pem"\ncert_file = "{tmp_path}/cert.pem"\nkey_file = "{tmp_path}/key.pem"'
            secured = Secured(make_home(tmp_path), sandbox, tls, **options)
            running.enter_context(secured.process)
            return secured, authority

        yield start


def put(authority: trustme.CA, folder: Path) -> None:
    """Write another certificate into the operator's files."""
    issued = authority.issue_cert("127.0.0.1", "localhost")
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    (folder / "key.pem").write_bytes(issued.private_key_pem.bytes())


def test_the_vendors_sdk_streams_over_https(self_signed: Secured) -> None:
    client = OpenAI(
        base_url=f"{self_signed.origin}/v1",
        api_key=self_signed.process.key,
        http_client=httpx2.Client(verify=self_signed.trusting()),
    )
    pieces = client.chat.completions.create(**CHAT, stream=True)  # type: ignore[call-overload]

    assert "hello" in "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)


def test_every_name_of_the_machine_is_in_the_certificate_and_strangers_to_it_are_not_believed(
    self_signed: Secured,
) -> None:
    context = self_signed.trusting()
    for name in ("localhost", "127.0.0.1", "gateway.test"):
        plain = socket.create_connection(("127.0.0.1", self_signed.port))
        with plain, context.wrap_socket(plain, server_hostname=name) as spoken:
            assert spoken.version() == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        HTTPSConnection("127.0.0.1", self_signed.port, timeout=60).connect()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_what_is_older_than_tls_1_2_is_not_spoken(self_signed: Secured) -> None:
    context = self_signed.trusting()
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", self_signed.port)) as plain:
        context.wrap_socket(plain, server_hostname="localhost")


def test_plain_http_leads_to_https_and_refuses_keys(self_signed: Secured) -> None:
    plain = self_signed.process

    led = plain.call("GET", "/admin/?a=b", key=None, headers={"host": "gateway.test:1"})
    refused = plain.call("POST", "/v1/chat/completions", json_body=CHAT)

    assert (led.status, led.headers["location"]) == (308, f"https://gateway.test:{self_signed.port}/admin/?a=b")
    assert (refused.status, refused.json()["error"]["code"]) == (403, "https_required")
    assert [plain.call("GET", path, key=None).status for path in ("/healthz", "/readyz")] == [200, 200]
    assert plain.call("GET", "/.well-known/acme-challenge/unknown", key=None).status == 404


def test_browsers_hear_over_https_that_they_are_to_stay_there(self_signed: Secured) -> None:
    told = self_signed.get("/healthz", self_signed.trusting())

    assert told.headers["strict-transport-security"] == "max-age=600"
    assert "strict-transport-security" not in self_signed.process.call("GET", "/healthz").headers


def test_the_control_plane_knows_that_it_is_spoken_to_over_https(self_signed: Secured) -> None:
    context = self_signed.trusting()
    wait_until("the control process", lambda: self_signed.get("/api/v1/network", context).status_code == 200)
    told = self_signed.get("/api/v1/network", context).json()

    assert told["visit"]["https"] is True


def test_whoever_speaks_plain_http_to_the_port_of_https_is_told(self_signed: Secured) -> None:
    with socket.create_connection(("127.0.0.1", self_signed.port), timeout=60) as client:
        client.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
        said = client.makefile("rb").read()

    assert said.startswith(b"HTTP/1.1 400 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["error"]["code"] == "https_required"


@pytest.mark.parametrize("sent", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01", b"\x16\x03\x01\x00\x05hello"])
def test_a_handshake_that_does_not_come_to_its_end_is_cut(self_signed: Secured, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", self_signed.port), timeout=60) as client:
        client.sendall(sent)
        while client.recv(4096):
            pass

    assert self_signed.get("/healthz", self_signed.trusting()).status_code == 200


def test_a_certificate_of_our_own_is_the_same_after_a_restart(self_signed: Secured) -> None:
    before = self_signed.served()
    self_signed.process.stop()
    self_signed.process.start()

    assert self_signed.served() == before
    assert "fingerprint" in self_signed.process.log()
    assert (
        self_signed.state.stat().st_mode & 0o777,
        (self_signed.state / "self_signed.pem").stat().st_mode & 0o777,
    ) == (
        0o700,
        0o600,
    )


def test_another_pair_is_served_under_load_without_a_failed_request(
    pem: Callable[..., tuple[Secured, trustme.CA]], tmp_path: Path
) -> None:
    secured, authority = pem()
    context = secured.trusting(tmp_path / "ca.pem")
    body, headers = json.dumps(CHAT), {"authorization": f"Bearer {secured.process.key}"}
    ended, answers, failures = threading.Event(), [0], []

    def ask(*, keeps: bool) -> None:
        connection = HTTPSConnection("127.0.0.1", secured.port, timeout=60, context=context)
        while not ended.is_set():
            try:
                connection.request("POST", "/v1/chat/completions", body, headers)
                answer = connection.getresponse()
                answer.read()
                answers[0] += 1
                if answer.status != 200:
                    failures.append(f"status {answer.status}")
            except OSError as error:
                failures.append(repr(error))
            if not keeps:
                connection.close()

    def changed(before: str) -> bool:
        return secured.served() != before

    def more_than(known: int) -> bool:
        return answers[0] > known

    clients = [threading.Thread(target=ask, kwargs={"keeps": number % 2 == 0}) for number in range(6)]
    for client in clients:
        client.start()
    try:
        for _ in range(2):
            before, known = secured.served(), answers[0]
            put(authority, tmp_path)
            wait_until("the other certificate", partial(changed, before))
            wait_until("some more answers", partial(more_than, known + 50))
    finally:
        ended.set()
        for client in clients:
            client.join()

    assert (failures[:3], answers[0] > 100) == ([], True)


def test_a_wrong_pair_is_refused_and_the_one_before_stays(
    pem: Callable[..., tuple[Secured, trustme.CA]], tmp_path: Path
) -> None:
    secured, authority = pem()
    before = secured.served()
    good = (tmp_path / "cert.pem").read_bytes()
    (tmp_path / "cert.pem").write_bytes(good[: len(good) // 2])
    wait_until("the refusal", lambda: secured.said("problem{").endswith(" 1.0"))
    told = secured.process.call("GET", "/api/v1/network").json()
    assert secured.served() == before
    assert "certificate_refused" in [one["code"] for one in told["warnings"]]
    assert "a certificate is refused" in secured.process.log()
    put(authority, tmp_path)
    wait_until("a good one", lambda: secured.served() != before)
    secured.process.kill_child("data")
    (tmp_path / "key.pem").unlink()
    wait_until("a data process that needs no file of the operator's", lambda: _answers(secured, tmp_path))


def test_every_data_process_serves_the_other_pair(
    pem: Callable[..., tuple[Secured, trustme.CA]], tmp_path: Path, valkey: ValkeyServer
) -> None:
    valkey.ask("FLUSHALL")
    secured, authority = pem(workers=2, more=f'redis_url = "{valkey.url}"')
    before = secured.served()
    put(authority, tmp_path)

    wait_until("the other certificate everywhere", lambda: before not in {secured.served() for _ in range(12)})


def test_without_a_good_pair_the_server_does_not_start(home: Home, sandbox: SandboxProcess, tmp_path: Path) -> None:
    authority = trustme.CA()
    put(authority, tmp_path)
    (tmp_path / "key.pem").write_bytes(authority.issue_cert("b.test").private_key_pem.bytes())
    tls = f'mode = "pem"\ncert_file = "{tmp_path}/cert.pem"\nkey_file = "{tmp_path}/key.pem"'
    with pytest.raises(ProcessFailure) as caught:
        Secured(home, sandbox, tls).process.start()

    assert "HTTPS cannot be served: the key is not the certificate's" in str(caught.value)


def _answers(secured: Secured, folder: Path) -> bool:
    try:
        return secured.get("/healthz", secured.trusting(folder / "ca.pem")).status_code == 200
    except httpx2.HTTPError:
        return False
