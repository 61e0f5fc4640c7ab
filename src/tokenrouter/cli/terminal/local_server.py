"""The server of this machine, as its own files tell: where it listens, and which key could be used.

Whoever runs `torod` and `toro` on one machine should not copy an address and a key from one file into another. Only
what this user may read is looked at, and nothing is checked here: `torod config check` does that.
"""

import os
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any, Final

from tokenrouter.cli.client_errors import ClientMistake

ROLES: Final = ("admin", "keymaster", "inferrer")
"""The best first."""
FIRST_START_FILE: Final = "first-start.txt"
"""Where `torod serve` leaves the first key when no terminal showed it."""
FIRST_KEY: Final = "first"
"""What that key is called."""
SELF_SIGNED_FILE: Final = "tls/self_signed.crt"
"""Where the server keeps a certificate of its own making, below its state folder."""
USUAL_ADDRESS: Final = "127.0.0.1:8080"
USUAL_TLS_ADDRESS: Final = ":443"


@dataclass(frozen=True, slots=True)
class LocalServer:
    """What was found; `file` is where, "" for what was not."""

    file: str = ""
    url: str = ""
    key: str = field(default="", repr=False)
    key_name: str = ""
    ca_file: str = ""


def find_local_server(config: str | None, environ: Mapping[str, str] = os.environ) -> LocalServer:
    """Return what `torod.toml` says, else what a first start without one has left; nothing is fine.

    Raises:
        ClientMistake: `config` names a file that cannot be read. One that nobody named is passed over.
    """
    from tokenrouter.config.paths import find_paths
    from tokenrouter.config.problems import ConfigErrors

    try:
        paths = find_paths(environ, config)
    except ConfigErrors as error:
        if config:
            raise ClientMistake(str(error.problems[0])) from None
        return LocalServer()
    first = _first_start(paths.state_dir / FIRST_START_FILE)
    if paths.config_file is None:
        return first
    try:
        told = tomllib.loads(paths.config_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if config:
            why = getattr(error, "strerror", None) or error
            raise ClientMistake(f"{paths.config_file}: cannot be read: {why}") from None
        return LocalServer()
    name, best = _best_key(told, _variables(paths.config_file, environ), time.time())
    if not best:
        name, best = first.key_name, first.key
    return LocalServer(
        str(paths.config_file), _address(told, environ), best, name, _own_certificate(told, paths.state_dir)
    )


def _first_start(path: Path) -> LocalServer:
    """Return what a first start has left: its key, and the address that its set-up link begins with."""
    try:
        said = dict(line.split(": ", 1) for line in path.read_text(encoding="utf-8").splitlines() if ": " in line)
    except (OSError, ValueError):
        return LocalServer()
    url = said.get("setup", "").partition("/admin/")[0]
    return LocalServer(str(path), url, said.get("key", ""), FIRST_KEY if said.get("key") else "")


def _variables(config_file: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment of the server: the file `.env` beside its configuration, and ours before that."""
    from tokenrouter.config.paths import read_dotenv

    try:
        return {**read_dotenv(config_file.with_name(".env")), **environ}
    except (OSError, ValueError):
        return environ


def _address(told: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """Return how a client on this machine reaches the server."""
    tls = told.get("tls")
    listens = environ.get("TOKENROUTER_LISTEN_ADDR") or told.get("listen_addr") or USUAL_ADDRESS
    if not isinstance(tls, dict) or not tls.get("enabled"):
        return f"http://{_host_and_port(str(listens), '80')}"
    domains = tls.get("domain")
    domain = domains[0] if isinstance(domains, list) and domains else domains
    address = _host_and_port(str(tls.get("listen_addr") or USUAL_TLS_ADDRESS), "443")
    if isinstance(domain, str) and domain:
        port = address.rpartition(":")[2] if ":" in address.rpartition("]")[2] else ""
        address = f"{domain}:{port}" if port else domain
    return f"https://{address}"


def _own_certificate(told: Mapping[str, Any], state_dir: Path) -> str:
    """Return the certificate that the server has made for itself, as far as this user may read it."""
    tls = told.get("tls")
    path = state_dir / SELF_SIGNED_FILE
    is_own = isinstance(tls, dict) and tls.get("enabled") is True and tls.get("mode") == "self_signed"
    return str(path) if is_own and os.access(path, os.R_OK) else ""


def _host_and_port(address: str, usual_port: str) -> str:
    """Return an address to listen on as one to ask: all addresses of a machine have loopback among them."""
    host, _, port = address.rpartition(":")
    if host in ("", "0.0.0.0", "*"):
        host = "127.0.0.1"
    elif host == "[::]":
        host = "[::1]"
    return host if port == usual_port else f"{host}:{port}"


def _best_key(told: Mapping[str, Any], environ: Mapping[str, str], now_s: float) -> tuple[str, str]:
    """Return name and key of the one that may do most and has not ended."""
    tables = told.get("incoming_tokens")
    found = [
        (ROLES.index(role), str(table.get("name", "")), key)
        for table in (tables if isinstance(tables, list) else [])
        if isinstance(table, dict)
        and (role := table.get("role") or "inferrer") in ROLES
        and not _is_past(table.get("expires_at"), now_s)
        and (key := _resolved(table.get("key"), environ))
    ]
    legacy = told.get("incoming_api_keys")
    found += [(2, "incoming_api_keys", key) for one in _texts(legacy) if (key := _resolved(one, environ))]
    if key := _resolved(told.get("admin_api_key"), environ):
        found.append((0, "admin_api_key", key))
    _, name, best = min(found, key=lambda one: one[0], default=(0, "", ""))
    return name, best


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _resolved(value: object, environ: Mapping[str, str]) -> str:
    """Return a secret, followed where it points to; "" where that cannot be read."""
    if not isinstance(value, str):
        return ""
    kind, _, name = value.partition(":")
    if kind == "env":
        return environ.get(name, "")
    if kind != "file":
        return value
    try:
        return Path(name).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError, RuntimeError):
        return ""


def _is_past(ends: object, now_s: float) -> bool:
    """Return whether a moment of the file is over; what is no moment is not looked at further."""
    if isinstance(ends, str):
        try:
            ends = datetime.fromisoformat(ends)
        except ValueError:
            return False
    if isinstance(ends, date) and not isinstance(ends, datetime):
        ends = datetime.combine(ends, clock_time.min)
    if not isinstance(ends, datetime):
        return False
    return ends.replace(tzinfo=ends.tzinfo or UTC).timestamp() <= now_s
