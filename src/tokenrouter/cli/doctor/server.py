"""The running server: whether it answers, is ready, and has the configuration that there is."""

import ssl
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final

from tokenrouter import __version__
from tokenrouter.cli.doctor.finding import Finding, Patient
from tokenrouter.config.applied import Applied
from tokenrouter.config.load import split_address

ASK_S: Final = 5.0
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def check_server(patient: Patient) -> Iterator[Finding]:
    """Ask the server how it is."""
    if patient.server is None:
        yield Finding("note", "server", "none runs on this installation")
        return
    yield Finding("ok", "server", f"process {patient.server.pid or 'unknown'} runs")
    if patient.applied is None:
        yield Finding("warning", "server", "it has not said yet which configuration it has", "wait, then look again")
        return
    yield from _taken(patient.applied)
    has = patient.applied.outline.get("setting", {}).get("", {})
    is_tls = bool(has.get("tls.enabled"))
    address = str(has.get("tls.listen_addr" if is_tls else "listen_addr", ""))
    for path in ("/healthz", "/readyz"):
        yield _ask(address, path, is_tls=is_tls)


def _taken(applied: Applied) -> Iterator[Finding]:
    if applied.version != __version__:
        says = f"it is version {applied.version}, while {__version__} is installed"
        yield Finding("note", "server", says, "restart it")
    if applied.problems:
        says = f"it goes on with an older configuration: {'; '.join(applied.problems)}"
        yield Finding("warning", "server", says, "mend it, then torod config apply")
    if applied.waiting:
        yield Finding("note", "server", f"{', '.join(applied.waiting)} wait for a restart", "restart it")


def _ask(address: str, path: str, *, is_tls: bool) -> Finding:
    """Ask one question; whose certificate it is matters not here, where our own server is asked."""
    parts = split_address(address)
    if parts is None:
        return Finding("warning", "server", f"it cannot be asked at {address!r}")
    host, port = _ANY.get(parts[0], parts[0]), parts[1]
    connection = (
        HTTPSConnection(host, port, timeout=ASK_S, context=_unverified())
        if is_tls
        else HTTPConnection(host, port, timeout=ASK_S)
    )
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(500).decode(errors="replace").strip()
    except (OSError, HTTPException) as error:
        says = f"{path} at {address} does not answer: {str(error) or type(error).__name__}"
        return Finding("problem", "server", says, "its log says why: torod logs")
    finally:
        connection.close()
    if answer.status == 200:
        return Finding("ok", "server", f"{path} answers at {address}")
    return Finding("problem", "server", f"{path} says {answer.status}: {body}", "its log says more: torod logs")


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
