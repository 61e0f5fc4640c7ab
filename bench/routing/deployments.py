"""Providers that slow down, fail and recover, by a plan and a seed.

Each has places for so many requests; whoever finds them taken waits. How long an answer takes is drawn from a
log-normal distribution, and one in a hundred takes far longer, as happens to real providers (the tail that hedging is
for). What a deployment does wrong, and when, is a list of troubles.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from tokenrouter.domain.errors import GatewayError, ProviderTimeout, ProviderUnreachable

FIRST_BYTE_S: Final = 10.0
"""The gateway's bound on silence here."""
STRAGGLERS: Final = 0.01
STRAGGLER_FACTOR: Final = 8.0
SPREAD: Final = 0.35
"""Sigma of the logarithm of answer times."""
REST_OF_ANSWER: Final = 1.5
"""How long the rest of a stream takes, in times of what its first token took."""
ROUND_TRIP_S: Final = 0.02
CONTENT: Final = b'data: {"choices":[{"index":0,"delta":{"content":"some words"}}]}\n\n'
LAST: Final = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":50,"completion_tokens":100,"total_tokens":150}}\n\n'
    b"data: [DONE]\n\n"
)

Kind = Literal["slow", "errors", "away", "silent", "full"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong from `begin_s` to `end_s`, with `share` of the requests; slow ones take `factor` times longer."""

    kind: Kind
    begin_s: float
    end_s: float
    share: float = 1.0
    factor: float = 1.0


@dataclass(slots=True)
class Deployment:
    """One provider.

    Attributes:
        first_token_s: median time to the first token, when nobody waits.
        asked: requests that it got.
        worked: those that it made an answer for, so that it would send a bill.
    """

    name: str
    first_token_s: float
    places: int
    price: tuple[int, int]
    troubles: tuple[Trouble, ...] = ()
    asked: int = 0
    worked: int = 0
    _gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.places)

    async def answer(self, draw: random.Random, now_s: float) -> "SimulatedStream":
        """Return the answer as it begins.

        Raises:
            ProviderUnreachable, ProviderTimeout: as its troubles say.
        """
        self.asked += 1
        trouble = self._trouble(draw, now_s)
        await asyncio.sleep(ROUND_TRIP_S)
        if trouble is not None and trouble.kind != "slow":
            return await self._fail(trouble)
        factor = 1.0 if trouble is None else trouble.factor
        if draw.random() < STRAGGLERS:
            factor *= STRAGGLER_FACTOR
        first_s = self.first_token_s * draw.lognormvariate(0.0, SPREAD) * factor
        return await self._work(first_s)

    async def _work(self, first_s: float) -> "SimulatedStream":
        begun_s = asyncio.get_running_loop().time()
        left_s = FIRST_BYTE_S
        try:
            await asyncio.wait_for(self._gate.acquire(), left_s)
        except TimeoutError:
            raise self._silence() from None
        left_s -= asyncio.get_running_loop().time() - begun_s
        self.worked += 1
        try:
            await asyncio.sleep(min(first_s, left_s))
        except asyncio.CancelledError:
            self._gate.release()
            raise
        if first_s > left_s:
            self._gate.release()
            raise self._silence()
        return SimulatedStream(200, b"text/event-stream", first_s * REST_OF_ANSWER, self._gate.release)

    async def _fail(self, trouble: Trouble) -> "SimulatedStream":
        if trouble.kind == "away":
            raise ProviderUnreachable(f"{self.name} is away", provider=self.name)
        if trouble.kind == "silent":
            await asyncio.sleep(FIRST_BYTE_S)
            raise self._silence()
        if trouble.kind == "full":
            return SimulatedStream(429, b"application/json", 0.0, None, retry_after_s=20)
        return SimulatedStream(503, b"application/json", 0.0, None)

    def _trouble(self, draw: random.Random, now_s: float) -> Trouble | None:
        now = (one for one in self.troubles if one.begin_s <= now_s < one.end_s)
        return next((one for one in now if draw.random() < one.share), None)

    def _silence(self) -> ProviderTimeout:
        return ProviderTimeout(f"{self.name} says nothing", provider=self.name, phase="first_byte")


class SimulatedStream:
    """One answer: its first token at once, the rest after a while."""

    def __init__(
        self,
        status: int,
        kind: bytes,
        rest_s: float,
        release: Callable[[], None] | None,
        *,
        retry_after_s: int | None = None,
    ) -> None:
        self.status = status
        self.headers = {b"content-type": kind}
        if retry_after_s is not None:
            self.headers[b"retry-after"] = b"%d" % retry_after_s
        self.complete = status >= 300
        self._rest_s = rest_s
        self._rest: asyncio.Future[None] | None = None
        self._release = release

    def take(self) -> bytes:
        """Return the body of a refusal."""
        return b'{"error":{"message":"not now","type":"server_error"}}' if self.status >= 300 else b""

    async def pump(self, sink: Callable[[bytes], None]) -> None:
        """Deliver the stream."""
        sink(CONTENT)
        loop = asyncio.get_running_loop()
        self._rest = loop.create_future()
        timer = loop.call_later(self._rest_s, self._rest.set_result, None)
        try:
            await self._rest
        finally:
            timer.cancel()
        sink(LAST)
        self.complete = True

    def fail(self, error: GatewayError) -> None:
        """End the stream with `error`, if it has not come to its end."""
        if self._rest is not None and not self._rest.done():
            self._rest.set_exception(error)

    def lift_deadline(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def close(self) -> None:
        """Give the place back, once."""
        release, self._release = self._release, None
        if release is not None:
            release()


def troubled(scale_s: float) -> Sequence[Deployment]:
    """Return three deployments whose troubles fill a run of `scale_s` seconds, made anew for each run.

    `a` is fast, `b` a little slower, `c` slower still and cheap. There is always at least one that works.
    """
    return (
        Deployment(
            "a",
            0.5,
            60,
            (2_000, 8_000),
            (
                Trouble("slow", 0.10 * scale_s, 0.25 * scale_s, factor=6.0),
                Trouble("full", 0.55 * scale_s, 0.60 * scale_s),
                Trouble("away", 0.80 * scale_s, 0.85 * scale_s),
            ),
        ),
        Deployment(
            "b",
            0.7,
            60,
            (2_500, 10_000),
            (
                Trouble("errors", 0.35 * scale_s, 0.45 * scale_s, share=0.8),
                Trouble("away", 0.82 * scale_s, 0.87 * scale_s),
            ),
        ),
        Deployment("c", 1.2, 80, (500, 2_000), (Trouble("silent", 0.65 * scale_s, 0.72 * scale_s),)),
    )
