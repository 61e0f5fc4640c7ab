"""The questions about TLS: who speaks it, with whose certificate, at which address."""

import os
from collections.abc import Mapping
from typing import Any, Final

from tokenrouter.cli.wizard import asking
from tokenrouter.cli.wizard.answer_checks import answer_mistake
from tokenrouter.cli.wizard.answers import is_public_name
from tokenrouter.cli.wizard.asked_answers import ask_checked, ask_list, listed
from tokenrouter.cli.wizard.checks import address_problem, is_standing_port, name_problem, pem_problem
from tokenrouter.cli.wizard.questions import TERMS_URL

_TLS: Final = {
    "off": "Nobody: plain HTTP",
    "proxy": "A reverse proxy in front",
    "pem": "torod, with certificate files that I have (PEM)",
    "self_signed": "torod, with a certificate that it makes itself",
    "letsencrypt": "torod, with a free certificate of Let's Encrypt",
}


def ask_tls(answers: dict[str, Any], standing: Mapping[str, Any], *, network: bool) -> None:
    """Ask who speaks TLS, and what it takes."""
    while "tls" not in answers:
        default = standing.get("tls") or ("proxy" if answers.get("trusted_proxies") else "off")
        chosen = asking.choose("Who speaks TLS (HTTPS)?", _TLS, default)
        if chosen != "letsencrypt" or _accepts_terms(answers, standing):
            answers["tls"] = chosen
    match answers["tls"]:
        case "off" | "proxy":
            return
        case "pem":
            _ask_pem(answers, standing)
        case "letsencrypt":
            _ask_letsencrypt(answers, standing, network=network)
        case _ if "tls_domain" not in answers:
            default = ", ".join(standing.get("tls_domain", ()))
            answers["tls_domain"] = ask_list("Names besides this machine's own (empty for none)", default, "tls_domain")
    _ask_addresses(answers, standing)


def _accepts_terms(answers: dict[str, Any], standing: Mapping[str, Any]) -> bool:
    """Ask for what Let's Encrypt gives no certificate without."""
    if "tls_accept_terms" not in answers:
        label = f"Do you accept Let's Encrypt's terms of service ({TERMS_URL})?"
        if not asking.confirm(label, default=bool(standing.get("tls_accept_terms", False))):
            asking.complain("Without them there is no certificate of theirs; choose another way.")
            return False
        answers["tls_accept_terms"] = True
    return bool(answers["tls_accept_terms"])


def _ask_pem(answers: dict[str, Any], standing: Mapping[str, Any]) -> None:
    certificate = str(answers.get("tls_cert_file") or standing.get("tls_cert_file", ""))
    key = str(answers.get("tls_key_file") or standing.get("tls_key_file", ""))
    is_answered = "tls_cert_file" in answers and "tls_key_file" in answers
    while True:
        if not is_answered:
            label = "File with the certificate and its chain (PEM)"
            certificate = ask_checked(label, "tls_cert_file", certificate, is_needed=True)
            key = ask_checked("File with its private key (PEM)", "tls_key_file", key, is_needed=True)
        _, problem = pem_problem(certificate, key)
        if not problem:
            break
        asking.complain(problem)
        is_answered = False
    answers |= {"tls_cert_file": certificate, "tls_key_file": key}


def _ask_letsencrypt(answers: dict[str, Any], standing: Mapping[str, Any], *, network: bool) -> None:
    asking.tell("Let's Encrypt asks this machine a question from the internet, at port 80 or 443 of each name.")
    asking.tell("The names' DNS entries must lead here, and a router or firewall must let both ports through.")
    if "tls_domain" not in answers:
        default = ", ".join(standing.get("tls_domain", ()))
        text = asking.ask_text(
            "Name, or several with commas", default, check=lambda one: _names_mistake(listed(one), network=network)
        )
        answers["tls_domain"] = listed(text)
    if "tls_email" not in answers:
        default = str(standing.get("tls_email", ""))
        label = "E-mail address for warnings about the certificate"
        answers["tls_email"] = ask_checked(label, "tls_email", default, is_needed=True)


def _names_mistake(names: tuple[str, ...], *, network: bool) -> str:
    if not names:
        return "write at least one name, like ai.example.org"
    if mistake := answer_mistake("tls_domain", names):
        return mistake
    for name in names:
        if not is_public_name(name):
            return f"{name!r} is no public name; Let's Encrypt cannot reach it"
    return next((problem for name in names if network and (problem := name_problem(name))), "")


def _ask_addresses(answers: dict[str, Any], standing: Mapping[str, Any]) -> None:
    is_public = answers["tls"] == "letsencrypt"
    if "tls_listen_addr" not in answers:
        usual = "0.0.0.0:443" if is_public or os.geteuid() == 0 else "0.0.0.0:8443"
        answers["tls_listen_addr"] = _ask_address(
            "Address for HTTPS (host:port)", "tls_listen_addr", usual, answers, standing
        )
    if is_public and "tls_redirect_addr" not in answers and not answers["listen_addr"].endswith(":80"):
        label = "Address for Let's Encrypt's question, which leads everybody else to HTTPS (empty for none)"
        answers["tls_redirect_addr"] = _ask_address(label, "tls_redirect_addr", "0.0.0.0:80", answers, standing)
    if "tls_redirect" not in answers:
        label = f"Shall plain HTTP at {answers['listen_addr']} only lead to HTTPS?"
        answers["tls_redirect"] = asking.confirm(label, default=bool(standing.get("tls_redirect", False)))


def _ask_address(message: str, name: str, usual: str, answers: Mapping[str, Any], standing: Mapping[str, Any]) -> str:
    now = str(standing.get(name, ""))

    def check(address: str) -> str:
        if not address and name == "tls_redirect_addr":
            return ""
        if mistake := answer_mistake("listen_addr", address):
            return mistake
        if address in (answers.get("listen_addr"), answers.get("tls_listen_addr")):
            return f"{address} is taken by the listener before; each needs an address of its own"
        return "" if is_standing_port(address, standing, name) else address_problem(address, everywhere=True)

    return asking.ask_text(message, now or usual, check=check)
