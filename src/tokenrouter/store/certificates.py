"""What all nodes share of an authority's certificates: the certificate, our accounts, and what is being proven.

Keys lie in envelopes, as every secret does; facts are JSON of whoever keeps them. Each change raises the Catalog's
version, by which other nodes hear of it at once.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from tokenrouter.config.keyring import KeyRing
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.secrets import keep_secrets, open_secrets

STATE_FACT: Final = "acme:state"
PROOFS_FACT: Final = "acme:proofs"
_CERTIFICATE: Final = "certificate"
_ACCOUNT: Final = "acme_account"
_OURS: Final = "gateway"


@dataclass(frozen=True, slots=True)
class KeptCertificate:
    """A certificate with its chain, and its key, as PEM."""

    chain: str
    key: str = field(repr=False)


def kept_certificate(connection: Connection, ring: KeyRing) -> KeptCertificate | None:
    """Return the certificate that counts; None where there is none, or it cannot be decrypted here."""
    found = {one.place.field: one.text for one in open_secrets(connection, ring, _CERTIFICATE, _OURS)}
    chain, key = found.get("chain", ""), found.get("key", "")
    return KeptCertificate(chain, key) if chain and key else None


def keep_certificate(connection: Connection, ring: KeyRing, kept: KeptCertificate, now_s: float) -> None:
    """Let another certificate count, on all nodes.

    Raises:
        SecretUnreadable: as `keep_secrets`.
    """
    keep_secrets(
        connection, ring, _CERTIFICATE, _OURS, {"chain": kept.chain.strip(), "key": kept.key.strip()}, now_s=now_s
    )
    raise_catalog_version(connection, keys=())


def kept_account_key(connection: Connection, ring: KeyRing, directory_url: str) -> str:
    """Return the PEM of our account's key at an authority, or ""."""
    found = open_secrets(connection, ring, _ACCOUNT, account_id(directory_url))
    return next((one.text for one in found), "")


def keep_account_key(connection: Connection, ring: KeyRing, directory_url: str, key: str, now_s: float) -> None:
    """Keep it for all nodes.

    Raises:
        SecretUnreadable: as `keep_secrets`.
    """
    keep_secrets(connection, ring, _ACCOUNT, account_id(directory_url), {"key": key}, now_s=now_s)


def account_id(directory_url: str) -> str:
    """Return what an account is called here: short, and another one for each authority."""
    return hashlib.sha256(directory_url.encode()).hexdigest()[:16]


def read_state(connection: Connection) -> str:
    """Return what is known of orders, as it was written; "" before the first."""
    return read_fact(connection, STATE_FACT) or ""


def write_state(connection: Connection, state: str) -> None:
    """Keep what is known of orders."""
    write_fact(connection, STATE_FACT, state)


def read_proofs(connection: Connection) -> str:
    """Return what is being proven now, as it was written; "" before the first."""
    return read_fact(connection, PROOFS_FACT) or ""


def write_proofs(connection: Connection, proofs: str) -> None:
    """Have all nodes prove this from now on."""
    write_fact(connection, PROOFS_FACT, proofs)
    raise_catalog_version(connection, keys=())
