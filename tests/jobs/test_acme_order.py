"""The ordering program, against a real Pebble; challenges are answered by little servers of the test."""

import asyncio
import http.server
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.pebble import Pebble
from tokenrouter.jobs.acme_asking import AcmeProgram, CertificateRefused
from tokenrouter.jobs.acme_question import Authority, Order, Proof, RenewalWanted
from tokenrouter.testing.processes import free_port

pytestmark = pytest.mark.xdist_group("pebble")


def new_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class Shelf:
    """Answers http-01 with what it was shown."""

    answers: dict[str, str] = field(default_factory=dict)
    shown: list[list[Proof]] = field(default_factory=list)

    async def show(self, proofs: Sequence[Proof]) -> None:
        self.shown.append(list(proofs))
        self.answers = {f"/.well-known/acme-challenge/{one.token}": one.key_authorization for one in proofs}


@pytest.fixture(scope="module")
def shelf() -> Iterator[tuple[Shelf, int]]:
    shelf = Shelf()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            folder = self.path.rpartition("/")[0]
            body = (shelf.answers.get(self.path) or shelf.answers.get(f"{folder}/*", "")).encode()
            self.send_response(200 if body else 404)
            self.send_header("retry-after", "600")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield shelf, server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def authority(
    tmp_path_factory: pytest.TempPathFactory, shelf: tuple[Shelf, int], needs_pebble: None
) -> Iterator[Pebble]:
    folder = tmp_path_factory.mktemp("pebble")
    with Pebble(folder, http_port=shelf[1], tls_port=free_port(), nonce_rejects=30) as running:
        yield running


@pytest.fixture
def program(authority: Pebble) -> AcmeProgram:
    return AcmeProgram(str(authority.ca_file))


ACCOUNT = new_key()


def order(pebble: Pebble, *names: str, **changed: Any) -> Order:
    authority = Authority(pebble.directory_url, ACCOUNT, email="admin@gateway.example", accepts_terms=True)
    return Order(**{"authority": authority, "names": list(names), "key": new_key(), "challenge": "http-01", **changed})


def test_a_certificate_for_several_names_is_issued_though_nonces_are_refused(
    authority: Pebble, program: AcmeProgram, shelf: tuple[Shelf, int]
) -> None:
    wanted = order(authority, "a.example", "b.example")

    chain = asyncio.run(program.order(wanted, shelf[0].show))

    leaf, issuer, *_ = x509.load_pem_x509_certificates(chain.encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"a.example", "b.example"}
    assert leaf.public_key() == load_pem_private_key(wanted.key.encode(), None).public_key()
    leaf.verify_directly_issued_by(issuer)
    assert {one.name for one in shelf[0].shown[-2]} == {"a.example", "b.example"}
    assert shelf[0].shown[-1] == [], "what was shown is taken away again"

    asyncio.run(program.order(order(authority, "again.example"), shelf[0].show))

    assert authority.log().count("There are now 1 accounts") == 1, "the account is made once"
    assert "There are now 2 accounts" not in authority.log()


def test_what_the_authority_did_not_find_is_told_in_its_words(authority: Pebble, program: AcmeProgram) -> None:
    shown = Shelf()

    with pytest.raises(CertificateRefused, match=r"wrong\.example.*404") as told:
        asyncio.run(program.order(order(authority, "wrong.example"), shown.show))

    assert told.value.is_validation
    assert told.value.code == "unauthorized"


def test_a_name_that_leads_elsewhere_is_told(authority: Pebble, program: AcmeProgram, shelf: tuple[Shelf, int]) -> None:
    authority.lead("elsewhere.example", "127.0.0.77")

    with pytest.raises(CertificateRefused, match=r"elsewhere\.example.*refused") as told:
        asyncio.run(program.order(order(authority, "elsewhere.example"), shelf[0].show))

    assert told.value.code == "connection"


def test_a_name_that_the_authority_does_not_want_is_told(
    authority: Pebble, program: AcmeProgram, shelf: tuple[Shelf, int]
) -> None:
    with pytest.raises(CertificateRefused, match=r"blocked\.example") as told:
        asyncio.run(program.order(order(authority, "blocked.example"), shelf[0].show))

    assert not told.value.is_validation


def test_nothing_is_asked_for_before_the_terms_are_accepted(authority: Pebble, program: AcmeProgram) -> None:
    stranger = Authority(authority.directory_url, new_key())

    with pytest.raises(CertificateRefused, match=r"data:text/plain.*acme_accept_terms") as told:
        asyncio.run(program.order(order(authority, "a.example", authority=stranger), Shelf().show))

    assert told.value.code == "terms"


def test_a_wildcard_cannot_be_proven_by_http(authority: Pebble, program: AcmeProgram) -> None:
    with pytest.raises(CertificateRefused, match=r"does not offer http-01 for wild\.example, but dns-01"):
        asyncio.run(program.order(order(authority, "*.wild.example"), Shelf().show))


def test_an_authority_that_is_away_is_told_at_once(program: AcmeProgram) -> None:
    nobody = Authority(f"https://127.0.0.1:{free_port()}/dir", ACCOUNT, accepts_terms=True)
    wanted = Order(nobody, ["a.example"], new_key(), "http-01")

    with pytest.raises(CertificateRefused, match=r"127\.0\.0\.1:\d+ cannot be reached: .*refused") as told:
        asyncio.run(program.order(wanted, Shelf().show))

    assert told.value.code == "unreachable"


def test_an_authority_that_cannot_be_trusted_is_not_asked(authority: Pebble) -> None:
    with pytest.raises(CertificateRefused, match="CERTIFICATE_VERIFY_FAILED"):
        asyncio.run(AcmeProgram().order(order(authority, "a.example"), Shelf().show))


def test_garbage_in_place_of_a_directory_is_told(program: AcmeProgram, shelf: tuple[Shelf, int]) -> None:
    shelf[0].answers = {"/dir": "<html>hello</html>"}
    url = f"http://127.0.0.1:{shelf[1]}/dir"
    wanted = Order(Authority(url, ACCOUNT, accepts_terms=True), ["a.example"], new_key(), "http-01")

    with pytest.raises(CertificateRefused, match="not understood") as told:
        asyncio.run(program.order(wanted, Shelf().show))

    assert told.value.code == "invalid"


def test_an_order_that_takes_too_long_is_given_up(authority: Pebble, program: AcmeProgram) -> None:
    async def show_slowly(proofs: Sequence[Proof]) -> None:
        await asyncio.sleep(3600 if proofs else 0)

    async def hasty() -> None:
        with pytest.raises(CertificateRefused, match="not decided within 1 s"):
            await program.order(order(authority, "slow.example", timeout_s=1.0), show_slowly)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tokenrouter.jobs.acme_asking.MORE_S", 0.0)
        asyncio.run(hasty())


def test_an_authority_without_renewal_information_does_not_say_when(
    authority: Pebble, program: AcmeProgram, shelf: tuple[Shelf, int]
) -> None:
    wanted = order(authority, "a.example")
    chain = asyncio.run(program.order(wanted, shelf[0].show))

    told = asyncio.run(program.renewal(RenewalWanted(wanted.authority, chain)))

    assert told.renew_at_s is None


def test_an_authority_that_says_when_to_renew_is_heard(
    authority: Pebble, program: AcmeProgram, shelf: tuple[Shelf, int]
) -> None:
    """Debian's Pebble says nothing of renewal, so its certificate is asked about elsewhere (RFC 9773)."""
    wanted = order(authority, "a.example")
    chain = asyncio.run(program.order(wanted, shelf[0].show))
    origin = f"http://127.0.0.1:{shelf[1]}"
    window = {"start": "2030-01-01T00:00:00Z", "end": "2030-01-02T00:00:00Z"}
    shelf[0].answers = {
        "/dir": json.dumps({"renewalInfo": f"{origin}/ari"}),
        "/ari/*": json.dumps({"suggestedWindow": window}),
    }
    sayer = Authority(f"{origin}/dir", ACCOUNT, accepts_terms=True)

    told = asyncio.run(program.renewal(RenewalWanted(sayer, chain)))

    assert told.renew_at_s is not None
    assert 1_893_456_000 <= told.renew_at_s <= 1_893_456_000 + 86_400
    assert 300 < told.ask_again_at_s - time.time() <= 600


def test_who_must_be_known_binds_his_account(tmp_path: Path, shelf: tuple[Shelf, int], needs_pebble: None) -> None:
    secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    port = free_port()
    with Pebble(tmp_path, http_port=shelf[1], tls_port=port, hmac_keys={"kid-1": secret}) as strict:
        program = AcmeProgram(str(strict.ca_file))
        with pytest.raises(CertificateRefused, match="acme_eab_kid"):
            asyncio.run(program.order(order(strict, "a.example"), Shelf().show))
        known = Authority(strict.directory_url, new_key(), accepts_terms=True, eab_kid="kid-1", eab_hmac_key=secret)
        assert "CERTIFICATE" in asyncio.run(program.order(order(strict, "a.example", authority=known), shelf[0].show))
