"""The table of cells: each fault, asked for in each client's dialect at a provider of each, whole and streamed.

All are asked at one time, before the first test looks at one of them, because most of their time is waiting. Each has a
model of its own at its provider (by the number after the `@`), so that the health of one says nothing of another.
"""

import itertools
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from tests.e2e.hostile.asking import CLIENTS, Answered, Asker, Client, said
from tests.e2e.matrix.conftest import PRICES, PROVIDERS
from tests.e2e.routing.faults import FAULTS, Fate

QUIET_S = 2.0
"""How long a provider may be silent that is asked for nothing but silence."""
ASKERS = 48
"""So many at a time: more than wait for a time limit to pass."""
FRAMES = 6
"""Least frames of content before a fault in the middle; some dialects' first ones only say that a part begins."""
FALLBACKS = dict(zip(PROVIDERS, [*list(PROVIDERS)[1:], "chat"], strict=True))
"""Where a request goes when the provider fails: to one of another dialect than that provider's."""


@dataclass(frozen=True)
class Cell:
    """One fault of one provider, met by one client."""

    fault: str
    client: Client
    provider: str
    stream: bool

    def __str__(self) -> str:
        return f"{self.fault}-{self.client}-at-{self.provider}-{'stream' if self.stream else 'whole'}"

    @property
    def model(self) -> str:
        """The alias to ask for."""
        number = FRAMES + 2 * CLIENTS.index(self.client) + self.stream
        argument = number / 100 if self.fault == "slow-first-byte" else number
        quiet = "quiet-" if FAULTS[self.fault].is_quiet else ""
        return f"{quiet}{self.provider}-{self.fault}@{argument:g}"

    @property
    def fate(self) -> Fate:
        """What is to become of it."""
        if self.fault == "malformed-chunk" and self.stream and self.client == self.provider:
            return Fate(("passed",))
        return FAULTS[self.fault].fate(stream=self.stream)


CELLS = [Cell(*parts) for parts in itertools.product(FAULTS, CLIENTS, PROVIDERS, (False, True))]


def configuration(root: str) -> str:
    """Return the text of a configuration whose providers and aliases the cells name; `root` is the sandbox's."""
    return "".join(_tables(root))


def _tables(root: str) -> Iterator[str]:
    for name, lines in PROVIDERS.items():
        for quiet, limits in (("", ""), ("quiet-", _time_limits())):
            full = quiet + name
            yield f'[[providers]]\nname = "{full}"\napi_key = "k"\n{lines.format(root=root)}\n{limits}'
            yield PRICES.format(name=full)
            yield f'[[aliases]]\nname = "{full}-*"\ntargets = ["{full}/fault/*"]\n'
            yield f'fallback = "{FALLBACKS[name]}/lorem-20"\n'


def _time_limits() -> str:
    return f"timeouts = {{ first_byte_s = {QUIET_S}, between_bytes_s = {QUIET_S} }}\n"


def ask_all(address: str, key: str, cells: Sequence[Cell]) -> dict[Cell, Answered]:
    """Ask for each of `cells` and return the answers; each thread has a connection of its own."""
    own = threading.local()
    with ExitStack() as open_ones:

        def ask(cell: Cell) -> Answered:
            if not hasattr(own, "asker"):
                own.asker = Asker(address, key)
                open_ones.callback(own.asker.close)
            asker: Asker = own.asker
            return asker.send(cell.client, _body(cell), cell.model, stream=cell.stream)

        with ThreadPoolExecutor(ASKERS) as askers:
            return dict(zip(cells, askers.map(ask, cells), strict=True))


def _body(cell: Cell) -> str:
    body = said(cell.client, cell.model, stream=cell.stream)
    if cell.client == "chat" and cell.stream:
        body["stream_options"] = {"include_usage": True}
    return json.dumps(body)
