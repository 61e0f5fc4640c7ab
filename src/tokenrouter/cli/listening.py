"""Where `torod serve` will listen, and with whose certificate."""

from typing import TYPE_CHECKING, Final

from tokenrouter.cli.opening import fail

if TYPE_CHECKING:
    from tokenrouter.app.plan import Bound
    from tokenrouter.config.settings import Settings

_PLAIN: Final = "listen_addr"


def planned_listeners(settings: "Settings") -> "list[Bound]":
    """Return every address to listen at, what people are told first."""
    from tokenrouter.app.plan import Bound
    from tokenrouter.config.load import split_address

    found = []
    for kind, address, setting in _addresses(settings):
        host, port = split_address(address) or ("127.0.0.1", 8080)
        found.append(Bound(kind, host, port, setting))
    return found


def listening_lines(settings: "Settings") -> list[str]:
    """Return every address, and what it is for."""
    words = {"http": "", "tls": " (HTTPS)", "redirect": " (leads to HTTPS)"}
    return [f"{address}{words[kind]}" for kind, address, _setting in _addresses(settings)]


def own_url(settings: "Settings") -> str:
    """Return what people put before a path."""
    from tokenrouter.jobs.listener_desk import declared_url

    return declared_url(settings)


def prepare_tls(settings: "Settings") -> list[str]:
    """See to it that there is a certificate, and return what is told of it; without one, the start ends in words."""
    if not settings.tls.enabled:
        return []
    from tokenrouter.tls.pair import BadCertificate, day
    from tokenrouter.tls.prepare import certificate_file, prepare_certificate

    try:
        prepared = prepare_certificate(settings)
    except BadCertificate as error:
        fail(f"HTTPS cannot be served: {error}", code=2)
    except OSError as error:
        fail(f"HTTPS cannot be served: {error.filename}: {error.strerror}", code=2)
    facts = prepared.facts
    if settings.tls.mode == "letsencrypt" and prepared.mode != "letsencrypt":
        wanted = ", ".join(settings.tls.domains)
        return [f"a certificate for {wanted} is ordered now; until it is there, one of our own is served"]
    lines = [f"certificate for {', '.join(facts.names[:4]) or 'nobody'}, until {day(facts.not_after_s)}"]
    if prepared.mode == "self_signed":
        lines += [
            f"its SHA-256 fingerprint: {facts.fingerprint}",
            f"clients trust it with SSL_CERT_FILE={certificate_file(prepared)}",
        ]
    return [*lines, *(f"note: tls: {warning}" for warning in facts.warnings)]


def own_certificate(settings: "Settings") -> str:
    """Return the file that clients have to trust where we have made the certificate ourselves, else ""."""
    if not settings.tls.enabled or settings.tls.mode != "self_signed":
        return ""
    from tokenrouter.tls.folder import kept_file

    return str(kept_file(settings, "self_signed").with_suffix(".crt"))


def _addresses(settings: "Settings") -> list[tuple[str, str, str]]:
    """Return kind, address and setting of each listener."""
    plain = "redirect" if settings.http_mode == "redirect" else "http"
    found = [(plain, settings.listen_addr, _PLAIN)] if settings.http_mode != "disabled" else []
    if settings.tls.enabled:
        found.insert(0, ("tls", settings.tls.listen_addr, "tls.listen_addr"))
    if settings.tls.enabled and settings.tls.redirect_addr:
        found.append(("redirect", settings.tls.redirect_addr, "tls.redirect_addr"))
    return found
