"""The configurations in docs/reverse-proxies.md, run by the real programs in front of a real gateway.

A provider that says a few words and then stands still shows whether something on the way holds them back.
"""

import http.client
import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.conftest import StartGateway
from tests.repo.files import ROOT
from tokenrouter.testing.processes import GatewayProcess, ServerProcess, call, free_port, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("reverse proxies")]

NAME = "llm.example.org"
KEY = "tr_bound-to-an-address-of-its-own"
TEXT = (ROOT / "docs/reverse-proxies.md").read_text()


def block(language: str) -> str:
    """Return the one block of this language in the document."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


class Proxy(ServerProcess):
    """A reverse proxy in the foreground, on a port with TLS."""

    def __init__(self, argv: list[str], port: int, folder: Path) -> None:
        self.port = port
        env = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}
        super().__init__(argv, env=env, log_file=folder / "proxy.log")

    def is_ready(self) -> bool:
        try:
            return self.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        source: str = "127.0.0.1",
        raw: bytes | None = None,
    ) -> http.client.HTTPResponse:
        """Send a request from an address of this machine; the answer's body is still to be read."""
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=60, context=unchecked, source_address=(source, 0)
        )
        connection.connect()
        sent = {"host": NAME, "connection": "close", "content-type": "application/json", **(headers or {})}
        connection.request(method, path, body=raw if body is None else json.dumps(body), headers=sent)
        return connection.getresponse()


def nginx(upstream: str, port: int, folder: Path) -> list[str]:
    """Return the command that runs the document's nginx, with a certificate that is there and this port."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or pytest.skip(
        "nginx is not installed here"
    )
    certificate = trustme.CA().issue_cert(NAME)
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "cert.key")
    text = (
        block("nginx").replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;").replace("127.0.0.1:8080", upstream)
    )
    text = text.replace(f"/etc/ssl/{NAME}.pem", str(folder / "cert.pem")).replace(
        f"/etc/ssl/{NAME}.key", str(folder / "cert.key")
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; error_log stderr; pid {folder}/nginx.pid;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{text}}}\n"
    )
    return [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]


def caddy(upstream: str, port: int, folder: Path) -> list[str]:
    """Return the command that runs the document's Caddy; its certificate is one of its own making."""
    program = shutil.which("caddy") or pytest.skip("caddy is not installed here (Debian, Ubuntu: apt install caddy)")
    text = block("caddyfile").replace("127.0.0.1:8080", upstream)
    text = text.replace(f"{NAME} {{", f"https://{NAME}:{port}, https://127.0.0.1:{port} {{\n\ttls internal", 1)
    own = (
        "admin off",
        "auto_https disable_redirects",
        "skip_install_trust",
        "grace_period 1s",
        "default_sni 127.0.0.1",
    )
    options = "".join(("{\n", *(f"\t{one}\n" for one in own), "}\n"))
    (folder / "Caddyfile").write_text(options + text)
    return [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture
def behind(gateway: StartGateway) -> GatewayProcess:
    """A gateway that trusts a proxy beside it, and a key that may be used from 127.0.0.2 only."""
    config = f"""
trusted_proxies = ["127.0.0.1"]

[[incoming_tokens]]
name = "bound"
role = "inferrer"
key = "{KEY}"
allowed_ips = ["127.0.0.2"]
"""
    return gateway(config, args=["--sandbox"])


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, behind: GatewayProcess, tmp_path: Path) -> Iterator[Proxy]:
    port = free_port()
    argv = {"nginx": nginx, "caddy": caddy}[request.param](behind.address, port, tmp_path)
    with Proxy(argv, port, tmp_path) as running:
        yield running


def test_streams_arrive_in_pieces_large_requests_whole_and_clients_as_themselves(
    proxy: Proxy, behind: GatewayProcess
) -> None:
    authorized = {"authorization": f"Bearer {behind.key}"}
    question = {"model": "sandbox/fault/stall", "stream": True, "messages": [{"role": "user", "content": "Speak!"}]}

    stalled = proxy.ask("POST", "/v1/chat/completions", question, authorized)
    first = stalled.readline()
    large = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x" * 5_000_000}]}
    whole = proxy.ask("POST", "/v1/chat/completions", large, authorized)
    bound = {"authorization": f"Bearer {KEY}"}
    small = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello!"}]}
    there = proxy.ask("POST", "/v1/chat/completions", small, bound, source="127.0.0.2")
    elsewhere = proxy.ask("POST", "/v1/chat/completions", small, bound, source="127.0.0.3")
    forged = {**bound, "x-forwarded-for": "127.0.0.2"}
    lying = proxy.ask("POST", "/v1/chat/completions", small, forged, source="127.0.0.3")

    assert first.startswith(b"data: "), "nothing on the way waits for the end"
    assert (whole.status, len(whole.read()) > 5_000_000) == (200, True)
    assert (there.status, elsewhere.status, lying.status) == (200, 403, 403), elsewhere.read()
    stalled.close()


def test_the_pages_know_that_they_are_reached_by_tls(proxy: Proxy, behind: GatewayProcess) -> None:
    wait_until("the pages", lambda: call(behind.origin, "GET", "/admin/login").status == 200)

    form = f"secret={behind.key}".encode()
    sent = {"content-type": "application/x-www-form-urlencoded", "origin": f"https://{NAME}"}
    signed_in = proxy.ask("POST", "/admin/login", headers=sent, raw=form)

    assert signed_in.status in {200, 302, 303}, signed_in.read()
    assert "secure" in (signed_in.headers["set-cookie"] or "").lower(), "a cookie for https alone"


def test_the_configuration_of_the_compose_file_is_one_that_caddy_takes(tmp_path: Path) -> None:
    program = shutil.which("caddy") or pytest.skip("caddy is not installed here (Debian, Ubuntu: apt install caddy)")
    file = ROOT / "deploy/compose/Caddyfile"

    taken = subprocess.run(
        [program, "validate", "--config", file, "--adapter", "caddyfile"],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert taken.returncode == 0, taken.stderr
