"""How a request came to its provider: for its key at `/v1/route/decisions`, for admins with all rows of its attempts.

The data process has authenticated who asks; which keys they are comes along in a header that no client can set. The
journals are drained first, so that a request which ended a moment ago is found.
"""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header

from tokenrouter.admin.callers import Grant, needs, within
from tokenrouter.admin.decision_bodies import Decision, shown_decision
from tokenrouter.admin.ledger import shown_rows
from tokenrouter.admin.ledger_bodies import RequestStory
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.store.decisions import attempts_of, decision_of

router: Final = APIRouter(tags=["ledger"])


@router.get("/internal/decisions/{request_id}", include_in_schema=False)
def read_own_decision(request_id: str, state: State, x_tokenrouter_key_id: Annotated[str, Header()]) -> dict[str, Any]:
    """Return how a request of the key, or of one below it, was decided."""
    attempts = _attempts(state, request_id)
    owners = {link.encode("ascii", "backslashreplace").decode() for link in (attempts[0].key_id, *attempts[0].chain)}
    if x_tokenrouter_key_id not in owners:
        raise _not_found(request_id)
    decision = json.loads(decision_of(attempts) or "{}")
    return {"object": "route.decision", **_ending(attempts), "decision": decision}


@router.get("/api/v1/ledger/{request_id}")
def read_request(request_id: str, state: State, grant: Annotated[Grant, needs("ledger.read")]) -> RequestStory:
    """Return one request: how it was decided, and the row of each of its attempts."""
    attempts = _attempts(state, request_id)
    whose = within(state, grant)
    first = attempts[0]
    if whose is not None and not whose.covers(team=first.team, user=first.user, key_id=first.key_id):
        raise _not_found(request_id)
    return RequestStory(
        **_ending(attempts),
        decision=shown_decision(decision_of(attempts)) or Decision(),
        attempts=shown_rows(state, grant, attempts),
    )


def _attempts(state: ControlState, request_id: str) -> list[LedgerEntry]:
    state.drain_now()
    attempts = attempts_of(state.store, request_id)
    if not attempts:
        raise _not_found(request_id)
    return attempts


def _ending(attempts: list[LedgerEntry]) -> dict[str, Any]:
    last = attempts[-1]
    return {
        "id": attempts[0].id,
        "operation": last.operation,
        "requested_model": attempts[0].requested_model,
        "alias": last.alias,
        "provider": last.provider,
        "model": last.model,
        "status": last.status,
        "end_reason": last.end_reason,
    }


def _not_found(request_id: str) -> Problem:
    return Problem(404, "request_not_found", f"There is no request {request_id[:80]!r} of yours in the ledger.")
