"""Questions about routes that people ask in the control process, and a data process answers.

Only a data process knows what it would do at this moment: what is well, what is busy, what is used of the limits. So a
question goes there with the digest of the key that would ask, over the channel that nobody else has; whether somebody
may ask about that key was decided before.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

ANSWER_S: Final = 5.0
"""How long an answer is waited for: it takes milliseconds where somebody serves."""
MAX_OPEN: Final = 32
"""Most questions that are open at once; more are a mistake, and would only wait."""


@dataclass(frozen=True, slots=True)
class RouteQuestion:
    """A request as `POST /v1/route/explain` takes it, without a `key`; `digest` is of the key that would send it."""

    digest: bytes = field(repr=False)
    client_ip: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RouteAnswer:
    """The explanation as JSON, or the error that the request would get: its status, code and message."""

    told: bytes = b""
    status: int = 200
    code: str = ""
    message: str = ""


Explain = Callable[[RouteQuestion], Awaitable[RouteAnswer]]


class NobodyAnswers(Exception):
    """There is no data process that answers."""


async def nobody_answers_routes(_question: RouteQuestion) -> RouteAnswer:
    """Where there is no data process.

    Raises:
        NobodyAnswers: always.
    """
    raise NobodyAnswers


class Explanations:
    """Asks, and gives each answer to whoever waits for it. Used on one event loop alone."""

    def __init__(self, send: Callable[[int, RouteQuestion], bool], *, answer_s: float = ANSWER_S) -> None:
        """`send` passes a question on with its number, and returns whether there was anybody to pass it to."""
        self._send = send
        self._answer_s = answer_s
        self._open: dict[int, asyncio.Future[RouteAnswer]] = {}
        self._last = 0

    async def ask(self, question: RouteQuestion) -> RouteAnswer:
        """Return the answer.

        Raises:
            NobodyAnswers: nobody did in time, or too many wait already.
        """
        self._last += 1
        number = self._last
        if len(self._open) >= MAX_OPEN or not self._send(number, question):
            raise NobodyAnswers
        waiting: asyncio.Future[RouteAnswer] = asyncio.get_running_loop().create_future()
        self._open[number] = waiting
        try:
            async with asyncio.timeout(self._answer_s):
                return await waiting
        except TimeoutError:
            raise NobodyAnswers from None
        finally:
            del self._open[number]

    def take(self, number: int, answer: RouteAnswer) -> None:
        """Take the answer to the question of this number; nobody may wait for it any more."""
        waiting = self._open.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
