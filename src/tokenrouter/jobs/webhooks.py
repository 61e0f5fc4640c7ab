"""Alerts as signed requests to addresses that the operator names.

Nothing waits for them: each delivery is a task of its own, at most so many at a time, and what does not fit is dropped
and said in the log, which has every alert anyway. A receiver that fails is tried again for about a minute and a half;
one that is slow holds up nobody but itself. The signature covers the moment of sending, so that a recorded request
cannot be played again later.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog

from tokenrouter.config.settings import WebhookSetting
from tokenrouter.domain.alerts import Alert
from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import GatewayError
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.providers.base import request_head
from tokenrouter.providers.compatible import USER_AGENT
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.providers.urls import split_base_url
from tokenrouter.upstream.client import UpstreamClient

PAUSES_S: Final = (1.0, 4.0, 16.0, 64.0)
"""Before each further attempt."""
MAX_WAITING: Final = 256
"""Most deliveries that are under way or wait for a further attempt."""
AT_ONCE: Final = 2
"""Most deliveries to one address at a time."""
MAX_ANSWER_BYTES: Final = 64 * 2**10
_TIMEOUTS: Final = Timeouts(connect_s=5.0, first_byte_s=10.0, between_bytes_s=10.0, total_s=15.0)
_NOT_NOW: Final = (408, 425, 429)
"""Refusals that may be over soon, besides those from 500 on."""

log = structlog.get_logger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class Webhooks:
    """Sends alerts to everybody who wants them.

    Attributes:
        counts: deliveries that came to an end, by how: `delivered`, `failed`, `dropped`.
    """

    def __init__(
        self,
        upstream: UpstreamClient,
        hooks: Callable[[], Sequence[WebhookSetting]],
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`hooks` are asked anew for each alert, so a changed configuration counts at once."""
        self._upstream = upstream
        self._hooks = hooks
        self._sleep = sleep
        self._clock = clock
        self._tasks = BackgroundTasks()
        self._waiting = 0
        self._gates: dict[str, asyncio.Semaphore] = {}
        self.counts = {"delivered": 0, "failed": 0, "dropped": 0}

    def send(self, alerts: Sequence[Alert]) -> None:
        """Begin to deliver `alerts`, and return at once."""
        hooks = self._hooks()
        for url in self._gates.keys() - {hook.url for hook in hooks}:
            del self._gates[url]
        for alert in alerts:
            delivery, body = event(alert)
            for hook in hooks:
                self._begin(hook, delivery, body)

    async def close(self) -> None:
        """Give up what is under way."""
        await self._tasks.close()

    def _begin(self, hook: WebhookSetting, delivery: str, body: bytes) -> None:
        if self._waiting >= MAX_WAITING:
            self.counts["dropped"] += 1
            log.error("an alert was not sent: too many wait already", url=shown(hook.url), delivery=delivery)
            return
        self._waiting += 1
        self._tasks.start(self._deliver(hook, delivery, body), "webhook")

    async def _deliver(self, hook: WebhookSetting, delivery: str, body: bytes) -> None:
        try:
            problem = ""
            for pause_s in (0.0, *PAUSES_S):
                if pause_s:
                    await self._sleep(pause_s)
                problem, may_be_over = await self._attempt(hook, delivery, body)
                if not problem or not may_be_over:
                    break
            self.counts["failed" if problem else "delivered"] += 1
            if problem:
                log.error("an alert could not be sent", url=shown(hook.url), delivery=delivery, reason=problem)
        finally:
            self._waiting -= 1

    async def _attempt(self, hook: WebhookSetting, delivery: str, body: bytes) -> tuple[str, bool]:
        """Return what went wrong, or "", and whether that may soon be over."""
        async with self._gates.setdefault(hook.url, asyncio.Semaphore(AT_ONCE)):
            try:
                response = await self._upstream.send(request_of(hook, delivery, body, self._clock()))
            except GatewayError as error:
                return error.message, True
            status = response.status
            response.close()
        if status < 300:
            return "", False
        return f"it answered with status {status}", status in _NOT_NOW or status >= 500


def event(alert: Alert) -> tuple[str, bytes]:
    """Return the id and the body that tell of `alert`."""
    delivery = f"alert_{secrets.token_hex(12)}"
    moment = datetime.fromtimestamp(alert.at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    fields = asdict(alert)
    counted = {"metric": alert.metric, "window": alert.window, "percent": alert.percent} if alert.metric else {}
    data = {"subject": alert.subject, **counted, **fields["facts"]}
    told = {"id": delivery, "type": alert.kind, "created_at": moment, "data": data}
    return delivery, msgspec.json.encode(told)


def signature(secret: str, body: bytes, at_s: int) -> str:
    """Return what `x-tokenrouter-signature` holds: the moment, and HMAC-SHA256 of the moment, a dot and the body."""
    digest = hmac.new(secret.encode(), b"%d.%b" % (at_s, body), hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


def request_of(hook: WebhookSetting, delivery: str, body: bytes, now_s: float) -> UpstreamRequest:
    """Return the request that delivers `body`; redirects are not followed."""
    base, parts = split_base_url(hook.url), urlsplit(hook.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "host": base.origin.authority,
        "user-agent": USER_AGENT,
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-tokenrouter-delivery": delivery,
        "x-tokenrouter-signature": signature(hook.secret, body, int(now_s)),
    }
    to = Destination(base.origin, _TIMEOUTS, shown(hook.url), allow_private=hook.allow_private)
    return UpstreamRequest(to, [request_head("POST", target, headers) + b"\r\n" + body], MAX_ANSWER_BYTES)


def shown(url: str) -> str:
    """Return what may be shown of a webhook's address: its path is often a secret."""
    return str(split_base_url(url).origin)
