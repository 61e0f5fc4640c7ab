"""The certificate that answers tls-alpn-01 (RFC 8737, 3): self-signed, and with a digest that only we can know.

It vouches for nothing. Only a certificate authority that looks for it may see it (`edge/client_hello.py`).
"""

import hashlib
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tokenrouter.tls.pair import Pair

ACME_IDENTIFIER: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
_OCTET_STRING: Final = b"\x04\x20"
"""How DER begins 32 bytes."""
_LIFETIME: Final = timedelta(days=1)


def challenge_pair(name: str, key_authorization: str, now_s: float) -> Pair:
    """Return the certificate for the host or address `name`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([])
    now = datetime.fromtimestamp(now_s, UTC).replace(microsecond=0)
    digest = hashlib.sha256(key_authorization.encode()).digest()
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - _LIFETIME)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general_name(name)]), critical=True)
        .add_extension(x509.UnrecognizedExtension(ACME_IDENTIFIER, _OCTET_STRING + digest), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Pair(
        certificate.public_bytes(Encoding.PEM), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


def asked_name(name: str) -> str:
    """Return what an authority asks for when it looks for `name`: an address backwards (RFC 8738, 6)."""
    address = _address(name)
    return name if address is None else address.reverse_pointer


def _general_name(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
