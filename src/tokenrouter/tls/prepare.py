"""The certificate that a start serves with: found or made before anything listens: a start works or ends in words."""

import time
from dataclasses import dataclass
from pathlib import Path

from tokenrouter.config.settings import Settings, TlsMode, TlsSettings
from tokenrouter.tls.folder import keep_pair, kept_file, tls_folder
from tokenrouter.tls.pair import BadCertificate, CertificateFacts, Pair, read_pair
from tokenrouter.tls.self_signed import is_good_for, make_self_signed, own_names


@dataclass(frozen=True, slots=True)
class Prepared:
    """What will be served.

    Attributes:
        mode: how the certificate came about, which is not the one asked for while an authority has not answered.
        path: where it is kept, with its key.
    """

    mode: TlsMode
    path: Path
    facts: CertificateFacts


def prepare_certificate(settings: Settings, now_s: float | None = None) -> Prepared:
    """Return what `served_file` leads to from now on.

    Raises:
        BadCertificate: the operator's own cannot be served.
        OSError: the state folder cannot be written.
    """
    now_s = time.time() if now_s is None else now_s
    tls_folder(settings)
    if settings.tls.mode == "pem":
        return _of_operator(settings, now_s)
    if settings.tls.mode == "letsencrypt" and (kept := _kept(settings, "letsencrypt", now_s)) is not None:
        return kept
    return prepare_self_signed(settings, now_s)


def prepare_self_signed(settings: Settings, now_s: float) -> Prepared:
    """Return the one that we vouch for ourselves, made anew where the kept one does not do.

    Raises:
        OSError: the state folder cannot be written.
    """
    kept = _kept(settings, "self_signed", now_s)
    if kept is not None and is_good_for(kept.facts, settings.tls.domains, now_s):
        return kept
    pair = make_self_signed(own_names(settings.tls.domains), now_s)
    path = kept_file(settings, "self_signed")
    keep_pair(path, pair)
    path.with_suffix(".crt").write_bytes(pair.chain)
    return Prepared("self_signed", path, read_pair(pair, now_s))


def read_operators_pair(tls: TlsSettings) -> Pair:
    """Return the pair that the operator names, unchecked.

    Raises:
        BadCertificate: a file cannot be read.
    """
    if tls.cert_pem:
        return Pair(tls.cert_pem.encode(), tls.key_pem.encode())
    return Pair(_read(tls.cert_file, "cert_file"), _read(tls.key_file, "key_file"))


def certificate_file(prepared: Prepared) -> Path:
    """Return what a client may be told to trust: a file without a key."""
    return prepared.path.with_suffix(".crt")


def _of_operator(settings: Settings, now_s: float) -> Prepared:
    pair = read_operators_pair(settings.tls)
    facts = read_pair(pair, now_s)
    path = kept_file(settings, "pem")
    keep_pair(path, pair)
    return Prepared("pem", path, facts)


def _kept(settings: Settings, mode: TlsMode, now_s: float) -> Prepared | None:
    """Return a pair of an earlier start; None when there is none that can be used."""
    path = kept_file(settings, mode)
    try:
        return Prepared(mode, path, read_pair(Pair.of_pem(path.read_bytes()), now_s))
    except (OSError, BadCertificate):
        return None


def _read(name: str, setting: str) -> bytes:
    try:
        return Path(name).expanduser().read_bytes()
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadCertificate(f"tls.{setting}: {name} cannot be read: {why}") from None
