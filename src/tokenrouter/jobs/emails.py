"""Alerts as e-mail, by way of a server that the operator names.

Alerts that come together make one message. The standard library's SMTP client blocks, so it runs in a thread of its
own, one at a time; what waits is bounded, and what does not fit is dropped and said in the log, which has every alert
anyway. Names in an alert may be anything that somebody chose for a key or a team: everything that is not printable
becomes a space, so that no name adds a line to a header or to the text.
"""

import asyncio
import smtplib
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from fnmatch import fnmatchcase
from typing import Final

import structlog

from tokenrouter.config.settings import EmailSetting
from tokenrouter.domain.alerts import WORDS, Alert
from tokenrouter.jobs.webhooks import MAX_WAITING, PAUSES_S
from tokenrouter.observe.tasks import BackgroundTasks

SOCKET_S: Final = 10.0
"""How long one step may take."""
ATTEMPT_S: Final = 60.0
"""How long a whole attempt may take: a server that gives a byte now and then holds up nobody for ever."""
MAX_TOLD: Final = 100
"""Most alerts in one message."""
MAX_NAME_CHARS: Final = 200

log = structlog.get_logger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class Emails:
    """Sends alerts to the addresses of the configuration.

    Attributes:
        counts: messages that came to an end, by how: `delivered`, `failed`, `dropped`.
    """

    def __init__(
        self,
        setting: Callable[[], EmailSetting | None],
        *,
        sleep: Sleep = asyncio.sleep,
        attempt_s: float = ATTEMPT_S,
    ) -> None:
        """`setting` is asked anew each time, so a changed configuration counts at once."""
        self._setting = setting
        self._sleep = sleep
        self._attempt_s = attempt_s
        self._tasks = BackgroundTasks()
        self._waiting = 0
        self._gate = asyncio.Semaphore(1)
        self.counts = {"delivered": 0, "failed": 0, "dropped": 0}

    def send(self, alerts: Sequence[Alert]) -> None:
        """Begin to send one message about `alerts`, as far as they are wanted, and return at once."""
        setting = self._setting()
        wanted = [alert for alert in alerts if setting is not None and is_wanted(alert, setting)]
        if setting is None or not wanted:
            return
        if self._waiting >= MAX_WAITING:
            self.counts["dropped"] += 1
            log.error("an e-mail was not sent: too many wait already", alerts=len(wanted))
            return
        self._waiting += 1
        self._tasks.start(self._deliver(setting, message_of(wanted, setting)), "e-mail")

    async def close(self) -> None:
        """Give up what is under way."""
        await self._tasks.close()

    async def _deliver(self, setting: EmailSetting, message: EmailMessage) -> None:
        try:
            problem = ""
            for pause_s in (0.0, *PAUSES_S):
                if pause_s:
                    await self._sleep(pause_s)
                async with self._gate:
                    problem, may_be_over = await _Attempt(setting, message).run(self._attempt_s)
                if not problem or not may_be_over:
                    break
            self.counts["failed" if problem else "delivered"] += 1
            if problem:
                log.error("an e-mail could not be sent", server=f"{setting.host}:{setting.port}", reason=problem)
        finally:
            self._waiting -= 1


class _Attempt:
    """One attempt, in a thread that the end of the process does not wait for."""

    def __init__(self, setting: EmailSetting, message: EmailMessage) -> None:
        self._setting = setting
        self._message = message
        self._client: smtplib.SMTP | None = None

    async def run(self, longest_s: float) -> tuple[str, bool]:
        """Return what went wrong, or "", and whether that may soon be over."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[tuple[str, bool]] = loop.create_future()

        def tell(outcome: tuple[str, bool]) -> None:
            if not done.done():
                done.set_result(outcome)

        def work() -> None:
            outcome = self._send()
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, outcome)

        threading.Thread(target=work, name="e-mail", daemon=True).start()
        try:
            async with asyncio.timeout(longest_s):
                return await done
        except TimeoutError:
            return f"it was not done within {longest_s:g} s", True
        finally:
            if not done.done() and self._client is not None:
                self._client.close()

    def _send(self) -> tuple[str, bool]:
        try:
            refused = self._talk()
        except ssl.SSLCertVerificationError as error:
            return f"its certificate cannot be trusted: {error.verify_message}", False
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return f"it refused every address ({codes[0]})", all(400 <= code < 500 for code in codes)
        except smtplib.SMTPResponseException as error:
            return f"it answered {error.smtp_code}", 400 <= error.smtp_code < 500
        except smtplib.SMTPNotSupportedError:
            return "it does not offer what is wanted of it: STARTTLS, or signing in", False
        except (OSError, smtplib.SMTPException) as error:
            return str(error) or type(error).__name__, True
        if refused:
            log.warning("an e-mail was refused for some addresses", refused=len(refused))
        return "", False

    def _talk(self) -> dict[str, tuple[int, bytes]]:
        setting = self._setting
        trust = ssl.create_default_context(cafile=setting.ca_file or None)
        if setting.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(setting.host, setting.port, timeout=SOCKET_S, context=trust)
        else:
            client = smtplib.SMTP(setting.host, setting.port, timeout=SOCKET_S)
        self._client = client
        with client:
            if setting.security == "starttls":
                client.starttls(context=trust)
            if setting.user:
                client.login(setting.user, setting.password)
            return client.send_message(self._message, setting.sender, setting.recipients)


def is_wanted(alert: Alert, setting: EmailSetting) -> bool:
    """Whether e-mail is to tell of `alert`; without patterns of kinds it tells of all."""
    return not setting.kinds or any(fnmatchcase(alert.kind, pattern) for pattern in setting.kinds)


def message_of(alerts: Sequence[Alert], setting: EmailSetting) -> EmailMessage:
    """Return the message that tells of `alerts`."""
    first = alerts[0]
    title = f"{WORDS[first.kind]}: {printable(first.subject)}" if len(alerts) == 1 else f"{len(alerts)} alerts"
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"[TokenRouter] {title}"
    message["From"] = setting.sender
    message["To"] = ", ".join(setting.recipients)
    message["Date"] = format_datetime(datetime.fromtimestamp(first.at_s, UTC))
    message["Message-ID"] = make_msgid(domain=setting.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine is to answer it
    more = [f"… and {len(alerts) - MAX_TOLD} more: see the log"] if len(alerts) > MAX_TOLD else []
    message.set_content("\n\n".join([*(_text_of(alert) for alert in alerts[:MAX_TOLD]), *more]) + "\n")
    return message


def printable(text: str) -> str:
    """Return `text` as one line of printable characters, cut at some length."""
    return "".join(one if one.isprintable() else " " for one in text[:MAX_NAME_CHARS])


def _text_of(alert: Alert) -> str:
    moment = datetime.fromtimestamp(alert.at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    counted = {"metric": alert.metric, "window": alert.window, "percent": alert.percent} if alert.metric else {}
    facts = {"subject": alert.subject, **counted, **alert.facts}
    lines = [f"  {printable(name)}: {printable(str(fact))}" for name, fact in facts.items() if fact not in (None, "")]
    return "\n".join([f"{WORDS[alert.kind]} ({alert.kind})", *lines, f"  at: {moment}"])
