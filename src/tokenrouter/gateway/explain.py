"""What would become of a request: where it would go, in which order, why not elsewhere, and what it would cost.

Nobody is asked, nothing is held, no row is written. The request is read, planned and translated by the code that serves
requests, so that an explanation shows what a request would do at this moment; only where places are chosen by chance
may the next request be luckier.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.losses import Loss
from tokenrouter.dialects.preferences import has_preferences
from tokenrouter.domain.errors import GatewayError, InvalidRequest, RoleNotAllowed
from tokenrouter.domain.ledger import NanoUsd, Usage
from tokenrouter.domain.limit_text import window_text
from tokenrouter.domain.limits import LimitState, Metric
from tokenrouter.domain.prices import cost, most_cost
from tokenrouter.gateway.attempts import Wisdom, in_order, record_of
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.decisions import WHY
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.entrance import asked_by
from tokenrouter.gateway.estimates import FIRST_OUTPUT_TOKENS
from tokenrouter.gateway.lanes import Books, Lane, Plan
from tokenrouter.gateway.preferred import plan_of
from tokenrouter.gateway.question import Question
from tokenrouter.gateway.wishes import heeded

NANO: Final = 10**9
States = Callable[[Sequence[str]], Awaitable[list[LimitState]]]
"""Tells how the limits of scopes stand."""


class Explainer:
    """Explains requests. One per data process."""

    def __init__(
        self,
        books: Books,
        wisdom: Wisdom,
        states: States,
        whole: Callable[[Call, Principal], Call],
    ) -> None:
        """`whole` gives a call the conversation that it goes on from."""
        self._books = books
        self._wisdom = wisdom
        self._states = states
        self._whole = whole

    async def explain(self, directory: Directory, asker: Principal, question: Question) -> dict[str, Any]:
        """Return the explanation, as JSON has it.

        Raises:
            RoleNotAllowed: it asks about another key.
            GatewayError: what the request itself would be told.
        """
        principal = _principal(directory, asker, question)
        call, wishes = self._whole(question.call, principal), None
        head, dialect = call.head, call.head.dialect
        peeked = dialect.peek(call.body) if head.model is None else dialect.peek(call.body, head.model, head.stream)
        if head.model is None and has_preferences(peeked.body.fields):
            call, peeked, wishes = heeded(directory, call, peeked)
        conditions = self._wisdom.conditions
        plan = plan_of(directory, principal, call, peeked, wishes, self._books, conditions)
        lanes = in_order(plan, self._wisdom)
        decision = self._decision(plan, lanes)
        return {
            "object": "route.explanation",
            "key": principal.key.name,
            "operation": dialect.operation,
            "model": peeked.model,
            "stream": peeked.stream,
            "decision": decision,
            "places": [self._place(lane, call, peeked, question) for lane in lanes],
            "left_out": [
                {"target": target, "why": why, "reason": WHY[why]}
                for target, why in decision.get("left_out", {}).items()
            ],
            "unheard": list(peeked.unheard),
            "limits": [_limit(state) for state in await self._states(_scopes(lanes, head.client_ip))],
        }

    def _decision(self, plan: Plan, lanes: Sequence[Lane]) -> dict[str, Any]:
        """Return what the row of the request would say, its attempts apart."""
        if plan.facts is None:
            told: dict[str, Any] = json.loads(lanes[0].subject.decision)
            return told
        return record_of("", plan, lanes, self._wisdom).told()

    def _place(self, lane: Lane, call: Call, peeked: Head, question: Question) -> dict[str, Any]:
        condition = self._wisdom.conditions.get(lane.provider)
        state, reason, left_s = self._wisdom.health.state_of(lane.target)
        health: dict[str, Any] = {"state": state}
        if reason:
            health |= {"reason": reason, "for_s": round(left_s, 1) or None}
        if condition is not None:
            health |= {"provider": condition.status, "quota_left": condition.left}
        return {
            "target": lane.target,
            "provider": lane.provider,
            "model": lane.subject.model,
            "health": health,
            "translated": lane.bridge is not None,
            **(_losses(lane, call, peeked) if question.has_content else {}),
            "estimate": _estimate(lane, peeked, question),
        }


def _principal(directory: Directory, asker: Principal, question: Question) -> Principal:
    name = question.key
    if name in ("", asker.key.name):
        return asker
    if asker.role != "admin":
        raise RoleNotAllowed("Only a key of the role admin may ask about another key.", param="key")
    key = directory.key_named(name)
    if key is None:
        raise InvalidRequest(f"There is no key {name[:80]!r}.", param="key")
    return directory.principal(key.digest, question.call.now_s, question.call.head.client_ip)


def _losses(lane: Lane, call: Call, peeked: Head) -> dict[str, Any]:
    """Return what the place's dialect cannot carry of the request, or why it refuses it."""
    if lane.bridge is None:
        return {"dropped": [], "emulated": []}
    try:
        losses = lane.bridge.cross(call.body, asked_by(call, peeked)).losses
    except GatewayError as error:
        return {"refused": error.message}
    return {"dropped": _named(losses, "dropped"), "emulated": _named(losses, "emulated")}


def _named(losses: Sequence[Loss], fate: str) -> list[str]:
    return [loss.feature for loss in losses if loss.fate == fate]


def _estimate(lane: Lane, peeked: Head, question: Question) -> dict[str, Any] | None:
    """Return how many tokens the request likely has and at most, and what they cost; None where nobody can say.

    The most of an answer is known where the request bounds it, or says how much it expects.
    """
    if not question.has_content and question.input_tokens is None:
        return None
    estimates, expected = lane.estimates, question.input_tokens
    inputs = estimates.fair(body_bytes=peeked.size, content_bytes=0).input_tokens if expected is None else expected
    most_input = estimates.input_bound(peeked.size) if expected is None else expected
    usual, bound = _output(lane, peeked, question)
    told: dict[str, Any] = {
        "input_tokens": {"likely": inputs, "most": most_input},
        "output_tokens": {"likely": usual, "most": bound},
    }
    if lane.price is not None:
        likely = cost(Usage(inputs, usual), lane.price)
        ceiling = lane.ceiling_of(peeked)
        most = None if bound is None or ceiling is None else most_cost(most_input, bound, ceiling)
        told["cost_usd"] = {"low": usd(likely), "high": None if most is None else usd(max(likely, most))}
        told["price"] = lane.price.label
    return told


def _output(lane: Lane, peeked: Head, question: Question) -> tuple[int, int | None]:
    """Return how long the answer likely is, and at most."""
    asked = None if peeked.max_output_tokens is None else peeked.max_output_tokens * peeked.answers
    expected = question.output_tokens
    if expected is None:
        usual = lane.answers.usual if lane.answers.usual is not None else lane.estimates.answers.usual
        expected = (FIRST_OUTPUT_TOKENS if usual is None else usual) * peeked.answers
        return (expected, None) if asked is None else (min(expected, asked), asked)
    return (expected, expected) if asked is None else (min(expected, asked), asked)


def _scopes(lanes: Sequence[Lane], client_ip: str) -> list[str]:
    scopes = dict.fromkeys(scope for lane in lanes for scope in lane.scopes)
    return [*scopes, f"ip:{client_ip}"] if client_ip else list(scopes)


def _limit(state: LimitState) -> dict[str, Any]:
    metric = state.limit.metric
    return {
        "scope": state.scope,
        "metric": metric,
        "window": window_text(state.limit.window),
        "mode": state.limit.mode,
        "amount": _amount(metric, state.amount),
        "used": _amount(metric, state.used),
        "held": _amount(metric, state.held),
        "left": _amount(metric, state.left),
        "resets_in_s": state.resets_in_s,
    }


def _amount(metric: Metric, amount: int) -> int | str:
    return usd(amount) if metric == "cost_usd" else amount


def usd(nano: NanoUsd) -> str:
    """Return nano-dollars as US dollars, with every digit."""
    return f"{Decimal(nano) / NANO:.9f}"
