"""Small chats with some models, one after the other, to see how fast each is.

They go through the gateway's own front door (`jobs/front_door.py`), with a key of whoever wants to know: so they are
metered, limited and written down like all other requests, and what they measure is what clients get. TokenRouter-Go
asked the providers behind its own back (its `runBenchmark`, read 2026-11). One run at a time; what the last one found
stays until the next.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from tokenrouter.observe.tasks import BackgroundTasks

MAX_CHATS: Final = 200
MAX_MESSAGES: Final = 20
MAX_MODELS: Final = 200
MAX_STOP_TOKENS: Final = 10**9
MAX_REASON_CHARS: Final = 300

Status = Literal["running", "cancelling", "cancelled", "completed"]
ModelStatus = Literal["queued", "running", "done", "error"]


class Said(NamedTuple):
    """What one answer used, and how long it took.

    Attributes:
        first_token_s: from the question to the first piece of the answer; None where it had none.
        total_s: from the question to the end of the answer.
    """

    prompt_tokens: int
    completion_tokens: int
    first_token_s: float | None = None
    total_s: float = 0.0


Chat = Callable[[str, str, str], Awaitable[Said]]
"""Given a key, a model and what to say, returns what became of it; raises `ChatFailed`."""
Ended = Callable[[], Awaitable[None]]


class ChatFailed(Exception):
    """A chat came to nothing; the message says why."""


class BenchmarkRunning(Exception):
    """There is a run already."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do; `stop_after_tokens` of 0 is no bound."""

    models: tuple[str, ...]
    chats_per_model: int = 1
    messages_per_chat: int = 1
    stop_after_tokens: int = 0


@dataclass(slots=True)
class ModelProgress:
    """How far a run is with one model.

    Attributes:
        messages_done: those that failed included.
        first_token_sum_s: over `first_tokens` answers.
        total_sum_s: over all good answers.
        generation_s: of answers that came in pieces, from the first piece to the end; `generated` tokens came so.
    """

    model: str
    status: ModelStatus = "queued"
    chats_done: int = 0
    messages_done: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    last_error: str = ""
    first_tokens: int = 0
    first_token_sum_s: float = 0.0
    total_sum_s: float = 0.0
    generation_s: float = 0.0
    generated: int = 0

    @property
    def first_token_s(self) -> float | None:
        """How long it takes to begin on average; None where nobody knows."""
        return self.first_token_sum_s / self.first_tokens if self.first_tokens else None

    @property
    def answer_s(self) -> float | None:
        """How long a whole answer takes on average."""
        good = self.messages_done - self.failed
        return self.total_sum_s / good if good else None

    @property
    def tokens_per_s(self) -> float | None:
        """How fast answers come once they have begun; None where they came at once."""
        return self.generated / self.generation_s if self.generation_s > 0 and self.generated else None

    def add(self, said: Said) -> None:
        """Count one answer."""
        self.prompt_tokens += said.prompt_tokens
        self.completion_tokens += said.completion_tokens
        self.total_sum_s += said.total_s
        if said.first_token_s is None:
            return
        self.first_tokens += 1
        self.first_token_sum_s += said.first_token_s
        if said.total_s > said.first_token_s:
            self.generation_s += said.total_s - said.first_token_s
            self.generated += said.completion_tokens


@dataclass(slots=True)
class Run:
    """One run."""

    id: str
    started_at_s: float
    plan: Plan
    models: list[ModelProgress]
    status: Status = "running"
    ended_at_s: float | None = None

    @property
    def total_tokens(self) -> int:
        return sum(one.prompt_tokens + one.completion_tokens for one in self.models)

    @property
    def is_over(self) -> bool:
        return self.status in ("cancelled", "completed")


@dataclass(slots=True)
class Benchmark:
    """Keeps the run. Used on one event loop alone.

    Attributes:
        run: the one that is under way, or the last; None before the first.
    """

    chat: Chat
    clock: Callable[[], float] = time.time
    run: Run | None = None
    _tasks: BackgroundTasks = field(default_factory=BackgroundTasks)
    _task: "asyncio.Task[Any] | None" = None
    _is_closed: bool = False

    def start(self, plan: Plan, key: str, ended: Ended | None = None) -> Run:
        """Begin a run that asks with `key`, which is kept until the run is over and shown nowhere.

        `ended` is awaited when it is over, however it ended, but where the gateway itself ends.

        Raises:
            BenchmarkRunning: one is under way.
        """
        if self.run is not None and not self.run.is_over:
            raise BenchmarkRunning("benchmark already running")
        run = self.run = Run(
            f"bench-{secrets.token_hex(8)}", self.clock(), plan, [ModelProgress(model) for model in plan.models]
        )
        self._task = self._tasks.start(self._work(run, key), "benchmark")
        self._task.add_done_callback(lambda _: self._end(run, ended))
        return run

    def cancel(self) -> bool:
        """End the run that is under way; return whether there was one."""
        if self.run is None or self.run.is_over or self._task is None:
            return False
        self.run.status = "cancelling"
        self._task.cancel()
        return True

    async def close(self) -> None:
        """End whatever runs."""
        self._is_closed = True
        await self._tasks.close()

    def _end(self, run: Run, ended: Ended | None) -> None:
        """Note when a run was over; one that was cancelled before it began has not noted that either."""
        run.ended_at_s = self.clock()
        if not run.is_over:
            run.status = "cancelled"
        if ended is not None and not self._is_closed:
            self._tasks.start(_awaited(ended), "after the benchmark")

    async def _work(self, run: Run, key: str) -> None:
        try:
            for progress in run.models:
                await self._ask(run, progress, key)
                if _is_enough(run):
                    break
            run.status = "completed"
        except asyncio.CancelledError:
            run.status = "cancelled"
            raise

    async def _ask(self, run: Run, progress: ModelProgress, key: str) -> None:
        plan = run.plan
        progress.status = "running"
        for chat in range(plan.chats_per_model):
            for message in range(plan.messages_per_chat):
                await self._say(progress, key, chat, message)
                if _is_enough(run):
                    return
            progress.chats_done += 1
        if progress.status == "running":
            progress.status = "done"

    async def _say(self, progress: ModelProgress, key: str, chat: int, message: int) -> None:
        words = f"Benchmark chat {chat + 1}, message {message + 1}. Answer with one short sentence."
        try:
            progress.add(await self.chat(key, progress.model, words))
        except ChatFailed as error:
            progress.status, progress.last_error = "error", str(error)[:MAX_REASON_CHARS]
            progress.failed += 1
        progress.messages_done += 1


def _is_enough(run: Run) -> bool:
    return 0 < run.plan.stop_after_tokens <= run.total_tokens


async def _awaited(ended: Ended) -> None:
    await ended()


async def nobody(_key: str, _model: str, _words: str) -> Said:
    """Where there is no front door: whoever is asked does not answer.

    Raises:
        ChatFailed: always.
    """
    raise ChatFailed("the gateway does not listen")
