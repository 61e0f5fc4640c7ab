"""`/admin/api/benchmark`: a benchmark started, watched and cancelled.

It asks with the key that starts it, so it needs one in the header: a session of a browser has none.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header
from pydantic import Field

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_answers import BENCHMARK_RUNNING
from tokenrouter.admin.compat.go_body import Lenient, sent
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import State
from tokenrouter.jobs.benchmark import MAX_CHATS, MAX_MESSAGES, MAX_MODELS, BenchmarkRunning, Plan, Run

router: Final = APIRouter(prefix="/admin/api/benchmark", include_in_schema=False)

_FIELDS: Final = (
    "model",
    "status",
    "chats_done",
    "messages_done",
    "prompt_tokens",
    "completion_tokens",
    "last_error",
)

Running = Annotated[Grant, needs("benchmark.run")]


class Wanted(Lenient):
    """What to ask; a number out of its bounds counts as the nearest, as there."""

    chats_per_model: int = 1
    messages_per_chat: int = 1
    stop_after_tokens: int = 0
    models: list[str] = Field(default_factory=list)


@router.get("")
async def read_benchmark(state: State, _grant: Running) -> dict[str, Any]:
    """Return the run that is under way, or the last one."""
    run = state.benchmark.run
    return {"running": False} if run is None else {"running": run.status == "running", "run": _shown(run)}


@router.post("/start")
async def start(
    state: State,
    _grant: Running,
    wanted: Annotated[Wanted, Depends(sent(Wanted))],
    authorization: Annotated[str, Header()] = "",
) -> dict[str, Any]:
    """Begin a run."""
    models = tuple(dict.fromkeys(model.strip() for model in wanted.models if model.strip()))
    if not models:
        raise Problem(400, "invalid_field", "at least one model is required")
    if len(models) > MAX_MODELS:
        raise Problem(400, "invalid_field", f"at most {MAX_MODELS} models in one run")
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Problem(400, "invalid_request", "a benchmark asks with the key that starts it: send one as Bearer")
    plan = Plan(
        models,
        min(max(1, wanted.chats_per_model), MAX_CHATS),
        min(max(1, wanted.messages_per_chat), MAX_MESSAGES),
        max(0, wanted.stop_after_tokens),
    )
    try:
        run = state.benchmark.start(plan, key.strip())
    except BenchmarkRunning as error:
        raise Problem(409, BENCHMARK_RUNNING, str(error)) from None
    return {"status": "ok", "run": _shown(run)}


@router.post("/cancel")
async def cancel(state: State, _grant: Running) -> dict[str, str]:
    """End the run that is under way."""
    return {"status": "ok" if state.benchmark.cancel() else "idle"}


def _shown(run: Run) -> dict[str, Any]:
    plan = run.plan
    models = [
        {
            **{name: getattr(one, name) for name in _FIELDS},
            "chats_total": plan.chats_per_model,
            "messages_total": plan.chats_per_model * plan.messages_per_chat,
            "total_tokens": one.prompt_tokens + one.completion_tokens,
        }
        for one in run.models
    ]
    return {
        "id": run.id,
        "started_at": time_text(run.started_at_s),
        "status": run.status,
        "strategy": {
            "chats_per_model": plan.chats_per_model,
            "messages_per_chat": plan.messages_per_chat,
            "stop_after_tokens": plan.stop_after_tokens,
        },
        "models": models,
        "total_prompt_tokens": sum(one.prompt_tokens for one in run.models),
        "total_completion_tokens": sum(one.completion_tokens for one in run.models),
        "total_tokens": run.total_tokens,
    }
