from pathlib import Path
from typing import Any, get_args

import pytest

from tokenrouter.domain.alerts import ENDS, WORDS, AlertKind, Trouble, TroubleKind
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.jobs.tls_keeper import TlsState
from tokenrouter.jobs.troubles import (
    PROVIDER_HOLD_S,
    TroubleBook,
    certificate_troubles,
    journal_troubles,
    provider_troubles,
    secret_troubles,
    unknown_providers,
)
from tokenrouter.tls.pair import CertificateFacts

DAY_S = 86_400.0
DISK = Trouble("journal.unwritable", "node-1")


@pytest.fixture
def book(tmp_path: Path) -> TroubleBook:
    return TroubleBook(tmp_path / "cache" / "troubles.json")


def row(status: Any, name: str = "groq") -> ProviderStatus:
    return ProviderStatus(name, "openai-compatible", "file", status, "it does not answer")


def kinds(book: TroubleBook, now_s: float, *troubles: Trouble, **more: Any) -> list[str]:
    return [alert.kind for alert in book.look(troubles, now_s, **more)]


def test_a_trouble_is_told_once_and_its_end_once(book: TroubleBook) -> None:
    assert kinds(book, 1, DISK) == ["journal.unwritable"]
    assert kinds(book, 2, DISK) == []
    assert kinds(book, 3) == ["journal.writable"]
    assert kinds(book, 4) == []
    assert kinds(book, 5, DISK) == ["journal.unwritable"]


def test_what_lasts_a_moment_only_is_no_news(book: TroubleBook) -> None:
    for now_s in range(0, 100, 20):
        away = provider_troubles([row("offline" if now_s % 40 else "online")])
        assert kinds(book, now_s, *away) == []

    assert kinds(book, 200, *provider_troubles([row("offline")])) == []
    (alert,) = book.look(provider_troubles([row("offline")]), 200 + PROVIDER_HOLD_S)
    assert alert.kind == "provider.offline"
    assert alert.subject == "groq"
    assert alert.facts == {"status": "offline", "problem": "it does not answer"}


def test_a_restart_tells_nothing_again(tmp_path: Path) -> None:
    path = tmp_path / "troubles.json"
    assert kinds(TroubleBook(path), 1, DISK) == ["journal.unwritable"]

    assert kinds(TroubleBook(path), 2, DISK) == []
    assert kinds(TroubleBook(path), 3) == ["journal.writable"]


def test_of_a_provider_that_nobody_has_looked_at_nobody_says_that_it_is_back(book: TroubleBook) -> None:
    away = Trouble("provider.offline", "groq")
    kinds(book, 1, away)

    assert kinds(book, 2, unknown=unknown_providers([row("unknown")])) == []
    assert kinds(book, 3, unknown=unknown_providers([row("online")])) == ["provider.online"]


def test_a_provider_that_is_gone_is_forgotten_silently(book: TroubleBook) -> None:
    kinds(book, 1, Trouble("provider.offline", "groq"), DISK)

    book.forget("provider.offline", {"other"})

    assert kinds(book, 2, DISK) == []


def test_a_file_that_cannot_be_read_or_written_keeps_nobody_from_telling(tmp_path: Path) -> None:
    path = tmp_path / "file" / "troubles.json"
    path.parent.write_text("in the way")

    assert kinds(TroubleBook(path), 1, DISK) == ["journal.unwritable"]
    (tmp_path / "troubles.json").write_text("[[")
    assert kinds(TroubleBook(tmp_path / "troubles.json"), 1, DISK) == ["journal.unwritable"]


def test_the_journal_and_the_ledger_are_looked_after() -> None:
    broken = {"1": {"gauges": {"journal_unwritable": 0.0}}, "2": {"gauges": {"journal_unwritable": 1.0}}}

    assert list(journal_troubles(broken, "node-1", 1.0, 60.0)) == [DISK]
    (behind,) = journal_troubles({"1": {}}, "node-1", 61.4, 60.0)
    assert behind == Trouble("ledger.behind", "node-1", {"behind_s": 61})


def test_secrets_that_cannot_be_decrypted_are_told_by_name(book: TroubleBook) -> None:
    assert kinds(book, 1, *secret_troubles(["providers/groq/api_key"])) == ["secret.unreadable"]
    assert kinds(book, 2) == ["secret.readable"]


def test_every_trouble_has_an_end_and_every_kind_its_words() -> None:
    assert set(ENDS) == set(get_args(TroubleKind))
    assert set(WORDS) == set(get_args(AlertKind))


def served(days: float) -> TlsState:
    """A certificate that counts for so many days, from 0 on."""
    facts = CertificateFacts(("gateway.example",), "an authority", False, 0.0, days * DAY_S, "AB:CD")
    return TlsState("letsencrypt", Path("letsencrypt.pem"), facts, problem="it is rate limited")


@pytest.mark.parametrize(("days", "last_good_day"), [(90, 82.9), (6, 4.9), (820, 812.9)])
def test_a_certificate_is_told_of_when_it_should_have_been_renewed_long_ago(days: float, last_good_day: float) -> None:
    assert list(certificate_troubles(served(days), "node-1", last_good_day * DAY_S)) == []
    (trouble,) = certificate_troubles(served(days), "node-1", (last_good_day + 0.2) * DAY_S)

    assert (trouble.kind, trouble.subject) == ("certificate.expiring", "node-1")
    assert trouble.facts["names"] == "gateway.example"
    assert trouble.facts["problem"] == "it is rate limited"


def test_without_https_no_certificate_ends() -> None:
    assert list(certificate_troubles(None, "node-1", 1e12)) == []
