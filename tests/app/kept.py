"""What counts on a node, with a database of its own, and what data processes are told of it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tokenrouter.app.arguments import ChildArguments
from tokenrouter.app.channel import ToData
from tokenrouter.app.kept_catalog import KeptCatalog
from tokenrouter.config.load import load
from tokenrouter.config.settings import Settings
from tokenrouter.observe.logging import ProcessLog
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.migrate import migrate
from tokenrouter.upstream.client import UpstreamClient

TEXT = """
discovery = false
[cache]
ttl_s = 60
[[providers]]
name = "acme"
base_url = "http://127.0.0.1:9/v1"
api_key = "sk-acme"
models = ["small"]
"""


@dataclass
class Node:
    """`taken` counts how often another configuration counted."""

    file: Path
    settings: Settings
    store: Store
    upstream: UpstreamClient
    told: list[ToData] = field(default_factory=list)
    taken: int = 0

    def count(self) -> None:
        """Another configuration counts."""
        self.taken += 1

    def kept(self) -> KeptCatalog:
        """Return what a control process would have that starts now."""
        process_log = ProcessLog("error", "json", "control")
        arguments = ChildArguments(runtime=self.file.parent)
        made = KeptCatalog(
            self.settings, arguments, self.store, process_log, self.upstream, self.told.append, self.count
        )
        made.take_keys()
        made.rebuild()
        return made


@contextmanager
def node(folder: Path) -> Iterator[Node]:
    """Give a node with `TEXT` as its file; the environment must name `folder` as its home for a reload."""
    file = folder / "torod.toml"
    file.write_text(TEXT)
    settings = load(config=None, environ={"TOKENROUTER_HOME": str(folder)})
    settings.paths.state_dir.mkdir(parents=True, exist_ok=True)
    migrate(url := f"sqlite:///{folder / 'kept.db'}")
    store, upstream = open_store(url), UpstreamClient(settings.proxies)
    yield Node(file, settings, store, upstream)
    store.close()
    upstream.close()


async def until(is_true: Callable[[], object]) -> None:
    """Wait until `is_true`."""
    async with asyncio.timeout(60):
        while not is_true():
            await asyncio.sleep(0.01)
