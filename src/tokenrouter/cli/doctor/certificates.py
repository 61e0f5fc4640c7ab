"""Certificates: whether those of `[tls]` can be read, fit their keys, and how long they are good."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tokenrouter.cli.doctor.finding import Finding, Patient
from tokenrouter.tls.folder import served_file

WARN_DAYS: Final = 14
"""A certificate that renews itself has been renewed long before."""


def check_certificates(patient: Patient) -> Iterator[Finding]:
    """Look at the certificate that is configured, and at the one that is served."""
    section = _section(patient)
    if not section.get("enabled"):
        return
    named = section.get("cert_file")
    if isinstance(named, str) and named:
        key = section.get("key_file")
        yield from _check_pair(Path(named).expanduser(), Path(key).expanduser() if isinstance(key, str) else None)
    elif isinstance(section.get("cert_pem"), str):
        yield from _check_text(section["cert_pem"].encode(), "cert_pem")
    if patient.settings is not None and (path := served_file(patient.settings)).exists():
        yield from _check_text(path.read_bytes(), str(path))


def _section(patient: Patient) -> dict[str, Any]:
    """Return `[tls]` as it stands in the file."""
    if patient.paths.config_file is None:
        return {}
    try:
        section = tomllib.loads(patient.paths.config_file.read_text(encoding="utf-8")).get("tls", {})
    except (OSError, ValueError):
        return {}  # told by another check
    return section if isinstance(section, dict) else {}


def _check_pair(certificate: Path, key: Path | None) -> Iterator[Finding]:
    try:
        pem = certificate.read_bytes()
        secret = key.read_bytes() if key is not None else pem
    except OSError as error:
        says = f"{error.filename} cannot be read: {error.strerror}"
        yield Finding("problem", "certificate", says, "mend cert_file and key_file in [tls]")
        return
    yield from _check_text(pem, str(certificate))
    try:
        ours = load_pem_private_key(secret, None).public_key()
        theirs = x509.load_pem_x509_certificates(pem)[0].public_key()
    except (ValueError, TypeError, IndexError) as error:
        yield Finding("problem", "certificate", f"{key or certificate} holds no key that can be used: {error}")
        return
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if ours.public_bytes(*form) != theirs.public_bytes(*form):
        says = f"the key {key or certificate} is not that of the certificate {certificate}"
        yield Finding("problem", "certificate", says, "name the two that belong together in [tls]")


def _check_text(pem: bytes, where: str) -> Iterator[Finding]:
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        yield Finding("problem", "certificate", f"{where} holds no certificate: {error}", "it must be PEM")
        return
    leaf = chain[0]
    end, names = leaf.not_valid_after_utc, ", ".join(_names(leaf)) or leaf.subject.rfc4514_string()
    days = (end - datetime.now(UTC)).days
    says = f"{where} for {names} is good until {end:%Y-%m-%d}"
    if leaf.not_valid_before_utc > datetime.now(UTC):
        says = f"{where} for {names} is not good before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        yield Finding("problem", "certificate", says, "look at the clock, or get another one")
    elif days < 0:
        yield Finding("problem", "certificate", f"{where} for {names} ended on {end:%Y-%m-%d}", "renew it")
    elif days < WARN_DAYS:
        yield Finding("warning", "certificate", f"{says}, {days} days", "renew it; see the log for why it was not")
    else:
        yield Finding("ok", "certificate", says)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]
