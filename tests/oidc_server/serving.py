"""A real OpenID provider as a process, and a browser that signs in at it."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import httpx2
import pytest

FOLDER: Final = Path(__file__).parent
CLIENT_ID: Final = "gateway"
CLIENT_SECRET: Final = "client-secret-0123456789-0123456789"
MAX_STEPS: Final = 12

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (FOLDER / "node_modules/oidc-provider").exists(),
    reason="node is not installed, or `make test` has not installed oidc-provider",
)


class NotSentBack(Exception):
    """The provider did not let somebody in."""


@dataclass(frozen=True)
class OidcServer:
    """The provider. `callback` is where it sends browsers back to."""

    issuer: str
    callback: str

    def know(self, people: Mapping[str, Mapping[str, Any]]) -> None:
        """Know exactly these people, by subject, with their claims."""
        httpx2.post(f"{self.issuer}/test/people", content=json.dumps(people)).raise_for_status()

    def change_keys(self) -> None:
        """Sign by a new key from now on; all sessions and codes are gone."""
        httpx2.post(f"{self.issuer}/test/keys").raise_for_status()

    def sign_in(self, way_there: str, name: str) -> str:
        """Do what a browser does for the person `name`, and return where it is sent in the end.

        Raises:
            NotSentBack: the provider keeps it.
        """
        with httpx2.Client(follow_redirects=False) as browser:
            url, answer = way_there, browser.get(way_there)
            for _ in range(MAX_STEPS):
                if answer.is_redirect:
                    url = urljoin(url, answer.headers["location"])
                    if url.startswith(self.callback):
                        return url
                    answer = browser.get(url)
                    continue
                if answer.status_code != 200:
                    raise NotSentBack(name)
                answer = browser.post(url, data={"prompt": "login", "login": name, "password": "any"})
        raise NotSentBack(name)


@contextmanager
def oidc_server(callback: str) -> Iterator[OidcServer]:
    """Yield a provider that runs."""
    with subprocess.Popen(
        ["node", "server.mjs", callback],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            issuer = process.stdout.readline().strip()
            assert issuer, "the OpenID provider did not start"
            yield OidcServer(issuer, callback)
        finally:
            process.terminate()
