"""A mail server on loopback, which may refuse, be slow, want TLS and a password; its messages are whole."""

import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tokenrouter.testing.processes import free_port

USER, PASSWORD = "gateway", "correct horse"


@dataclass
class MailServer:
    """What it got, and what it answers.

    Attributes:
        answers: to the next messages, in order; it takes them when there are none left.
        released: nobody is answered before it is set.
    """

    port: int = 0
    answers: list[str] = field(default_factory=list)
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.received.append(message)
        self.recipients.append(envelope.rcpt_tos)
        return "250 thanks"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@contextmanager
def mail_server(
    *answers: str, tls: ssl.SSLContext | None = None, is_implicit: bool = False, wants_password: bool = False
) -> Iterator[MailServer]:
    server = MailServer(answers=list(answers))
    options: dict[str, Any] = {}
    if tls is not None and is_implicit:
        options["ssl_context"] = tls
    elif tls is not None:
        options |= {"tls_context": tls, "require_starttls": True}
    if wants_password:
        options |= {"authenticator": _check, "auth_required": True, "auth_require_tls": not is_implicit}
    controller = Controller(server, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """A server that takes connections and never says anything; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def _check(_server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    del mechanism
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=is_right)
