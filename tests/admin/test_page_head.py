"""What all pages begin with."""

from tests.admin.installation import Installation
from tokenrouter.admin.page_head import page_head, wanting_attention
from tokenrouter.domain.quotas import QuotaSnapshot, QuotaStatus
from tokenrouter.store.sessions import Session, SessionOwner

SESSION = Session("ses_1", SessionOwner("password"), "key", 0.0, 0.0, 1.0, "", "", "csrf-token")


def snapshot(name: str, status: QuotaStatus) -> QuotaSnapshot:
    return QuotaSnapshot(name, "groq", "Groq", "headers", status, error="away" if status == "error" else "")


def test_it_leads_to_every_page_and_says_which_one_this_is(installation: Installation) -> None:
    head = page_head(installation.state, SESSION, "/admin/quota")

    assert '<a href="/admin">Overview</a>' in head
    assert '<a href="/admin/quota" aria-current="page">Quota</a>' in head
    assert '<a href="/docs">API</a>' in head
    assert "csrf-token" in head


def test_a_badge_names_the_providers_that_need_somebody(installation: Installation) -> None:
    installation.state.quotas = lambda: [snapshot("well", "ok"), snapshot("b<ad", "error"), snapshot("off", "disabled")]

    head = page_head(installation.state, SESSION, "/admin")

    assert wanting_attention(installation.state) == ["b<ad"]
    assert 'class="badge" role="img" title="Needs attention: b&lt;ad"' in head
