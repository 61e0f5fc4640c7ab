"""`/admin/team`: what members have used and what is left to them; to a team's admins, that of everybody in it.

Plain HTML without a script, as every page here. Who is not signed in may show a key as bearer instead.
"""

from collections.abc import Iterable
from html import escape
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from tokenrouter.admin import html
from tokenrouter.admin.amounts import time_text, usd
from tokenrouter.admin.callers import Caller, Credentials, caller_of
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.errors import MissingKey
from tokenrouter.domain.limits import LimitState, LimitTable
from tokenrouter.jobs.limit_states import limit_states
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.limits.words import show, window_words
from tokenrouter.store.teams import members_of
from tokenrouter.store.usage import UsageFilter, UsageSums, usage_groups, usage_sums

router: Final = APIRouter(include_in_schema=False)

PATH: Final = "/admin/team"


@router.get(PATH)
def team_page(request: Request, state: State, credentials: Credentials) -> Response:
    """Show the caller's use and limits, and those of the teams that they administer."""
    try:
        caller = caller_of(state, request, credentials)
    except MissingKey:
        return RedirectResponse("/admin", 302)
    figures = state.limit_figures()  # drains the journals first
    table = LimitTable(state.catalog().limits)
    body = "".join(_team(state, figures, table, team) for team in sorted(caller.teams))
    return html.page(
        "TokenRouter: use",
        f"<header><div><h1>TokenRouter</h1>"
        f'<p class="soft">{escape(caller.actor.name)} at <code>{escape(state.address)}</code></p></div></header>'
        + html.section("Your use", _use(usage_sums(state.store, _own(caller))))
        + html.section("Your limits", _limits(state, figures, table, _scopes(state, caller)))
        + body,
    )


def _own(caller: Caller) -> UsageFilter:
    """Return whose rows are the caller's own."""
    if caller.key is not None:
        return UsageFilter(key_ids=frozenset({caller.key.id}))
    return UsageFilter(user=caller.user) if caller.user else UsageFilter(key_ids=frozenset())


def _scopes(state: ControlState, caller: Caller) -> tuple[str, ...]:
    """Return whose limits hold for the caller."""
    if caller.key is not None:
        return state.directory().principal(caller.key.digest, state.clock(), caller.actor.address).scopes
    teams = sorted(caller.member_of | caller.teams)
    return (*((f"user:{caller.user}",) if caller.user else ()), *(f"team:{team}" for team in teams), "global")


def _use(sums: UsageSums) -> str:
    usage = sums.usage
    return html.table(
        ("Requests", "Tokens in", "Tokens out", "Cost"),
        [(f"{sums.requests:,}", f"{usage.input_tokens:,}", f"{usage.output_tokens:,}", f"${usd(sums.cost_nano_usd)}")],
    )


def _limits(state: ControlState, figures: LimitFigures, table: LimitTable, scopes: Iterable[str]) -> str:
    standings = [one for scope in dict.fromkeys(scopes) for one in _standings(state, figures, table, scope)]
    if not standings:
        return '<p class="soft">No limit holds.</p>'
    return html.table(
        ("Of", "Limit", "Used", "Left", "Begins anew"), [_limit_row(one, state.clock()) for one in standings]
    )


def _standings(state: ControlState, figures: LimitFigures, table: LimitTable, scope: str) -> list[LimitState]:
    """Return how the limits of one scope stand; one of a template that nobody has used is as it began."""
    found = []
    for limit in table.of(scope):
        states = {one.scope: one for one in limit_states(limit, figures, state.clock())}
        counted = limit.counted_for(scope)
        found.append(states.get(counted) or LimitState(limit, counted, 0, 0, None))
    return found


def _limit_row(one: LimitState, now_s: float) -> tuple[str, ...]:
    limit = one.limit
    anew = time_text(now_s + one.resets_in_s) if one.resets_in_s is not None else None
    return (
        one.scope,
        f"{limit.metric} {window_words(limit.window)}",
        f"{show(one.used, limit.metric)} of {show(one.amount, limit.metric)}",
        show(one.left, limit.metric),
        anew or "",
    )


def _team(state: ControlState, figures: LimitFigures, table: LimitTable, team: str) -> str:
    """Return what a team's admin sees of it."""
    used = {group.name: group.sums for group in usage_groups(state.store, UsageFilter(team=team), "user")}
    rows = []
    for member in members_of(state.store, team):
        sums = used.get(member.user, UsageSums())
        left = [
            f"{show(one.left, one.limit.metric)} {one.limit.metric} {window_words(one.limit.window)}"
            for one in _standings(state, figures, table, f"user:{member.user}")
        ]
        tokens = sums.usage.input_tokens + sums.usage.output_tokens
        rows.append(
            (member.user, f"{sums.requests:,}", f"{tokens:,}", f"${usd(sums.cost_nano_usd)}", "; ".join(left) or "–")
        )
    return html.section(
        f"Team {team}", html.table(("Member", "Requests", "Tokens", "Cost", "Left"), rows)
    ) + html.section(f"Limits of the team {team}", _limits(state, figures, table, (f"team:{team}",)))
