"""`/api/v1/conversations/capture`: whose conversations are kept; nobody's until it is said.

What the file says is listed with the place, and changed there. The nearest word counts: a key's own, its parents', its
user's, its team's, and everybody's.
"""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel, StrictBool

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.limit_bodies import Strict
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.capture import scope_mistake
from tokenrouter.store.capture_rules import (
    CaptureRule,
    list_capture_rules,
    remove_capture_rule,
    set_capture_rule,
)

router: Final = APIRouter(prefix="/api/v1/conversations/capture", tags=["conversations"])


class ShownRule(BaseModel):
    """Whether the conversations of a scope are kept. `shadowed`: the file says so too, and that counts."""

    scope: str
    enabled: bool
    origin: Literal["file", "database"]
    declared_at: str
    shadowed: bool
    created_at: str | None


class CaptureState(BaseModel):
    """Whose conversations are kept, and how many; `allowed` is false where the file forbids it altogether."""

    allowed: bool
    data: list[ShownRule]
    max_items: int
    max_age_days: int
    max_bytes: int
    max_body_bytes: int


class WantedRule(Strict):
    """What is to be said of a scope."""

    enabled: StrictBool


@router.get("")
def read_rules(state: State, grant: Annotated[Grant, needs("capture.read")]) -> CaptureState:
    """Return the rules that concern the caller, and the bounds."""
    kept = state.settings.conversations
    rules = [rule for rule in _all(state) if grant.covers_scope(rule.scope) or _concerns(grant, rule.scope)]
    return CaptureState(
        allowed=kept.enabled,
        data=rules,
        max_items=kept.max_items,
        max_age_days=kept.max_age_days,
        max_bytes=kept.max_bytes,
        max_body_bytes=kept.max_body_bytes,
    )


@router.put("/{scope:path}")
def set_rule(
    state: State, grant: Annotated[Grant, needs("capture.write")], scope: str, wanted: Annotated[WantedRule, Body()]
) -> ShownRule:
    """Say whether the conversations of `scope` are kept; the next request follows it."""
    if mistake := scope_mistake(scope):
        raise Problem(422, "invalid_field", f"scope: {mistake}.")
    if wanted.enabled and not state.settings.conversations.enabled:
        raise Problem(
            409, "capture_forbidden", "The configuration says conversations.enabled = false; change it there."
        )
    _refuse_declared(state, scope)
    rule = CaptureRule(scope, wanted.enabled, grant.caller.id, state.clock())
    set_capture_rule(grant.store, rule)
    state.keys_changed()
    return _shown(state, rule)


@router.delete("/{scope:path}")
def remove_rule(state: State, grant: Annotated[Grant, needs("capture.write")], scope: str) -> CaptureState:
    """Say nothing any more of `scope`: who stands further away decides. Return what is left."""
    _refuse_declared(state, scope)
    remove_capture_rule(grant.store, scope)
    state.keys_changed()
    return read_rules(state, grant)


def _all(state: ControlState) -> list[ShownRule]:
    declared = [
        ShownRule(
            scope=scope,
            enabled=True,
            origin="file",
            declared_at=state.declared_at("conversations.capture"),
            shadowed=False,
            created_at=None,
        )
        for scope in state.settings.conversations.capture
    ]
    return [*declared, *(_shown(state, rule) for rule in list_capture_rules(state.store))]


def _shown(state: ControlState, rule: CaptureRule) -> ShownRule:
    return ShownRule(
        scope=rule.scope,
        enabled=rule.enabled,
        origin="database",
        declared_at="",
        shadowed=rule.scope in state.settings.conversations.capture,
        created_at=time_text(rule.created_at_s),
    )


def _concerns(grant: Grant, scope: str) -> bool:
    """Whether a rule is about the caller, who may know it: everybody's, and those of the teams they are in."""
    kind, _, name = scope.partition(":")
    return scope == "global" or (kind == "team" and name in grant.caller.member_of)


def _refuse_declared(state: ControlState, scope: str) -> None:
    if scope in state.settings.conversations.capture:
        where = state.declared_at("conversations.capture") or "the configuration"
        raise Problem(409, "declared_elsewhere", f"The capture of {scope} is declared at {where}; change it there.")
