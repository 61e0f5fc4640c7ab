"""What all pages of an administrator begin with: where they are, where else they can go, and what needs them there."""

from collections.abc import Sequence
from html import escape
from typing import Final

from tokenrouter import __version__
from tokenrouter.admin import html
from tokenrouter.admin.state import ControlState
from tokenrouter.jobs.quota_alerts import needs_attention
from tokenrouter.store.sessions import Session

_PAGES: Final = (("/admin", "Overview"), ("/admin/quota", "Quota"), ("/admin/account", "Account"), ("/docs", "API"))


def page_head(state: ControlState, session: Session, current: str) -> str:
    """Return the head of the page at the path `current`, as HTML."""
    sign_out_form = html.form("/admin/logout", "Sign out", hidden={"csrf": session.csrf}, kind="inline")
    links = "".join(_link(path, name, current, state) for path, name in _PAGES)
    return (
        f'<header><div><h1>TokenRouter</h1><p class="soft">Version {escape(__version__)} at '
        f"<code>{escape(state.address)}</code></p></div>{sign_out_form}</header>"
        f'<nav aria-label="Pages">{links}</nav>'
    )


def wanting_attention(state: ControlState) -> list[str]:
    """Return the providers whose quota is used up or unknown because a question fails."""
    shortest_s = state.settings.alerts.shortest_window_s
    return [snapshot.provider for snapshot in state.quotas() if needs_attention(snapshot, shortest_s)]


def _link(path: str, name: str, current: str, state: ControlState) -> str:
    here = ' aria-current="page"' if path == current else ""
    badge = _badge(wanting_attention(state)) if path == "/admin/quota" else ""
    return f'<a href="{escape(path)}"{here}>{escape(name)}{badge}</a>'


def _badge(providers: Sequence[str]) -> str:
    if not providers:
        return ""
    told = escape(f"Needs attention: {', '.join(providers)}")
    return f' <span class="badge" role="img" title="{told}" aria-label="{told}">!</span>'
