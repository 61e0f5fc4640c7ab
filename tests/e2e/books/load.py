"""Clients that ask without a pause for all that the sandbox can do and fail to do, and write down what they got."""

import random
import threading
import time
from collections.abc import Sequence
from http.client import HTTPException

from tests.e2e.books.asking import DIALECTS, Seen, Wish, ask
from tokenrouter.testing.processes import GatewayProcess, wait_until

CLIENTS = 4
ANSWER_S = 60.0
PROVIDERS = ("chat", "messages", "gemini")
MODELS = ("lorem-40", "lorem-60@400", "lorem-120@800", "dense-90", "wide-50@500", "thinker", "thinker-open", "echo")
"""Fast and slow ones, with tokens of other sizes, and with reasoning that is hidden or shown."""
FAULTS = (
    "500",
    "503",
    "429",
    "400",
    "refuse",
    "cut",
    "clean-cut",
    "error-event",
    "error-midstream",
    "malformed-chunk",
    "bad-chunked",
    "no-usage",
    "usage-in-finish",
    "gzip",
    "not-json",
    "wrong-type",
    "slow-first-byte@0.2",
)
LONG = "The beginning that all of these prompts have in common, and that a cache may keep. " * 80
"""More tokens than the shortest prompt that is cached."""


class Load:
    """Clients that ask one or another of `nodes`, whatever happens to them, until told to stop.

    Attributes:
        seen: every request that was tried, the latest last.
    """

    def __init__(
        self,
        nodes: Sequence[GatewayProcess],
        keys: Sequence[str],
        *,
        clients: int = CLIENTS,
        faults: float = 0.15,
        leaves: float = 0.15,
    ) -> None:
        """`faults`, `leaves`: the share of requests that meet a fault, and whose client hangs up."""
        self._nodes = nodes
        self._keys = keys
        self._faults = faults
        self._leaves = leaves
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on, args=(number,)) for number in range(clients)]
        self.seen: list[Seen] = []

    @property
    def answered(self) -> int:
        """How many answers came whole."""
        return sum(one.whole for one in list(self.seen))

    def __enter__(self) -> "Load":
        """Begin, and return when answers come: limits are not known from the first moment on."""
        for thread in self._threads:
            thread.start()
        try:
            self.wait_for_an_answer()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_for_an_answer(self) -> None:
        """Return when one more answer has come whole."""
        before = self.answered
        wait_until("an answer", lambda: self.answered > before, ANSWER_S)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask_on(self, number: int) -> None:
        chance = random.Random(number)
        while not self._stop.is_set():
            seen = Seen(self._wish(chance))
            self.seen.append(seen)
            try:
                node, key = chance.choice(self._nodes), chance.choice(self._keys)
                ask(node.address, key, DIALECTS[chance.choice(list(DIALECTS))], seen.wish, seen)
            except (OSError, HTTPException):
                time.sleep(0.02)
            if seen.status not in (0, 200):
                time.sleep(0.05)

    def _wish(self, chance: random.Random) -> Wish:
        is_fault = chance.random() < self._faults
        model = f"fault/{chance.choice(FAULTS)}" if is_fault else chance.choice(MODELS)
        return Wish(
            model=f"{chance.choice(PROVIDERS)}/{model}",
            text="word " * chance.randint(1, 60),
            system=LONG if chance.random() < 0.2 else "",
            stream=chance.random() < 0.6,
            max_tokens=chance.choice((30, 500, 2000)),
            leaves_after=chance.randint(0, 25) if chance.random() < self._leaves else None,
        )
