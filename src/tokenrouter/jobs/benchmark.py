"""Small chats with some models, one after the other, to see how fast each is.

They go through the gateway's own front door, with the key of whoever wants to know: so they are metered, limited and
written down like all other requests, and what they measure is what clients get. TokenRouter-Go asked the providers
behind its own back (its `runBenchmark`, read 2026-11). One run at a time; what the last one found stays until the next.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import GatewayError
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.providers.base import request_head
from tokenrouter.providers.compatible import USER_AGENT
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.providers.urls import split_base_url
from tokenrouter.upstream.client import UpstreamClient

MAX_CHATS: Final = 200
MAX_MESSAGES: Final = 20
MAX_MODELS: Final = 200
MAX_ANSWER_BYTES: Final = 2 * 2**20
MAX_OUTPUT_TOKENS: Final = 200
"""Room for one sentence, and for a little thinking before it."""
MAX_REASON_CHARS: Final = 300
PATH: Final = "/v1/chat/completions"
_TIMEOUTS: Final = Timeouts(connect_s=2.0, first_byte_s=120.0, between_bytes_s=60.0, total_s=180.0)

Status = Literal["running", "cancelling", "cancelled", "completed"]
ModelStatus = Literal["queued", "running", "done", "error"]
Tokens = tuple[int, int]
"""Of the prompt, and of the answer."""
Chat = Callable[[str, str, str], Awaitable[Tokens]]
"""Given a key, a model and what to say, returns what was used; raises `ChatFailed`."""


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
    """How far a run is with one model."""

    model: str
    status: ModelStatus = "queued"
    chats_done: int = 0
    messages_done: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    last_error: str = ""


@dataclass(slots=True)
class Run:
    """One run."""

    id: str
    started_at_s: float
    plan: Plan
    models: list[ModelProgress]
    status: Status = "running"

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

    def start(self, plan: Plan, key: str) -> Run:
        """Begin a run that asks with `key`, which is kept until the run is over and shown nowhere.

        Raises:
            BenchmarkRunning: one is under way.
        """
        if self.run is not None and not self.run.is_over:
            raise BenchmarkRunning("benchmark already running")
        run = self.run = Run(
            f"bench-{secrets.token_hex(8)}", self.clock(), plan, [ModelProgress(model) for model in plan.models]
        )
        self._task = self._tasks.start(self._work(run, key), "benchmark")
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
        await self._tasks.close()

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
            prompt, completion = await self.chat(key, progress.model, words)
        except ChatFailed as error:
            progress.status, progress.last_error = "error", str(error)[:MAX_REASON_CHARS]
        else:
            progress.prompt_tokens += prompt
            progress.completion_tokens += completion
        progress.messages_done += 1


def _is_enough(run: Run) -> bool:
    return 0 < run.plan.stop_after_tokens <= run.total_tokens


async def nobody(_key: str, _model: str, _words: str) -> Tokens:
    """Where there is no front door: whoever is asked does not answer.

    Raises:
        ChatFailed: always.
    """
    raise ChatFailed("the gateway does not listen")


class _Used(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Answer(msgspec.Struct):
    usage: _Used = msgspec.field(default_factory=_Used)


class _Mistake(msgspec.Struct):
    message: str = ""


class _Refusal(msgspec.Struct):
    error: _Mistake = msgspec.field(default_factory=_Mistake)


class FrontDoor:
    """The gateway's own address, as a client of it sees it."""

    def __init__(self, upstream: UpstreamClient, address: Callable[[], str]) -> None:
        """`address` returns what stands before a path, such as `http://127.0.0.1:8080`."""
        self._upstream = upstream
        self._address = address

    async def chat(self, key: str, model: str, words: str) -> Tokens:
        """Say `words` to `model` with `key`; return the tokens of the prompt and of the answer.

        Raises:
            ChatFailed: there was no good answer.
        """
        try:
            response = await self._upstream.send(self._request(key, model, words))
        except (GatewayError, ValueError) as error:
            raise ChatFailed(str(error)) from None
        status, body = response.status, response.take()
        response.close()
        if status >= 300:
            raise ChatFailed(f"status {status}: {_reason(body)}")
        try:
            used = msgspec.json.decode(body, type=_Answer).usage
        except msgspec.DecodeError:
            raise ChatFailed("its answer is too long, or no JSON") from None
        return used.prompt_tokens, used.completion_tokens

    def _request(self, key: str, model: str, words: str) -> UpstreamRequest:
        asked = {
            "model": model,
            "max_tokens": MAX_OUTPUT_TOKENS,
            "messages": [{"role": "system", "content": "Be concise."}, {"role": "user", "content": words}],
        }
        body = msgspec.json.encode(asked)
        origin = split_base_url(self._address()).origin
        headers = {
            "host": origin.authority,
            "user-agent": f"{USER_AGENT} benchmark",
            "authorization": f"Bearer {key}",
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        to = Destination(origin, _TIMEOUTS, "gateway", allow_private=True)
        return UpstreamRequest(to, [request_head("POST", PATH, headers) + b"\r\n" + body], MAX_ANSWER_BYTES)


def _reason(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Refusal).error.message
    except msgspec.DecodeError:
        return "no reason was given"


def own_address(listen_addr: str) -> str:
    """Return where this machine reaches a listener: `0.0.0.0` and `::` are everywhere, so here as well."""
    host, _, port = listen_addr.rpartition(":")
    here = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]", "::": "[::1]"}.get(host, host)
    return f"http://{here}:{port}"
