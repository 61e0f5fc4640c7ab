"""Alerts on their way to real servers: well, failing, slow, and not allowed."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable

import pytest

from tests.jobs.hook_receiver import hook_receiver
from tokenrouter.config.settings import WebhookSetting
from tokenrouter.domain.alerts import Alert
from tokenrouter.jobs.webhooks import MAX_WAITING, PAUSES_S, Webhooks, signature
from tokenrouter.upstream.client import UpstreamClient

NOW_S = 1_795_600_000.0
SECRET = "0123456789abcdef0123"
ALERT = Alert("provider_quota.low", "fast", "requests_1d", "1d", 5, NOW_S, {"left_percent": 4.0, "reset_at_s": None})

StartWebhooks = Callable[..., Webhooks]


@pytest.fixture
async def webhooks() -> AsyncIterator[StartWebhooks]:
    """A function that makes a sender to some addresses; its pauses are noted in `slept` and over at once."""
    made: list[Webhooks] = []
    async with UpstreamClient() as upstream:

        def make(*urls: str, slept: list[float] | None = None, allow_private: bool = True) -> Webhooks:
            async def sleep(pause_s: float) -> None:
                (slept if slept is not None else []).append(pause_s)

            hooks = [WebhookSetting(url, SECRET, allow_private=allow_private) for url in urls]
            made.append(Webhooks(upstream, lambda: hooks, sleep=sleep, clock=lambda: NOW_S))
            return made[-1]

        yield make
        for each in made:
            await each.close()


async def ended(webhooks: Webhooks, count: int) -> dict[str, int]:
    async with asyncio.timeout(60):
        while sum(webhooks.counts.values()) < count:
            await asyncio.sleep(0.005)
    return {outcome: times for outcome, times in webhooks.counts.items() if times}


async def test_an_alert_is_posted_as_json_and_signed(webhooks: StartWebhooks) -> None:
    with hook_receiver() as receiver:
        sender = webhooks(receiver.url)
        sender.send([ALERT])
        assert await ended(sender, 1) == {"delivered": 1}

    (got,) = receiver.received
    assert got.path == "/hooks/alerts?team=1"
    told = json.loads(got.body)
    assert told.pop("id") == got.headers["x-tokenrouter-delivery"]
    data = {"subject": "fast", "metric": "requests_1d", "window": "1d", "percent": 5, "left_percent": 4.0}
    assert told == {
        "type": "provider_quota.low",
        "created_at": "2026-11-25T09:46:40Z",
        "data": {**data, "reset_at_s": None},
    }
    digest = hmac.new(SECRET.encode(), b"1795600000." + got.body, hashlib.sha256).hexdigest()
    assert got.headers["x-tokenrouter-signature"] == f"t=1795600000,v1={digest}"


def test_another_moment_or_secret_is_another_signature() -> None:
    assert (
        len({signature("a", b"x", 1), signature("a", b"x", 2), signature("b", b"x", 1), signature("a", b"y", 1)}) == 4
    )


async def test_a_receiver_that_fails_is_tried_again_with_growing_pauses(webhooks: StartWebhooks) -> None:
    slept: list[float] = []
    with hook_receiver(500, 429, 503) as receiver:
        sender = webhooks(receiver.url, slept=slept)
        sender.send([ALERT])
        assert await ended(sender, 1) == {"delivered": 1}

    assert slept == [1.0, 4.0, 16.0]
    assert len({got.headers["x-tokenrouter-delivery"] for got in receiver.received}) == 1
    assert len(receiver.received) == 4


async def test_one_that_goes_on_failing_is_given_up(webhooks: StartWebhooks) -> None:
    with hook_receiver(*[500] * 9) as receiver:
        sender = webhooks(receiver.url)
        sender.send([ALERT])
        assert await ended(sender, 1) == {"failed": 1}

    assert len(receiver.received) == 1 + len(PAUSES_S)


@pytest.mark.parametrize("status", [400, 404, 410, 301, 307])
async def test_a_refusal_or_a_redirect_is_final(webhooks: StartWebhooks, status: int) -> None:
    with hook_receiver(status) as receiver:
        sender = webhooks(receiver.url)
        sender.send([ALERT])
        assert await ended(sender, 1) == {"failed": 1}

    assert len(receiver.received) == 1


async def test_a_slow_receiver_holds_up_nobody_else(webhooks: StartWebhooks) -> None:
    with hook_receiver(is_slow=True) as slow, hook_receiver() as quick:
        sender = webhooks(slow.url, quick.url)
        sender.send([ALERT] * 5)
        assert await ended(sender, 5) == {"delivered": 5}
        assert len(quick.received) == 5
        assert len(slow.received) <= 2
        slow.released.set()
        assert await ended(sender, 10) == {"delivered": 10}


async def test_what_waits_is_bounded(webhooks: StartWebhooks) -> None:
    with hook_receiver(is_slow=True) as slow:
        sender = webhooks(slow.url)
        sender.send([ALERT] * (MAX_WAITING + 3))

        assert sender.counts["dropped"] == 3


async def test_private_addresses_are_reached_only_where_the_file_allows_them(webhooks: StartWebhooks) -> None:
    with hook_receiver() as receiver:
        sender = webhooks(receiver.url, allow_private=False)
        sender.send([ALERT])
        assert await ended(sender, 1) == {"failed": 1}

    assert receiver.received == []


async def test_nobody_is_told_where_nobody_wants_it(webhooks: StartWebhooks) -> None:
    sender = webhooks()
    sender.send([ALERT])

    assert sum(sender.counts.values()) == 0
