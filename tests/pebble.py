"""A real certificate authority for tests: Pebble, and its name server that leads every name to this machine.

Debian, Ubuntu: `apt install pebble`. Nothing is taken for granted by it: challenges are looked at over real sockets.
"""

import json
import os
import shutil
import signal
import ssl
import subprocess
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme

from tokenrouter.testing.processes import free_port, wait_until

PROGRAMS = ("pebble", "pebble-challtestsrv")


def is_installed() -> bool:
    """Whether there is a Pebble on this machine."""
    return all(map(shutil.which, PROGRAMS))


class Pebble:
    """One authority, which looks for http-01 at `http_port` and for tls-alpn-01 at `tls_port` instead of at 80 and 443.

    Attributes:
        ca_file: what to trust to speak with it; its certificates are another authority's, which `root` returns.
    """

    def __init__(
        self,
        folder: Path,
        *,
        http_port: int,
        tls_port: int,
        lifetime_s: int = 0,
        nonce_rejects: int = 0,
        hmac_keys: Mapping[str, str] | None = None,
    ) -> None:
        """`lifetime_s` of certificates, 0 for five years; `nonce_rejects` in percent; `hmac_keys`: who may register."""
        self._folder = folder
        self._ports = {name: free_port() for name in ("acme", "management", "dns", "dns_management")}
        ca = trustme.CA()
        self.ca_file = folder / "pebble-ca.pem"
        ca.cert_pem.write_to_path(str(self.ca_file))
        own = ca.issue_cert("127.0.0.1", "localhost")
        own.private_key_pem.write_to_path(str(folder / "pebble-key.pem"))
        own.cert_chain_pems[0].write_to_path(str(folder / "pebble-cert.pem"))
        config: dict[str, Any] = {
            "listenAddress": f"127.0.0.1:{self._ports['acme']}",
            "managementListenAddress": f"127.0.0.1:{self._ports['management']}",
            "certificate": str(folder / "pebble-cert.pem"),
            "privateKey": str(folder / "pebble-key.pem"),
            "httpPort": http_port,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": bool(hmac_keys),
            "externalAccountMACKeys": dict(hmac_keys or {}),
            "domainBlocklist": ["blocked.example"],
            "certificateValidityPeriod": lifetime_s,
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": config}))
        self._env = {
            "PATH": os.environ["PATH"],
            "PEBBLE_VA_NOSLEEP": "1",
            "PEBBLE_AUTHZREUSE": "0",
            "PEBBLE_WFE_NONCEREJECT": str(nonce_rejects),
        }
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def directory_url(self) -> str:
        return f"https://127.0.0.1:{self._ports['acme']}/dir"

    def log(self) -> str:
        """Return what the authority has said so far."""
        return (self._folder / "pebble.log").read_text(errors="replace")

    def root(self) -> str:
        """Return the certificate that its certificates are to be checked against, as PEM."""
        return self._get(f"https://127.0.0.1:{self._ports['management']}/roots/0").decode()

    def lead(self, name: str, address: str) -> None:
        """Have `name` lead to `address`, instead of to 127.0.0.1."""
        told = {"clear-a": {"host": f"{name}."}, "add-a": {"host": f"{name}.", "addresses": [address]}}
        for path, body in told.items():
            url = f"http://127.0.0.1:{self._ports['dns_management']}/{path}"
            urllib.request.urlopen(url, json.dumps(body).encode(), timeout=60).close()

    def start(self) -> None:
        """Start both programs; returns when they answer."""
        dns = f"127.0.0.1:{self._ports['dns']}"
        nowhere = [word for kind in ("http01", "https01", "tlsalpn01") for word in (f"-{kind}", "")]
        leading = ["-dns01", dns, "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]
        management = f"127.0.0.1:{self._ports['dns_management']}"
        self._run(["pebble-challtestsrv", *leading, "-management", management, *nowhere])
        self._run(["pebble", "-config", str(self._folder / "pebble.json"), "-dnsserver", dns, "-strict"])
        wait_until("Pebble answers", self._answers)

    def stop(self) -> None:
        """End both."""
        for program in self._running:
            program.send_signal(signal.SIGTERM)
        for program in self._running:
            with suppress(subprocess.TimeoutExpired):
                program.wait(60)
            program.kill()
            program.wait()
        self._running.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self, argv: list[str]) -> None:
        with (self._folder / f"{argv[0]}.log").open("ab") as log:
            self._running.append(
                subprocess.Popen(argv, env=self._env, stdout=log, stderr=log, cwd=self._folder, start_new_session=True)
            )

    def _answers(self) -> bool:
        with suppress(OSError):
            return bool(self._get(self.directory_url))
        return False

    def _get(self, url: str) -> bytes:
        trusting = ssl.create_default_context(cafile=str(self.ca_file))
        with urllib.request.urlopen(url, timeout=60, context=trusting) as answer:
            body: bytes = answer.read()
            return body
