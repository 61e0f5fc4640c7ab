"""`/admin/quota`: a card for each provider, with how much is left of what, and until when.

Rings and bars are drawings in the page (SVG), so that neither scripts nor styles of a single element are needed. The
page loads itself anew now and then, because what it shows are moments.
"""

from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from tokenrouter.admin import html
from tokenrouter.admin.csrf import check_csrf, refuse_foreign
from tokenrouter.admin.page_head import page_head
from tokenrouter.admin.pages import current_session
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.quotas import QuotaMetric, QuotaSnapshot
from tokenrouter.limits.words import duration_words

router: Final = APIRouter(include_in_schema=False)

PATH: Final = "/admin/quota"
RELOAD_S: Final = 30
LOW_PERCENT: Final = 30
SCARCE_PERCENT: Final = 10
"""What is left at 70 and 90 percent used: where TokenRouter-Go's rings turn orange and red."""
_WINDOWS: Final = {
    "1m": "a minute",
    "1h": "an hour",
    "1d": "a day",
    "7d": "a week",
    "30d": "a month",
    "total": "in all",
}
_ORDER: Final = {"error": 0, "ok": 1, "loading": 2, "disabled": 3}
_NOTHING_YET: Final = {
    "loading": "Nothing told yet. It is read from the headers of answers, so the next request may bring it.",
    "disabled": "Nobody looks: the provider or quota_inspection is switched off.",
    "ok": "Its answers say nothing of limits.",
    "error": "",
}


@router.get(PATH)
def quota_page(request: Request, state: State) -> Response:
    """Show what is left to each provider."""
    session = current_session(state, request)
    if session is None:
        return RedirectResponse("/admin", 302)
    refresh = html.form(f"{PATH}/refresh", "Ask now", hidden={"csrf": session.csrf}, kind="inline")
    title = f'<div class="row"><h2>Quota</h2>{refresh}</div>'
    page = html.page("TokenRouter: quota", page_head(state, session, PATH) + title + _cards(state))
    page.headers["refresh"] = str(RELOAD_S)
    return page


@router.post(f"{PATH}/refresh")
async def refresh(request: Request, state: State, csrf: Annotated[str, Form()] = "") -> Response:
    """Ask every provider that can be asked, and show the page."""
    refuse_foreign(request)
    session = current_session(state, request)
    if session is not None:
        check_csrf(session, csrf)
        await state.ask_quotas()
    return RedirectResponse(PATH, 303)


def _cards(state: ControlState) -> str:
    snapshots = sorted(state.quotas(), key=lambda one: (_ORDER[one.status], _share(one)))
    if not snapshots:
        return "<section><p>No provider yet.</p></section>"
    return f'<div class="cards">{"".join(_card(snapshot, state.clock()) for snapshot in snapshots)}</div>'


def _share(snapshot: QuotaSnapshot) -> float:
    scarcest = snapshot.scarcest
    return 101.0 if scarcest is None or scarcest.left_percent is None else scarcest.left_percent


def _card(snapshot: QuotaSnapshot, now_s: float) -> str:
    kind = snapshot.display_name if snapshot.display_name != snapshot.provider else snapshot.kind
    plan = f" · plan {snapshot.plan_type}" if snapshot.plan_type else ""
    head = f"<h3>{escape(snapshot.provider)}</h3><p class='soft'>{escape(kind + plan)}</p>"
    return (
        f'<section class="card {snapshot.status}"><div class="row"><div>{head}</div>{_ring(snapshot)}</div>'
        f"{_problem(snapshot)}{_metrics(snapshot, now_s)}{_foot(snapshot, now_s)}</section>"
    )


def _ring(snapshot: QuotaSnapshot) -> str:
    """Return a ring that shows the smallest share, or nothing where none is known."""
    scarcest = snapshot.scarcest
    if scarcest is None or scarcest.left_percent is None:
        return ""
    left = scarcest.left_percent
    arc = f'<circle class="arc" cx="32" cy="32" r="27" pathLength="100" stroke-dasharray="{left:g} 100"/>'
    return (
        f'<svg class="ring {_tone(left)}" viewBox="0 0 64 64" role="img" aria-label="{left:.0f} percent left">'
        f'<circle class="track" cx="32" cy="32" r="27"/>{arc if left else ""}'
        f'<text x="32" y="33">{_percent(left)}</text></svg>'
    )


def _tone(left: float) -> str:
    if not left:
        return "scarce empty"
    return "scarce" if left <= SCARCE_PERCENT else "low" if left <= LOW_PERCENT else "well"


def _percent(left: float) -> str:
    return f"{left:.0f}%" if left >= 1 or not left else "&lt;1%"


def _problem(snapshot: QuotaSnapshot) -> str:
    if snapshot.status != "error":
        return ""
    return f'<p class="wrong">Quota unavailable</p><p class="reason">{escape(snapshot.error)}</p>'


def _metrics(snapshot: QuotaSnapshot, now_s: float) -> str:
    if not snapshot.metrics:
        told = _NOTHING_YET[snapshot.status]
        return f'<p class="soft">{escape(told)}</p>' if told else ""
    return "<ul>" + "".join(_metric(metric, now_s) for metric in snapshot.metrics) + "</ul>"


def _metric(metric: QuotaMetric, now_s: float) -> str:
    name = metric.metered_feature.replace("-", " ").capitalize()
    window = _WINDOWS.get(metric.window) or (duration_words(metric.window_seconds) if metric.window_seconds else "")
    return (
        f'<li><div class="row"><span class="what">{escape(name)} <span class="soft">{escape(window)}</span></span>'
        f"<span>{escape(_amounts(metric))}</span></div>{_bar(metric)}{_reset(metric, now_s)}</li>"
    )


def _amounts(metric: QuotaMetric) -> str:
    left, limit, used = (_number(one) for one in (metric.remaining_value, metric.limit_value, metric.used_value))
    unit = "" if metric.unit in metric.metered_feature else f" {metric.unit}"
    if left and limit:
        return f"{left} of {limit}{unit} left"
    if left:
        return f"{left}{unit} left"
    return f"{used}{unit} used" if used else ""


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _bar(metric: QuotaMetric) -> str:
    left = metric.left_percent
    if left is None:
        return ""
    filled = f'<rect class="fill" width="{left:g}" height="2"/>'
    return (
        f'<svg class="bar {_tone(left)}" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="2"/>{filled}</svg>'
    )


def _reset(metric: QuotaMetric, now_s: float) -> str:
    if metric.reset_at_s is None or metric.reset_at_s <= now_s:
        return ""
    return f'<p class="soft">full again in {escape(duration_words(metric.reset_at_s - now_s))}</p>'


def _foot(snapshot: QuotaSnapshot, now_s: float) -> str:
    if not snapshot.checked_at_s:
        return ""
    ago = duration_words(max(1.0, now_s - snapshot.checked_at_s))
    source = "headers of answers" if snapshot.reader == "headers" else snapshot.reader.replace("_", " ")
    return f'<p class="foot">{escape(source)}, {escape(ago)} ago</p>'
