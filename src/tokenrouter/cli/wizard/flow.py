"""The order of the questions on a terminal. What flags or variables have answered is not asked again."""

import os
from collections.abc import Mapping
from typing import Any, Final

from tokenrouter.cli.wizard import asking
from tokenrouter.cli.wizard.answer_checks import answer_mistake
from tokenrouter.cli.wizard.asked_answers import ask_checked, ask_list
from tokenrouter.cli.wizard.checks import address_problem, database_problem, is_standing_port
from tokenrouter.cli.wizard.provider_flow import ask_provider
from tokenrouter.cli.wizard.redis_check import redis_problem
from tokenrouter.cli.wizard.tls_flow import ask_tls
from tokenrouter.cli.wizard.writing import DEFAULT_ADDRESS
from tokenrouter.config.load import split_address

_REACH: Final = {
    "machine": "This machine only",
    "network": "The local network",
    "proxy": "Those who come through a reverse proxy on this machine (nginx, Caddy, cloudflared)",
    "own": "An address of its own",
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
    ask_tls(answers, standing, network=network)
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
        answers["listen_addr"] = asking.ask_text("Address (host:port)", now, check=lambda one: _free(one, standing))
        return
    at = "0.0.0.0" if reach == "network" else "127.0.0.1"
    chosen = asking.ask_text("Port", str(port), check=lambda one: _free(f"{at}:{one}", standing))
    answers["listen_addr"] = f"{at}:{chosen}"
    if reach != "proxy":
        return
    if "trusted_proxies" not in answers:
        default = ", ".join(standing.get("trusted_proxies", ("127.0.0.1",)))
        answers["trusted_proxies"] = ask_list("Addresses that the proxy comes from", default, "trusted_proxies")
    if "public_url" not in answers:
        label = "Address that clients use (https://ai.example.org/v1; empty if it is not known yet)"
        answers["public_url"] = ask_checked(label, "public_url", str(standing.get("public_url", "")))


def _reach_of(host: str, standing: Mapping[str, Any]) -> str:
    if standing.get("trusted_proxies"):
        return "proxy"
    return {"127.0.0.1": "machine", "0.0.0.0": "network"}.get(host, "own")


def _free(address: str, standing: Mapping[str, Any]) -> str:
    """Return what is wrong with an address; at the port of the file our own server may be listening."""
    mistake = answer_mistake("listen_addr", address)
    return mistake or ("" if is_standing_port(address, standing) else address_problem(address))


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
