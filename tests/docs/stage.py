"""What the snippets of the documents take for granted: a gateway, its providers, people, keys and files.

The providers that the documents name are the sandbox under other names. What a snippet shows in place of something that
only a run knows (`tr_…`, `req_019f…`) is replaced by the real thing, and models by the sandbox's.
"""

import json
import re
import subprocess
import sys
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.docs.snippets import Snippet
from tokenrouter.testing.processes import Answer, GatewayProcess, wait_until

NAMES: Final = ("sandbox", "other", "third", "lab", "openai")
ADDRESS: Final = "127.0.0.1:8080"
TIMEOUT_S: Final = 60
MODELS: Final = (
    (r"(acme|lab|other|third)/(small|large)\b", r"\1/echo"),
    (r"openai/whisper-1", "openai/echo"),
)
QUESTION: Final = {"model": "acme/echo", "messages": [{"role": "user", "content": "Where is the bread?"}]}
ROSTER: Final = "Name,Email,Tokens\nJane Doe,jane@example.org,100000\nJohn Roe,john@example.org,100000\n"


def configuration(base_url: str) -> str:
    """Return the file of the gateway that all snippets ask."""
    providers = "".join(
        f'[[providers]]\nname = "{name}"\nprovider_type = "{"sandbox" if name == "sandbox" else "openai-compatible"}"\n'
        f'base_url = "{base_url}"\napi_key = "sandbox"\n'
        for name in NAMES
    )
    return f"""allow_private_providers = true
{providers}
[[teams]]
name = "physics"

[[incoming_tokens]]
name = "declared"
key = "tr_alice-0123456789-0123456789"

[[aliases]]
name = "shared"
targets = ["lab/echo", {{ target = "other/echo", profile = "home" }}]
"""


class Stage:
    """The gateway, with what the documents speak of."""

    def __init__(self, gateway: GatewayProcess, folder: Path) -> None:
        self.gateway = gateway
        self.folder = folder
        self._runs = 0
        self._begin()

    @property
    def next_folder(self) -> Path:
        """Where the next program will run."""
        return self.folder / str(self._runs)

    def environment(self) -> Mapping[str, str]:
        """Return what a shell has: keys under the names that the documents give them, and this project's programs."""
        ours = str(Path(sys.executable).parent)
        env = dict(self.gateway.home.env)
        env["PATH"] = f"{ours}:{env['PATH']}"
        said = {
            "TOKENROUTER_CONFIG": str(self.gateway.config_file),
            "TOKENROUTER_URL": self.gateway.origin,
            "TOKENROUTER_API_KEY": self.gateway.key,
        }
        secrets = {"ACME_KEY": "sandbox", "GROQ_KEY": "sandbox", "LAB_KEY": "sandbox"}
        return env | said | secrets | dict.fromkeys(("ADMIN_KEY", "KEY", "TOKENROUTER_KEY"), self.gateway.key)

    def real(self, snippet: Snippet) -> str:
        """Return a snippet's text with real addresses, keys and ids in it."""
        text = snippet.text.replace(ADDRESS, self.gateway.address).replace("http://localhost:8080", self.gateway.origin)
        for shown, tell in (("tr_…", self._key), ("req_019f…", self._request), ('"8c1f…"', self._etag)):
            if shown in text:
                text = text.replace(shown, tell())
        if "conv_41d8…" in text:
            text = text.replace("conv_41d8…", self._conversation())
        for pattern, model in MODELS:
            text = re.sub(pattern, model, text)
        return text

    def run(self, command: list[str], text: str = "") -> str:
        """Run a program to its end, in a folder of its own, and return what it said; its failure is the test's."""
        folder = self.next_folder
        self._runs += 1
        _furnish(folder)
        done = subprocess.run(
            command,
            input=text,
            cwd=folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def _begin(self) -> None:
        base_url = re.search(r'base_url = "(.*)"', self.gateway.config_file.read_text())
        assert base_url is not None
        acme = ["acme", "--type", "openai-compatible", "--base-url", base_url[1], "--api-key", "env:ACME_KEY"]
        self.run(["torod", "providers", "add", *acme])
        self.run(["torod", "keys", "create", "bob"])
        self.run(["torod", "conversations", "capture", "on", "global"])
        wait_until("the provider to count", lambda: self._ask().status == 200, TIMEOUT_S)

    def _ask(self) -> Answer:
        return self.gateway.call("POST", "/v1/chat/completions", json_body=QUESTION)

    def _key(self) -> str:
        return self.gateway.key

    def _request(self) -> str:
        return self._ask().headers["x-request-id"]

    def _etag(self) -> str:
        self.gateway.call("POST", "/api/v1/keys", json_body={"name": "alice"})
        return self.gateway.call("GET", "/api/v1/keys/alice").headers["etag"]

    def _conversation(self) -> str:
        def found() -> list[dict[str, str]]:
            rows: list[dict[str, str]] = self.gateway.call("GET", "/api/v1/conversations").json()["data"]
            return rows

        wait_until("a conversation to be kept", lambda: self._ask().status == 200 and bool(found()), TIMEOUT_S)
        return found()[0]["id"]


def _furnish(folder: Path) -> None:
    """Put the files there that the documents speak of."""
    folder.mkdir(exist_ok=True)
    (folder / "class.csv").write_text(ROSTER)
    (folder / "request.json").write_text(json.dumps(QUESTION | {"max_tokens": 100}))
    with wave.open(str(folder / "talk.mp3"), "wb") as talk:
        talk.setparams((1, 2, 8000, 0, "NONE", ""))
        talk.writeframes(bytes(16_000))
