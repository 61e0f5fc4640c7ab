"""`/api/v1/benchmark`: how fast some models are, found out by asking them: started, watched and cancelled.

A run asks through the gateway, so what it uses is somebody's: it gets a temporary key that is charged to whoever starts
it (below their key, or to the person), takes no kept answers, and is revoked when the run is over.
"""

import secrets
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.key_bodies import NewKey
from tokenrouter.admin.keys import key_request
from tokenrouter.admin.limit_bodies import Strict
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.jobs.benchmark import (
    MAX_CHATS,
    MAX_MESSAGES,
    MAX_MODELS,
    MAX_STOP_TOKENS,
    BenchmarkRunning,
    ModelProgress,
    ModelStatus,
    Plan,
    Run,
    Status,
)
from tokenrouter.store.errors import KeyUnknown
from tokenrouter.store.keys import MAX_TEMPORARY_S, create_key, revoke_key

router: Final = APIRouter(prefix="/api/v1/benchmark", tags=["benchmark"])

Running = Annotated[Grant, needs("benchmark.run")]


class WantedRun(Strict):
    """What to ask: so many chats with each model, of so many messages; `stop_after_tokens` of 0 is no bound."""

    models: Annotated[list[Annotated[Text, Field(min_length=1)]], Field(min_length=1, max_length=MAX_MODELS)]
    chats_per_model: Annotated[int, Field(ge=1, le=MAX_CHATS)] = 1
    messages_per_chat: Annotated[int, Field(ge=1, le=MAX_MESSAGES)] = 1
    stop_after_tokens: Annotated[int, Field(ge=0, le=MAX_STOP_TOKENS)] = 0


class ShownProgress(BaseModel):
    """One model of a run.

    `messages_done` has the `failed` ones in it, of which `last_error` is the last. Times are averages, in milliseconds:
    to the first piece of an answer, and to its end; `tokens_per_s` is how fast answers came once they had begun. They
    are null where nobody knows.
    """

    model: str
    status: ModelStatus
    chats_done: int
    messages_done: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    first_token_ms: float | None
    answer_ms: float | None
    tokens_per_s: float | None
    last_error: str


class ShownRun(BaseModel):
    """A run: what it was to do, how far it is, and what it has used. Each model has `chats` of `messages`."""

    id: str
    status: Status
    started_at: str | None
    ended_at: str | None
    chats_per_model: int
    messages_per_chat: int
    stop_after_tokens: int
    messages_total: int
    messages_done: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    models: list[ShownProgress]


class Bounds(BaseModel):
    """The most that may be wanted of one run."""

    models: int = MAX_MODELS
    chats_per_model: int = MAX_CHATS
    messages_per_chat: int = MAX_MESSAGES
    stop_after_tokens: int = MAX_STOP_TOKENS


class ShownBenchmark(BaseModel):
    """The run that is under way, or the last one since the start; null before the first."""

    running: bool
    run: ShownRun | None
    bounds: Bounds


@router.get("")
async def read_benchmark(state: State, _grant: Running) -> ShownBenchmark:
    """Return the run that is under way, or the last one."""
    return _shown(state)


@router.post("", status_code=201)
async def start(state: State, grant: Running, wanted: Annotated[WantedRun, Body()]) -> ShownBenchmark:
    """Begin a run; there is one at a time."""
    plan = Plan(
        tuple(dict.fromkeys(wanted.models)), wanted.chats_per_model, wanted.messages_per_chat, wanted.stop_after_tokens
    )
    if state.benchmark.run is not None and not state.benchmark.run.is_over:
        raise _second()
    key, key_id = await run_in_threadpool(_make_key, state, grant)

    async def over() -> None:
        await run_in_threadpool(_revoke, state, grant, key_id)

    try:
        state.benchmark.start(plan, key, over)
    except BenchmarkRunning:
        await over()
        raise _second() from None
    return _shown(state)


@router.delete("")
async def cancel(state: State, _grant: Running) -> ShownBenchmark:
    """End the run that is under way, if there is one; what it has found stays."""
    state.benchmark.cancel()
    return _shown(state)


def _second() -> Problem:
    return Problem(409, "benchmark_running", "A benchmark runs already; wait for its end, or cancel it.")


def _make_key(state: ControlState, grant: Grant) -> tuple[str, str]:
    """Return a new key, and its id."""
    own = grant.caller.key
    wanted = NewKey(
        name=f"benchmark-{secrets.token_hex(4)}",
        parent=None if own is None else own.id,
        user="" if own is not None else grant.caller.user,
        expires_at=datetime.fromtimestamp(state.clock() + MAX_TEMPORARY_S, UTC),
        comment="for a run of the benchmark",
        cache="off",
        temporary=True,
    )
    made = create_key(grant.store, key_request(state, grant, wanted), pepper=state.pepper, now_s=state.clock())
    state.keys_changed()
    return made.key, made.stored.id


def _revoke(state: ControlState, grant: Grant, key_id: str) -> None:
    with suppress(KeyUnknown):
        revoke_key(grant.store, key_id)
    state.keys_changed()


def _shown(state: ControlState) -> ShownBenchmark:
    run = state.benchmark.run
    return ShownBenchmark(
        running=run is not None and not run.is_over, run=None if run is None else _shown_run(run), bounds=Bounds()
    )


def _shown_run(run: Run) -> ShownRun:
    plan, models = run.plan, run.models
    return ShownRun(
        id=run.id,
        status=run.status,
        started_at=time_text(run.started_at_s),
        ended_at=time_text(run.ended_at_s),
        chats_per_model=plan.chats_per_model,
        messages_per_chat=plan.messages_per_chat,
        stop_after_tokens=plan.stop_after_tokens,
        messages_total=len(models) * plan.chats_per_model * plan.messages_per_chat,
        messages_done=sum(one.messages_done for one in models),
        failed=sum(one.failed for one in models),
        prompt_tokens=sum(one.prompt_tokens for one in models),
        completion_tokens=sum(one.completion_tokens for one in models),
        total_tokens=run.total_tokens,
        models=[_shown_progress(one) for one in models],
    )


def _shown_progress(one: ModelProgress) -> ShownProgress:
    return ShownProgress(
        model=one.model,
        status=one.status,
        chats_done=one.chats_done,
        messages_done=one.messages_done,
        failed=one.failed,
        prompt_tokens=one.prompt_tokens,
        completion_tokens=one.completion_tokens,
        total_tokens=one.prompt_tokens + one.completion_tokens,
        first_token_ms=_ms(one.first_token_s),
        answer_ms=_ms(one.answer_s),
        tokens_per_s=None if one.tokens_per_s is None else round(one.tokens_per_s, 1),
        last_error=one.last_error,
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 1)
