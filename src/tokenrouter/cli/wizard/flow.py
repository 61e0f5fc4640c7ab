"""The order of the questions on a terminal. What flags or variables have answered is not asked again."""

import os
from collections.abc import Mapping
from typing import Any, Final

from tokenrouter.cli.wizard import asking
from tokenrouter.cli.wizard.answers import answer_mistake, is_public_name
from tokenrouter.cli.wizard.checks import address_problem, database_problem, name_problem, pem_problem, redis_problem
from tokenrouter.cli.wizard.provider_flow import ask_provider
from tokenrouter.config.load import split_address

DEFAULT_ADDRESS: Final = "127.0.0.1:8080"
_REACH: Final = {
    "machine": "This machine only",
    "network": "The local network",
    "proxy": "Those who come through a reverse proxy on this machine (nginx, Caddy, cloudflared)",
    "own": "An address of its own",
}
_TLS: Final = {
    "off": "Nobody: plain HTTP",
    "proxy": "A reverse proxy in front",
    "pem": "torod, with certificate files that I have (PEM)",
    "self_signed": "torod, with a certificate that it makes itself",
    "letsencrypt": "torod, with a free certificate of Let's Encrypt",
}
_ADMIN: Final = {
    "key": "With a key that is made now and shown once at the end",
    "link": "With a link that the first start prints, to make an account",
    "keep": "As it is: I have a way in",
}


def ask_all(said: Mapping[str, Any], standing: Mapping[str, Any], text: str, *, network: bool) -> dict[str, Any]:
    """Return `said` with everything that was still to be answered; `standing` are the answers of the file `text`.

    Raises:
        Stopped: no more questions are wanted.
    """
    answers = dict(said)
    _ask_address(answers, standing)
    _ask_tls(answers, standing, network=network)
    ask_provider(answers, text, os.environ, network=network)
    if "admin" not in answers:
        default = "keep" if text else "key"
        answers["admin"] = asking.choose("How does the administrator get in?", _ADMIN, default)
    _ask_more(answers, standing, network=network)
    return answers


def _ask_address(answers: dict[str, Any], standing: Mapping[str, Any]) -> None:
    if "listen_addr" in answers:
        return
    now = str(standing.get("listen_addr", DEFAULT_ADDRESS))
    host, port = split_address(now) or ("127.0.0.1", 8080)
    reach = asking.choose("Who should reach the gateway?", _REACH, _reach_of(host, standing))
    if reach == "own":
        answers["listen_addr"] = asking.ask_text("Address (host:port)", now, check=lambda one: _free(one, now))
        return
    at = "0.0.0.0" if reach == "network" else "127.0.0.1"
    chosen = asking.ask_text("Port", str(port), check=lambda one: _free(f"{at}:{one}", now))
    answers["listen_addr"] = f"{at}:{chosen}"
    if reach != "proxy":
        return
    if "trusted_proxies" not in answers:
        default = ", ".join(standing.get("trusted_proxies", ("127.0.0.1",)))
        answers["trusted_proxies"] = _ask_list("Addresses that the proxy comes from", default, "trusted_proxies")
    if "public_url" not in answers:
        label = "Address that clients use (https://ai.example.org/v1; empty if it is not known yet)"
        answers["public_url"] = _ask(label, "public_url", str(standing.get("public_url", "")))


def _reach_of(host: str, standing: Mapping[str, Any]) -> str:
    if standing.get("trusted_proxies"):
        return "proxy"
    return {"127.0.0.1": "machine", "0.0.0.0": "network"}.get(host, "own")


def _free(address: str, now: str) -> str:
    """Return what is wrong with an address; the one that is in the file already may be our own server's."""
    mistake = answer_mistake("listen_addr", address)
    return mistake or ("" if address == now and now != DEFAULT_ADDRESS else address_problem(address))


def _ask(message: str, name: str, default: str = "") -> str:
    return asking.ask_text(message, default, check=lambda one: answer_mistake(name, one))


def _ask_list(message: str, default: str, name: str) -> tuple[str, ...]:
    text = asking.ask_text(message, default, check=lambda one: answer_mistake(name, _listed(one)))
    return _listed(text)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace(",", " ").split() if part.strip())


def _ask_tls(answers: dict[str, Any], standing: Mapping[str, Any], *, network: bool) -> None:
    if "tls" not in answers:
        default = standing.get("tls") or ("proxy" if answers.get("trusted_proxies") else "off")
        answers["tls"] = asking.choose("Who speaks TLS (HTTPS)?", _TLS, default)
    mode = answers["tls"]
    if mode in ("off", "proxy"):
        return
    match mode:
        case "pem":
            _ask_pem(answers, standing)
        case "letsencrypt":
            _ask_letsencrypt(answers, standing, network=network)
        case _ if "tls_domain" not in answers:
            default = ", ".join(standing.get("tls_domain", ()))
            label = "Names besides this machine's own (empty for none)"
            answers["tls_domain"] = _ask_list(label, default, "tls_domain")
    if "tls_listen_addr" not in answers:
        usual = "0.0.0.0:443" if mode == "letsencrypt" or os.geteuid() == 0 else "0.0.0.0:8443"
        now = str(standing.get("tls_listen_addr", ""))
        label = "Address for HTTPS (host:port)"
        answers["tls_listen_addr"] = asking.ask_text(
            label, now or usual, check=lambda one: _tls_free(one, now, answers)
        )
    if mode == "letsencrypt" and "tls_redirect_addr" not in answers and not answers["listen_addr"].endswith(":80"):
        now = str(standing.get("tls_redirect_addr", ""))
        label = "Address for Let's Encrypt's question, which leads everybody else to HTTPS (empty for none)"
        answers["tls_redirect_addr"] = asking.ask_text(
            label, now or "0.0.0.0:80", check=lambda one: _tls_free(one, now, answers) if one else ""
        )
    if "tls_redirect" not in answers:
        label = f"Shall plain HTTP at {answers['listen_addr']} only lead to HTTPS?"
        answers["tls_redirect"] = asking.confirm(label, default=bool(standing.get("tls_redirect", False)))


def _tls_free(address: str, now: str, answers: Mapping[str, Any]) -> str:
    if mistake := answer_mistake("tls_listen_addr", address):
        return mistake
    if address in (answers.get("listen_addr"), answers.get("tls_listen_addr")):
        return f"{address} is taken by the listener before; each needs an address of its own"
    return "" if address == now else address_problem(address, everywhere=True)


def _ask_pem(answers: dict[str, Any], standing: Mapping[str, Any]) -> None:
    certificate = str(answers.get("tls_cert_file") or standing.get("tls_cert_file", ""))
    key = str(answers.get("tls_key_file") or standing.get("tls_key_file", ""))
    is_answered = "tls_cert_file" in answers and "tls_key_file" in answers
    while True:
        if not is_answered:
            certificate = asking.ask_text("File with the certificate and its chain (PEM)", certificate, check=_filled)
            key = asking.ask_text("File with its private key (PEM)", key, check=_filled)
        _, problem = pem_problem(certificate, key)
        if not problem:
            break
        asking.complain(problem)
        is_answered = False
    answers |= {"tls_cert_file": certificate, "tls_key_file": key}


def _filled(text: str) -> str:
    return "" if text else "write the path of the file"


def _ask_letsencrypt(answers: dict[str, Any], standing: Mapping[str, Any], *, network: bool) -> None:
    asking.tell("Let's Encrypt asks this machine a question from the internet, at port 80 or 443 of each name.")
    asking.tell("The names' DNS entries must lead here, and a router or firewall must let both ports through.")

    def check(text: str) -> str:
        names = _listed(text)
        if not names:
            return "write at least one name, like ai.example.org"
        if mistake := answer_mistake("tls_domain", names):
            return mistake
        for name in names:
            if not is_public_name(name):
                return f"{name!r} is no public name; Let's Encrypt cannot reach it"
        return next((problem for name in names if network and (problem := name_problem(name))), "")

    if "tls_domain" not in answers:
        default = ", ".join(standing.get("tls_domain", ()))
        answers["tls_domain"] = _listed(asking.ask_text("Name, or several with commas", default, check=check))
    if "tls_email" not in answers:
        label = "E-mail address for warnings about the certificate"
        default = str(standing.get("tls_email", ""))
        answers["tls_email"] = asking.ask_text(
            label, default, check=lambda one: answer_mistake("tls_email", one) if one else "write an address"
        )


def _ask_more(answers: dict[str, Any], standing: Mapping[str, Any], *, network: bool) -> None:
    left = [name for name in ("database_url", "redis_url") if name not in answers]
    if not left or not asking.confirm("More questions (database, Redis)?", default=False):
        return
    if "database_url" in left:
        label = "Database (postgresql://user:password@host/database; empty for a file of its own)"
        answers["database_url"] = asking.ask_text(
            label,
            str(standing.get("database_url", "")),
            check=lambda one: _url_problem("database_url", one, network=network),
        )
    if "redis_url" in left:
        label = "Redis or Valkey (redis://host:6379/0; empty for none)"
        answers["redis_url"] = asking.ask_text(
            label,
            str(standing.get("redis_url", "")),
            check=lambda one: _url_problem("redis_url", one, network=network),
        )


def _url_problem(name: str, url: str, *, network: bool) -> str:
    mistake = answer_mistake(name, url)
    if mistake or not url or not network:
        return mistake
    return database_problem(url) if name == "database_url" else redis_problem(url)
