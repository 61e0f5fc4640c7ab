"""Alerts on their way to real mail servers: well, refusing, slow, with TLS, and with hostile names."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.mail_server import PASSWORD, USER, mail_server, silent_server
from tokenrouter.config.settings import EmailSetting
from tokenrouter.domain.alerts import Alert
from tokenrouter.jobs.emails import ATTEMPT_S, MAX_TOLD, Emails, message_of
from tokenrouter.jobs.webhooks import MAX_WAITING, PAUSES_S

NOW_S = 1_795_600_000.0
QUOTA = Alert("provider_quota.low", "fast", "requests_1d", "1d", 5, NOW_S, {"left_percent": 4.0, "reset_at_s": None})
AWAY = Alert("provider.offline", "groq", "", "", 0, NOW_S, {"status": "offline", "problem": "it does not answer"})
SETTING = EmailSetting("127.0.0.1", 25, "gateway@example.org", ("ops@example.org", "ann@example.org"), "none")

StartEmails = Callable[..., Emails]


@pytest.fixture
async def emails() -> AsyncIterator[StartEmails]:
    """A function that makes a sender; its pauses are noted in `slept` and over at once."""
    made: list[Emails] = []

    def make(setting: EmailSetting | None, slept: list[float] | None = None, attempt_s: float = ATTEMPT_S) -> Emails:
        async def sleep(pause_s: float) -> None:
            (slept if slept is not None else []).append(pause_s)

        made.append(Emails(lambda: setting, sleep=sleep, attempt_s=attempt_s))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def ended(emails: Emails, count: int = 1) -> dict[str, int]:
    async with asyncio.timeout(60):
        while sum(emails.counts.values()) < count:
            await asyncio.sleep(0.005)
    return {outcome: times for outcome, times in emails.counts.items() if times}


async def test_alerts_that_come_together_are_one_message_to_all_addresses(emails: StartEmails) -> None:
    with mail_server() as server:
        sender = emails(replace(SETTING, port=server.port))
        sender.send([QUOTA, AWAY])
        assert await ended(sender) == {"delivered": 1}

    (got,) = server.received
    assert server.recipients == [["ops@example.org", "ann@example.org"]]
    assert got["Subject"] == "[TokenRouter] 2 alerts"
    assert got["From"] == "gateway@example.org"
    assert got["Auto-Submitted"] == "auto-generated"
    text = got.get_content()
    assert (
        "a provider's quota is nearly used up (provider_quota.low)\r\n  subject: fast\r\n  metric: requests_1d" in text
    )
    assert "a provider cannot be used (provider.offline)" in text
    assert "at: 2026-11-25 09:46:40 UTC" in text
    assert "reset_at_s" not in text


async def test_only_kinds_that_are_wanted_are_told(emails: StartEmails) -> None:
    with mail_server() as server:
        sender = emails(replace(SETTING, port=server.port, kinds=("provider.*",)))
        sender.send([QUOTA])
        sender.send([QUOTA, AWAY])
        assert await ended(sender) == {"delivered": 1}

    (got,) = server.received
    assert got["Subject"] == "[TokenRouter] a provider cannot be used: groq"
    assert "quota" not in got.get_content()


async def test_a_server_that_is_busy_is_tried_again_with_growing_pauses(emails: StartEmails) -> None:
    slept: list[float] = []
    with mail_server("451 not now", "421 later") as server:
        sender = emails(replace(SETTING, port=server.port), slept)
        sender.send([AWAY])
        assert await ended(sender) == {"delivered": 1}

    assert slept == [1.0, 4.0]
    assert len(server.received) == 1


async def test_a_refusal_is_final(emails: StartEmails) -> None:
    slept: list[float] = []
    with mail_server("554 never") as server:
        sender = emails(replace(SETTING, port=server.port), slept)
        sender.send([AWAY])
        assert await ended(sender) == {"failed": 1}
    with mail_server() as server:
        sender = emails(replace(SETTING, port=server.port, recipients=("nobody@example.org",)), slept)
        sender.send([AWAY])
        assert await ended(sender) == {"failed": 1}

    assert slept == []


async def test_one_address_that_is_refused_keeps_nobody_else_from_hearing(emails: StartEmails) -> None:
    with mail_server() as server:
        sender = emails(replace(SETTING, port=server.port, recipients=("nobody@example.org", "ann@example.org")))
        sender.send([AWAY])
        assert await ended(sender) == {"delivered": 1}

    assert server.recipients == [["ann@example.org"]]


async def test_a_server_that_is_not_there_is_given_up_after_all_attempts(emails: StartEmails) -> None:
    slept: list[float] = []
    sender = emails(replace(SETTING, port=1), slept)
    sender.send([AWAY])

    assert await ended(sender) == {"failed": 1}
    assert slept == list(PAUSES_S)


async def test_a_silent_server_holds_up_nothing_and_what_waits_is_bounded(emails: StartEmails) -> None:
    with silent_server() as port:
        sender = emails(replace(SETTING, port=port))
        for _ in range(MAX_WAITING + 3):
            sender.send([AWAY])
        assert sender.counts["dropped"] == 3
        await sender.close()


async def test_an_attempt_that_takes_too_long_is_cut_off(emails: StartEmails) -> None:
    with silent_server() as port:
        sender = emails(replace(SETTING, port=port), attempt_s=0.05)
        sender.send([AWAY])
        assert await ended(sender) == {"failed": 1}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_with_tls_a_password_is_sent(
    emails: StartEmails, authority: trustme.CA, tmp_path: Path, security: str
) -> None:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    safe = replace(SETTING, security=security, user=USER, password=PASSWORD, ca_file=str(ca_file))  # type: ignore[arg-type]
    with mail_server(tls=server_tls(authority), is_implicit=security == "tls", wants_password=True) as server:
        sender = emails(replace(safe, port=server.port))
        sender.send([AWAY])
        assert await ended(sender) == {"delivered": 1}
        wrong = emails(replace(safe, port=server.port, password="wrong"))
        wrong.send([AWAY])
        assert await ended(wrong) == {"failed": 1}

    assert len(server.received) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_ends_it(
    emails: StartEmails, authority: trustme.CA, security: str
) -> None:
    with mail_server(tls=server_tls(authority), is_implicit=security == "tls") as server:
        sender = emails(replace(SETTING, port=server.port, security=security))  # type: ignore[arg-type]
        sender.send([AWAY])
        assert await ended(sender) == {"failed": 1}

    assert server.received == []


async def test_a_server_without_starttls_gets_nothing(emails: StartEmails) -> None:
    with mail_server() as server:
        sender = emails(replace(SETTING, port=server.port, security="starttls"))
        sender.send([AWAY])
        assert await ended(sender) == {"failed": 1}

    assert server.received == []


async def test_without_a_setting_nobody_is_told(emails: StartEmails) -> None:
    sender = emails(None)
    sender.send([AWAY])

    assert sum(sender.counts.values()) == 0


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_name_adds_a_header_or_a_line(subject: str, fact: str) -> None:
    hostile = Alert("soft_limit.reached", f"key:{subject}", "tokens", "day", 80, NOW_S, {"declared_at": fact})

    for alerts in ([hostile], [hostile] * 2):
        message = message_of(alerts, SETTING)
        head, _, _ = message.as_bytes().partition(b"\r\n\r\n")
        assert set(message.keys()) == set(message_of([AWAY], SETTING).keys())
        assert not [line for line in head.split(b"\r\n") if not line.startswith(b" ") and b":" not in line]
        assert len(message.get_content().split("\n")) - 1 == (6 + bool(fact)) * len(alerts) + len(alerts) - 1


def test_names_that_try_to_add_headers_are_told_as_one_line() -> None:
    hostile = replace(AWAY, subject="x\r\nBcc: everybody@example.org\r\n\r\nbuy")

    message = message_of([hostile], SETTING)

    assert message["Bcc"] is None
    assert message["Subject"] == "[TokenRouter] a provider cannot be used: x  Bcc: everybody@example.org    buy"


def test_very_many_alerts_are_not_all_told() -> None:
    text = message_of([AWAY] * (MAX_TOLD + 5), SETTING).get_content()

    assert text.count("provider.offline") == MAX_TOLD
    assert "and 5 more" in text
