"""Checks of answers against this machine and the network: free ports, files, names, databases. None needs a terminal.

Each returns what is wrong and what to do, or "".
"""

import errno
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tokenrouter.cli.wizard.answers import Mistake
from tokenrouter.cli.wizard.questions import Said
from tokenrouter.cli.wizard.redis_check import redis_problem
from tokenrouter.config.load import split_address
from tokenrouter.domain.system_errors import reason

MAX_PEM_BYTES: Final = 2**20


def machine_mistakes(said: Said, standing: Said, *, network: bool) -> list[Mistake]:
    """Return what this machine and, with `network`, others say against answers; `standing` are those of the file.

    A provider's key is tried by `provider_check.py`.
    """
    found = []
    for name, everywhere in (("listen_addr", False), ("tls_listen_addr", True), ("tls_redirect_addr", True)):
        if said.get(name) and not is_standing_port(said[name], standing, name):
            found.append(Mistake(name, address_problem(said[name], everywhere=everywhere)))
    if said.get("tls") == "pem":
        certificate, key = said["tls_cert_file"], said["tls_key_file"]
        name, problem = pem_problem(certificate, key)
        found.append(Mistake(name, problem))
    if said.get("tls") == "letsencrypt" and network:
        found += [Mistake("tls_domain", name_problem(name)) for name in said.get("tls_domain", ())]
    if said.get("provider_key_file"):
        found.append(Mistake("provider_key_file", key_file_problem(said["provider_key_file"])))
    if said.get("database_url") and network:
        found.append(Mistake("database_url", database_problem(said["database_url"])))
    if said.get("redis_url") and network:
        found.append(Mistake("redis_url", redis_problem(said["redis_url"])))
    return [one for one in found if one.message]


def is_standing_port(address: str, standing: Said, name: str = "listen_addr") -> bool:
    """Whether the file has the port of `address` already, so that it may be our own server that listens there."""
    known, wanted = split_address(str(standing.get(name, ""))), split_address(address)
    return known is not None and wanted is not None and known[1] == wanted[1]


def address_problem(address: str, *, everywhere: bool = False) -> str:
    """Return why nobody could listen at `address`; an empty host is this machine only, or `everywhere`."""
    parts = split_address(address)
    if parts is None:
        return f"{address!r} is not host:port, like 127.0.0.1:8080"
    host, port = parts
    if everywhere and address.startswith(":"):
        host = "0.0.0.0"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return f"there is no host {host!r}; use 127.0.0.1, 0.0.0.0, or an address of this machine"
    family, kind, _, _, where = found[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(where)
            probe.listen(1)
        except OSError as error:
            return _bind_problem(error, host, port)
    return ""


def _bind_problem(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is taken by another program; choose another port, or stop that program"
        case errno.EACCES:
            told = "ports below 1024 are for root, or a service with the capability CAP_NET_BIND_SERVICE"
            return f"port {port} may not be opened by you: {told}; choose another port"
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine; use 127.0.0.1, 0.0.0.0, or one that it has"
        case _:
            return f"nobody can listen there: {reason(error)}"


def name_problem(name: str) -> str:
    """Return why `name` cannot be looked up."""
    try:
        socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return f"no host {name!r} is known; make its DNS entry first, pointing to this machine"
    return ""


def pem_problem(certificate_file: str, key_file: str) -> tuple[str, str]:
    """Return which of the two files is wrong, as the name of its question, and why; "" where both are right."""
    try:
        certificates = x509.load_pem_x509_certificates(_contents(certificate_file))
    except OSError as error:
        return "tls_cert_file", f"{certificate_file!r} cannot be read: {error.strerror}"
    except ValueError:
        return "tls_cert_file", f"{certificate_file!r} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"
    try:
        key = load_pem_private_key(_contents(key_file), password=None)
    except OSError as error:
        return "tls_key_file", f"{key_file!r} cannot be read: {error.strerror}"
    except TypeError:
        return "tls_key_file", f"{key_file!r} is locked with a password; torod needs it without one, in mode 0600"
    except ValueError:
        return "tls_key_file", f"{key_file!r} holds no private key in PEM (-----BEGIN PRIVATE KEY-----)"
    first = certificates[0]
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if first.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        return "tls_key_file", f"{key_file!r} is the key of another certificate than the first in {certificate_file!r}"
    return "tls_cert_file", _time_problem(first, certificate_file)


def _contents(file: str) -> bytes:
    with Path(file).expanduser().open("rb") as opened:
        return opened.read(MAX_PEM_BYTES)


def _time_problem(certificate: x509.Certificate, file: str) -> str:
    now = datetime.fromtimestamp(time.time(), UTC)
    if certificate.not_valid_after_utc < now:
        return f"the certificate in {file!r} ended on {certificate.not_valid_after_utc:%Y-%m-%d}; get a new one"
    if certificate.not_valid_before_utc > now:
        return f"the certificate in {file!r} begins on {certificate.not_valid_before_utc:%Y-%m-%d}; is the clock right?"
    return ""


def certificate_names(file: str) -> tuple[str, ...]:
    """Return the names that the certificate in `file` is for; it was found right before."""
    first = x509.load_pem_x509_certificates(_contents(file))[0]
    try:
        names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(map(str, [*names.get_values_for_type(x509.DNSName), *names.get_values_for_type(x509.IPAddress)]))


def key_file_problem(file: str) -> str:
    """Return why no key can be read from `file`."""
    try:
        text = Path(file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError, RuntimeError) as error:
        return f"{file!r} cannot be read: {getattr(error, 'strerror', None) or error}"
    return "" if text else f"{file!r} is empty; put the key into it"


def database_problem(url: str) -> str:
    """Return why the database at `url` cannot be used; nothing is made there. A relative file is made at the start."""
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.prepare import find_revision

    if url.startswith("sqlite") and not url.startswith("sqlite:////"):
        return ""
    try:
        find_revision(url)
    except StoreError as error:
        return str(error)
    return ""


_STRONGER: Final = {
    "listen_addr": ("TOKENROUTER_LISTEN_ADDR",),
    "public_url": ("PUBLIC_API_URL",),
    "database_url": ("TOKENROUTER_DATABASE_URL", "DATABASE_URL"),
    "redis_url": ("TOKENROUTER_REDIS_URL", "REDIS_URL"),
}
"""Variables that win over the file, by the question whose answer they make moot."""


def warnings(said: Said, environ: Mapping[str, str]) -> list[str]:
    """Return what is right but worth knowing."""
    told = []
    parts = split_address(said.get("listen_addr", ""))
    is_reached = parts is not None and parts[0] not in ("127.0.0.1", "::1", "localhost")
    if is_reached and said.get("tls", "off") == "off":
        told.append("Keys and prompts cross the network in the clear until somebody speaks TLS.")
    for name, variables in _STRONGER.items():
        set_here = [one for one in variables if environ.get(one)]
        told += (
            [f"{set_here[0]} is set here and comes before {name} of the file."] if said.get(name) and set_here else []
        )
    variable = said.get("provider_key_env", "")
    if variable and not environ.get(variable):
        told.append(f"The variable {variable} is not set here; the server needs it where it is started.")
    if said.get("tls") == "pem":
        names = ", ".join(certificate_names(said["tls_cert_file"]))
        told.append(f"The certificate is for {names or 'no name at all: most clients will refuse it'}.")
    if said.get("tls") == "letsencrypt":
        told.append(
            "Let's Encrypt asks at port 80 or 443 of the names from the internet; both must lead to this machine."
        )
    return told
