"""Variables that let a program reach the server as `toro` does: by no proxy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.launch import Launch, Tool


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
        """Return the tool's launch, with what it needs to reach the server."""
        launch = self.tool.prepare(server, key, model, args, folder)
        return replace(launch, set_env={**past_proxies(server.url, self.environ), **launch.set_env})


def past_proxies(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that except the server from the proxies of `environ`; nothing where it names none."""
    if not any(name.lower() in ("http_proxy", "https_proxy", "all_proxy") for name in environ):
        return {}
    host = urlsplit(url).hostname or ""
    named = (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(",")
    excepted = ",".join(dict.fromkeys([name.strip() for name in named if name.strip()] + [host]))
    return {"NO_PROXY": excepted, "no_proxy": excepted}
