"""Telling hooks what a request was charged: after its answer, which never waits for them.

What is charged is told to the observer of all requests; this one stands before it and knows which ids somebody follows.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from decimal import Decimal
from typing import Final

import structlog

from tokenrouter.domain.ledger import Ended, Subject
from tokenrouter.gateway.hook_rules import Following
from tokenrouter.gateway.ports import Observer
from tokenrouter.hooks import Charged, Follower

MAX_OPEN: Final = 20_000
"""Most requests that are followed at once; as many as there are connections by default."""
MAX_RUNNING: Final = 1000
"""Most calls that wait at once; while there are so many no more are begun, and that is said."""
_NANO: Final = Decimal(10) ** -9

log = structlog.get_logger(__name__)


class AfterHooks:
    """Stands before an observer; see `ports.Observer`. One per data process.

    Attributes:
        count: the observer's own.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.count = observer.count
        self._open: dict[str, tuple[Following, ...]] = {}
        self._running: set[asyncio.Future[None]] = set()

    def follow(self, request_id: str, following: Sequence[Following]) -> bool:
        """Tell those who want to know what is charged for `request_id`; whether there are any."""
        wanting = tuple(one for one in following if type(one.follower).after_exchange is not Follower.after_exchange)
        if not wanting:
            return False
        if len(self._open) >= MAX_OPEN:
            self._open.pop(next(iter(self._open)))
            log.warning("too many requests are followed by hooks; the oldest is no more")
        self._open[request_id] = wanting
        return True

    def forget(self, request_id: str) -> None:
        """Let go of a request that is over."""
        self._open.pop(request_id, None)

    def record(self, subject: Subject, ended: Ended) -> None:
        self._observer.record(subject, ended)
        if self._open:
            self._tell(subject, ended)

    def _tell(self, subject: Subject, ended: Ended) -> None:
        request_id = ended.id.partition(".")[0]
        following = self._open.get(request_id)
        if following is None:
            return
        if ended.requests:
            del self._open[request_id]
        charged = _charged(subject, ended)
        loop = asyncio.get_running_loop()
        for one in following:
            loop.call_soon(self._call, one, charged)

    def _call(self, following: Following, charged: Charged) -> None:
        if len(self._running) >= MAX_RUNNING:
            log.warning("too many hooks still run after their requests; one was left out", hook=following.rule.name)
            return
        try:
            waiting = following.follower.after_exchange(charged)
        except Exception as error:  # noqa: BLE001 - somebody else's code, and nobody waits for it
            _note(following, error)
            return
        if waiting is None:
            return
        task = asyncio.ensure_future(_run(following, waiting))
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def _run(following: Following, waiting: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(following.rule.timeout_s):
            await waiting
    except Exception as error:  # noqa: BLE001 - as above
        _note(following, error)


def _note(following: Following, error: Exception) -> None:
    name, kind = following.rule.name, type(error).__name__
    log.error("a hook failed", hook=name, where="after_exchange", error=kind)


def _charged(subject: Subject, ended: Ended) -> Charged:
    return Charged(
        ended.id,
        subject.provider,
        subject.model,
        ended.status,
        ended.end_reason,
        ended.usage.input_tokens,
        ended.usage.output_tokens,
        None if ended.cost_nano_usd is None else ended.cost_nano_usd * _NANO,
        ended.estimated,
        ended.latency_us / 1e6,
    )
