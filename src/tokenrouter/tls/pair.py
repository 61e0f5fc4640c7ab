"""A certificate with its chain and its key: what it says, and whether it can be served at all."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

SOON_S: Final = 14 * 86_400.0
"""So long before its end an operator hears of it, where nobody renews it by himself."""


class BadCertificate(ValueError):
    """A certificate that cannot be served; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with the certificates between it and its authority, and its key, as PEM."""

    chain: bytes
    key: bytes = field(repr=False)

    @property
    def pem(self) -> bytes:
        """Both, as they are kept in one file: it is replaced at once, so key and certificate fit at any moment."""
        return self.key.strip() + b"\n" + self.chain.strip() + b"\n"

    @classmethod
    def of_pem(cls, pem: bytes) -> "Pair":
        """Take apart what `pem` made."""
        at = pem.find(b"-----BEGIN CERTIFICATE-----")
        return cls(pem[at:], pem[:at]) if at >= 0 else cls(b"", pem)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says.

    Attributes:
        names: of hosts and addresses for which it counts.
        issuer: who vouches for it, as far as it has a name.
        not_before_s, not_after_s: seconds since the epoch.
        fingerprint: SHA-256 of the certificate, as browsers show it.
        warnings: what works and should be mended all the same.
    """

    names: tuple[str, ...]
    issuer: str
    is_self_signed: bool
    not_before_s: float
    not_after_s: float
    fingerprint: str
    warnings: tuple[str, ...] = ()

    def is_over(self, now_s: float) -> bool:
        """Whether clients refuse it by now."""
        return now_s >= self.not_after_s


def read_pair(pair: Pair, now_s: float) -> CertificateFacts:
    """Return what the certificate says.

    Raises:
        BadCertificate: it cannot be read, or the key is another one's.
    """
    chain = _chain(pair.chain)
    leaf = chain[0]
    if _public_bytes(_key(pair.key)) != _public_bytes(leaf):
        raise BadCertificate(
            "the key is not the certificate's: the first certificate of the chain must be the gateway's own, and the "
            "key that one's"
        )
    facts = read_certificate(leaf)
    return CertificateFacts(
        names=facts.names,
        issuer=facts.issuer,
        is_self_signed=facts.is_self_signed,
        not_before_s=facts.not_before_s,
        not_after_s=facts.not_after_s,
        fingerprint=facts.fingerprint,
        warnings=tuple(_warnings(chain, facts, now_s)),
    )


def read_certificate(leaf: x509.Certificate) -> CertificateFacts:
    """Return what one certificate says, without judging it."""
    digest = hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest().upper()
    return CertificateFacts(
        names=_names(leaf),
        issuer=_common_name(leaf.issuer),
        is_self_signed=leaf.issuer == leaf.subject,
        not_before_s=leaf.not_valid_before_utc.timestamp(),
        not_after_s=leaf.not_valid_after_utc.timestamp(),
        fingerprint=":".join(digest[at : at + 2] for at in range(0, len(digest), 2)),
    )


def day(moment_s: float) -> str:
    """Return a moment as a day, for messages."""
    return datetime.fromtimestamp(moment_s).astimezone().strftime("%Y-%m-%d")


def _chain(pem: bytes) -> list[x509.Certificate]:
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except ValueError:
        chain = []
    if not chain:
        raise BadCertificate("the certificate is no PEM: it begins with -----BEGIN CERTIFICATE-----, to its end")
    return chain


def _key(pem: bytes) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem, None)
    except TypeError:
        raise BadCertificate(
            "the key is locked by a passphrase, which nobody can type at a start; take it off with "
            "`openssl pkey -in KEY -out NEW`, and keep the file to its owner (chmod 600)"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadCertificate(
            "the key is no PEM: it begins with -----BEGIN PRIVATE KEY-----, and is all there"
        ) from None


def _public_bytes(of: PrivateKeyTypes | x509.Certificate) -> bytes:
    return of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    return (*hosts, *(str(address) for address in names.get_values_for_type(x509.IPAddress)))


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME) or name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else ""


def _warnings(chain: list[x509.Certificate], facts: CertificateFacts, now_s: float) -> list[str]:
    found = []
    if facts.is_over(now_s):
        found.append(f"the certificate is over since {day(facts.not_after_s)}, so clients refuse it; renew it")
    elif now_s < facts.not_before_s:
        found.append(f"the certificate counts from {day(facts.not_before_s)} on; is the clock right?")
    if not facts.names:
        found.append("the certificate names no host (subject alternative names), so clients refuse it")
    if any(not _is_issued_by(one, by) for one, by in pairwise(chain)):
        found.append("the chain is out of order, or not of this certificate: each must be issued by the one after it")
    return found


def _is_issued_by(one: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
