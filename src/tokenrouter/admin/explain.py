"""`/api/v1/route/explain`: what would become of a request, for people who are signed in and for any key that is theirs.

A data process answers (`jobs/explanations.py`), by the code that serves requests; here it is decided whose key may be
asked about. `/v1/route/explain` is the same for whoever shows the key itself.
"""

import json
from typing import Annotated, Final

from fastapi import APIRouter, Body, Request
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.explain_bodies import Explanation, WantedExplanation
from tokenrouter.admin.key_rules import find_key_for, key_reader
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.catalog import Key
from tokenrouter.jobs.explanations import NobodyAnswers, RouteAnswer, RouteQuestion
from tokenrouter.store.key_pages import KeyFilter, KeySight

router: Final = APIRouter(prefix="/api/v1/route", tags=["models"])

MAX_REQUEST_BYTES: Final = 4 * 2**20
"""Longer than any request that somebody puts together to ask about; `/v1/route/explain` takes them whole."""
_explanation: Final = TypeAdapter(Explanation)


@router.post("/explain", responses={402: {}, 413: {}, 429: {}, 502: {}})
async def explain(
    state: State,
    grant: Annotated[Grant, needs("route.explain")],
    wanted: Annotated[WantedExplanation, Body()],
    request: Request,
) -> Explanation:
    """Return what would become of a request now; nobody is asked, nothing is held. One that would be refused is."""
    key = await run_in_threadpool(_key, state, grant, wanted.key)
    client_ip = wanted.client_ip or request.headers.get("x-forwarded-for", "")
    answer = await _answer(state, RouteQuestion(key.digest, client_ip, _body(wanted)))
    if answer.status >= 300:
        raise Problem(answer.status, answer.code, answer.message)
    return _explanation.validate_json(answer.told)


async def _answer(state: ControlState, question: RouteQuestion) -> RouteAnswer:
    try:
        return await state.explain(question)
    except NobodyAnswers:
        words = "No data process answers now, so nobody can say; try again in a moment."
        raise Problem(503, "nobody_answers", words, headers={"retry-after": "1"}) from None


def _key(state: ControlState, grant: Grant, name_or_id: str) -> Key:
    """Return whose request it would be: of the key that was named, or of the caller's own, of a person the oldest.

    Raises:
        Problem: there is none that the caller may see.
    """
    own = grant.caller.key
    if own is not None and name_or_id in ("", own.id, own.name):
        return own
    if name_or_id:
        return find_key_for(state, grant, name_or_id)
    user = grant.caller.user
    usable = KeyFilter(state="enabled", now_s=state.clock(), sight=KeySight(users=frozenset({user} - {""})))
    for _, key in key_reader(state, usable)((), 1):
        return key
    raise Problem(422, "invalid_field", "key: you have none yourself; name one of GET /api/v1/keys, or make one.")


def _body(wanted: WantedExplanation) -> bytes:
    """Return the question as `/v1/route/explain` takes it.

    Raises:
        Problem: 413, it is too long; 422, it is nested too deeply.
    """
    tokens = {"input_tokens": wanted.input_tokens, "output_tokens": wanted.output_tokens}
    expected = {name: count for name, count in tokens.items() if count is not None}
    try:
        body = json.dumps({"operation": wanted.operation, "request": wanted.request, **expected}).encode()
    except RecursionError:
        raise Problem(422, "invalid_field", "request: it is nested too deeply.") from None
    if len(body) > MAX_REQUEST_BYTES:
        raise Problem(413, "body_too_large", f"request: it has more than {MAX_REQUEST_BYTES} bytes.")
    return body
