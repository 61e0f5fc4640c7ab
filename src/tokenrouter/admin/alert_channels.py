"""`/api/v1/alerts`: who is told when something needs looking at, of what, and when; as the file says it.

Webhooks and mail servers are the operator's affair, since they reach out of the gateway: they are shown here and
changed in the file. An address of a webhook is often a secret itself, so only its host is shown.
"""

from typing import Annotated, Final, get_args
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import BaseModel

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.state import State
from tokenrouter.config.settings import EmailSetting, SmtpSecurity, WebhookSetting
from tokenrouter.domain.alerts import WORDS, AlertKind

router: Final = APIRouter(prefix="/api/v1/alerts", tags=["settings"])


class ShownWebhook(BaseModel):
    """Where alerts are sent, signed; `allow_private`: it may be a loopback or private address."""

    host: str
    allow_private: bool


class ShownEmail(BaseModel):
    """Who gets alerts by e-mail, and by way of which server. Without `kinds` all alerts are sent."""

    host: str
    port: int
    security: SmtpSecurity
    sender: str
    recipients: list[str]
    kinds: list[str]
    with_password: bool


class ShownAlertKind(BaseModel):
    """Something that is told of."""

    kind: AlertKind
    about: str


class AlertChannels(BaseModel):
    """Who is told; `file` is where that is changed, "" where there is none yet."""

    file: str
    webhooks: list[ShownWebhook]
    email: ShownEmail | None
    kinds: list[ShownAlertKind]
    delivered: dict[str, int]


@router.get("")
def read(state: State, _grant: Annotated[Grant, needs("settings.read")]) -> AlertChannels:
    """Return who is told of what; `delivered` counts the webhooks' deliveries since the start, by how they ended."""
    alerts, file = state.settings.alerts, state.settings.paths.config_file
    return AlertChannels(
        file=file.name if file else "",
        webhooks=[_webhook(one) for one in alerts.webhooks],
        email=_email(alerts.email) if alerts.email else None,
        kinds=[ShownAlertKind(kind=kind, about=WORDS[kind]) for kind in get_args(AlertKind)],
        delivered=dict(state.webhooks()),
    )


def _webhook(one: WebhookSetting) -> ShownWebhook:
    return ShownWebhook(host=urlsplit(one.url).hostname or "", allow_private=one.allow_private)


def _email(one: EmailSetting) -> ShownEmail:
    return ShownEmail(
        host=one.host,
        port=one.port,
        security=one.security,
        sender=one.sender,
        recipients=list(one.recipients),
        kinds=list(one.kinds),
        with_password=bool(one.password),
    )
