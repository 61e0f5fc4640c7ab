"""Variables that let a program reach the server as `toro` does: by no proxy, and trusting whom `ca_file` names."""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.launch import Launch, Tool

_ADDED: Final = ("NODE_EXTRA_CA_CERTS", "CODEX_CA_CERTIFICATE")
"""Authorities beside those that Node.js, Bun and Codex know by themselves."""
_INSTEAD: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Authorities in place of those that Python knows: it is all of them."""


@dataclass(frozen=True, slots=True)
class Reaching:
    """A tool that reaches the server, whatever stands in the environment of whoever starts it."""

    tool: Tool
    environ: Mapping[str, str]

    @property
    def name(self) -> str:
        """The tool's."""
        return self.tool.name

    def prepare(self, server: Server, key: str, model: str, args: Sequence[str], folder: Path) -> Launch:
        """Return the tool's launch, with what it needs to reach the server.

        Raises:
            click.ClickException: as the tool does, or a file cannot be read or written.
        """
        try:
            launch = self.tool.prepare(server, key, model, args, folder)
            reaching = past_proxies(server.url, self.environ)
            if server.ca_file:
                reaching |= trusting(Path(server.ca_file), self.environ, folder)
        except OSError as error:
            raise click.ClickException(f"{error.filename}: {error.strerror}") from None
        return replace(launch, set_env={**reaching, **launch.set_env})


def past_proxies(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that except the server from the proxies of `environ`; nothing where it names none."""
    if not any(name.lower() in ("http_proxy", "https_proxy", "all_proxy") for name in environ):
        return {}
    host = urlsplit(url).hostname or ""
    named = (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(",")
    excepted = ",".join(dict.fromkeys([name.strip() for name in named if name.strip()] + [host]))
    return {"NO_PROXY": excepted, "no_proxy": excepted}


def trusting(ca_file: Path, environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the variables that have a program trust `ca_file` too, with files in `folder` that they name."""
    usual = ssl.get_default_verify_paths().cafile
    told = {}
    for name in (*_ADDED, *_INSTEAD):
        before = environ.get(name) or (usual if name in _INSTEAD else None)
        file = folder / f"{name.lower()}.pem"
        file.write_bytes(b"\n".join(_read([before] if before else [], ca_file)))
        told[name] = str(file)
    return told


def _read(others: Iterable[str], ca_file: Path) -> Iterable[bytes]:
    yield ca_file.read_bytes()
    for other in others:
        if Path(other).is_file():
            yield Path(other).read_bytes()
