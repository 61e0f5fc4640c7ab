"""A certificate that we vouch for ourselves: made once and kept, so that whoever has trusted it need not do so again.

It names this machine as it was when it was made. Addresses and host names come and go (a laptop moves, a container is
made anew), and a new certificate each time would be one that nobody trusts; so only a name that the operator asks for,
or the certificate's end, has another one made.
"""

import socket
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tokenrouter.tls.pair import CertificateFacts, Pair

DAYS: Final = 820
"""Below the 825 that Apple's systems allow a certificate (support.apple.com/103769, 2026-11)."""
RENEW_BEFORE_S: Final = 30 * 86_400.0
_AS_IF_TO: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses of documentation (RFC 5737, RFC 3849), towards which a socket tells its own without sending anything."""


def make_self_signed(names: Iterable[str], now_s: float) -> Pair:
    """Return a new pair for `names`, hosts and addresses, the first of which it is called by.

    It is no authority: nothing else can be vouched for with its key, and clients written in Rust refuse to talk to one.
    """
    named = list(dict.fromkeys(names))
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, named[0][:64])])
    now = datetime.fromtimestamp(now_s, UTC).replace(microsecond=0)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks of clients differ
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    return Pair(certificate.public_bytes(Encoding.PEM), _pem(key).encode())


def new_key() -> str:
    """Return a fresh key, as PEM."""
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def is_good_for(facts: CertificateFacts, domains: Iterable[str], now_s: float) -> bool:
    """Whether a kept one still does: it does not end soon, and has the names that the operator asks for."""
    return now_s < facts.not_after_s - RENEW_BEFORE_S and set(domains) <= set(facts.names)


def own_names(domains: Iterable[str]) -> list[str]:
    """Return by what names this machine may be called: those that were asked for, and what it calls itself."""
    host = socket.gethostname().lower()
    hosts = [host] if host.isascii() and all(host.split(".")) and len(host) < 64 else []
    return list(dict.fromkeys((*domains, "localhost", *hosts, "127.0.0.1", "::1", *own_addresses())))


def own_addresses() -> list[str]:
    """Return this machine's own addresses of either kind, as far as it would use them to go out."""
    found = []
    for family, far in _AS_IF_TO:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probing:
            probing.connect((far, 9))
            found.append(ip_address(probing.getsockname()[0]))
    return [str(address) for address in found if not (address.is_loopback or address.is_link_local)]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
