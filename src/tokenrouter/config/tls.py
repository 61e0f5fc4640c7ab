"""Reading `[tls]` and `http_mode`: whether HTTPS is served, with whose certificate, and what plain HTTP is then for.

The names are TokenRouter-Go's, so that its files are read as they are. Its `http_mode = "when_required"` is our
`redirect`: plain HTTP for the challenges of a certificate authority, and for whoever has to be told the right address.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final, cast, get_args

from tokenrouter.config.alerts import Resolve
from tokenrouter.config.settings import AcmeChallenge, HttpMode, TlsMode, TlsSettings
from tokenrouter.config.table import Table
from tokenrouter.providers.urls import split_base_url

HTTP_MODES: Final = ("enabled", "redirect", "when_required", "disabled")
_NAME: Final = re.compile(
    r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.A
)

IsAddress = Callable[[str], object]
"""Whether a text is `host:port`."""


def read_tls(top: Table, resolve: Resolve, is_address: IsAddress) -> TlsSettings:
    """Return how HTTPS is served; what is missing is a mistake only where it is."""
    table, usual = top.table("tls"), TlsSettings()
    enabled = table.flag("enabled", False)
    read = TlsSettings(
        enabled=enabled,
        mode=cast(TlsMode, table.choice("mode", get_args(TlsMode), usual.mode)),
        listen_addr=_address(table, "listen_addr", usual.listen_addr, is_address),
        redirect_addr=_address(table, "redirect_addr", "", is_address),
        domains=_domains(table),
        email=table.text("email"),
        cache_dir=table.text("cache_dir"),
        cert_pem=resolve(table, "cert_pem"),
        key_pem=resolve(table, "key_pem"),
        cert_file=table.text("cert_file"),
        key_file=table.text("key_file"),
        acme_directory_url=_directory_url(table),
        acme_ca_file=table.text("acme_ca_file"),
        acme_accept_terms=table.flag("acme_accept_terms", usual.acme_accept_terms),
        acme_eab_kid=table.text("acme_eab_kid"),
        acme_eab_hmac_key=resolve(table, "acme_eab_hmac_key"),
        acme_profile=table.text("acme_profile"),
        challenge=cast(AcmeChallenge, table.choice("challenge", get_args(AcmeChallenge), usual.challenge)),
        hsts_max_age_s=table.count("hsts_max_age_s", 0, most=10 * 366 * 86_400),
    )
    if enabled:
        _check(read, table)
    table.finish()
    return read


def read_http_mode(top: Table, tls: TlsSettings) -> HttpMode:
    """Return what plain HTTP is for; without HTTPS it is for everything."""
    mode = top.choice("http_mode", HTTP_MODES, "enabled")
    if not tls.enabled:
        if mode == "disabled":
            top.problem("http_mode", "'disabled' leaves nothing to listen at", 'switch [tls] on, or use "enabled"')
        return "enabled"
    return cast(HttpMode, "redirect" if mode == "when_required" else mode)


def check_addresses(top: Table, tls: TlsSettings, http_mode: HttpMode, listen_addr: str) -> None:
    """Note where two listeners want the same address; port 0 is chosen anew for each."""
    wanted = [("tls.listen_addr", tls.listen_addr)]
    if http_mode != "disabled":
        wanted.append(("listen_addr", listen_addr))
    if tls.redirect_addr:
        wanted.append(("tls.redirect_addr", tls.redirect_addr))
    if tls.enabled and tls.mode == "letsencrypt" and tls.challenge == "http-01" and len(wanted) == 1:
        hint = 'set redirect_addr = ":80" in [tls], or challenge = "tls-alpn-01"'
        top.problem("tls.challenge", "'http-01' is answered by plain HTTP, which is served nowhere", hint)
    seen: dict[str, str] = {}
    for name, address in wanted if tls.enabled else ():
        if address in seen and not address.endswith(":0"):
            told = f"{address!r} is the address of {seen[address]} already; HTTP and HTTPS need one each"
            top.problem(name, told)
        seen[address] = name


def _check(tls: TlsSettings, table: Table) -> None:
    match tls.mode:
        case "letsencrypt":
            _check_names(tls, table)
        case "pem":
            _check_pair(tls, table)
        case "self_signed":
            pass


def _check_names(tls: TlsSettings, table: Table) -> None:
    if not tls.domains:
        hint = 'the name by which the gateway is reached, like "ai.example.com", or use mode = "self_signed"'
        table.problem("domain", "is missing: a certificate authority vouches for names", hint)
    if bool(tls.acme_eab_kid) != bool(tls.acme_eab_hmac_key):
        missing = "acme_eab_hmac_key" if tls.acme_eab_kid else "acme_eab_kid"
        table.problem(missing, "is missing: an account has a name and a key")
    for name in tls.domains:
        if name.startswith("*."):
            hint = 'name each host, or have somebody else get the certificate, and use mode = "pem"'
            table.problem(
                "domain", f"{name!r} is a wildcard, which takes dns-01; only http-01 and tls-alpn-01 are offered", hint
            )
            continue
        if _is_ip(name) or "." not in name:
            table.problem("domain", f"{name!r} is no name that a certificate authority can reach")


def _check_pair(tls: TlsSettings, table: Table) -> None:
    """A certificate and a key, both as files or both as text."""
    by_files, by_text = (tls.cert_file, tls.key_file), (tls.cert_pem, tls.key_pem)
    if any(by_files) and any(by_text):
        table.problem("cert_file", "stands beside cert_pem or key_pem; keep either the files or the texts")
    elif not any(by_files) and not any(by_text):
        table.problem("cert_file", "is missing", 'for instance cert_file = "/etc/ssl/gateway.pem", and key_file')
    else:
        names = ("cert_file", "key_file") if any(by_files) else ("cert_pem", "key_pem")
        for name, value in zip(names, by_files if any(by_files) else by_text, strict=True):
            if not value:
                table.problem(name, "is missing: a certificate needs its key, and a key its certificate")


def _domains(table: Table) -> tuple[str, ...]:
    """Return `domain` and `domains`, each once, in lower case."""
    named = [table.text("domain"), *table.texts("domains")]
    found = tuple(dict.fromkeys(name.strip().lower().rstrip(".") for name in named if name.strip()))
    for name in found:
        if not (_is_ip(name) or (_NAME.fullmatch(name) and len(name) <= 253)):
            table.problem("domain", f'{name!r} is no name of a host; write it like "ai.example.com"')
    return found


def _address(table: Table, name: str, usual: str, is_address: IsAddress) -> str:
    """Return `host:port`, or "" where there is none; an empty host is every address, as with TokenRouter-Go."""
    address = table.text(name, usual)
    if address and not is_address(address):
        table.problem(name, f"{address!r} is not host:port, like 0.0.0.0:443")
        return usual
    return f"0.0.0.0{address}" if address.startswith(":") else address


def _directory_url(table: Table) -> str:
    url = table.text("acme_directory_url")
    if url:
        try:
            split_base_url(url)
        except ValueError as error:
            table.problem("acme_directory_url", str(error).removeprefix("base_url "))
    return url


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
