import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.little_servers import LittleServer, little_server
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import Ended, EndReason, Subject, Usage
from tokenrouter.jobs.condition_book import ConditionBook
from tokenrouter.jobs.discovery import Discovery
from tokenrouter.jobs.health_checks import HASTEN_S, HealthChecks, ProviderHealth
from tokenrouter.observe.figures import Figures
from tokenrouter.upstream.client import UpstreamClient

LIST = {"data": [{"id": "m"}]}
ASKED = "GET /v1/models"


class Watch:
    """Checks of one provider `p`, looked after by hand; `now_s` is the time, and asking takes none of it."""

    def __init__(self, cache: Path, client: UpstreamClient, server: LittleServer, *, asks: bool) -> None:
        self.now_s = 1_000_000_000.0
        self.server = server
        self.provider = Provider("p", "openai-compatible", server.base_url, allow_private=True)
        self.discovery = Discovery(cache, client, lambda: None, clock=lambda: self.now_s)
        self.book = ConditionBook()
        self.checks = HealthChecks(self.discovery, self.book, asks=lambda: asks, clock=lambda: self.now_s)
        self.figures = Figures()

    async def tick(self, seconds: float = 1.0) -> ProviderHealth:
        """Let time go on, look once, and wait for whoever is asked."""
        self.now_s += seconds
        providers = [self.provider]
        self.checks.heed(providers, {"w": self.figures.snapshot()})
        self.checks.ask_who_is_due(providers)
        async with asyncio.timeout(60):
            while self.checks.is_asking:
                await asyncio.sleep(0.005)
        self.checks.look(providers)
        return self.checks.shown()["p"]

    def request(self, status: int, reason: EndReason, code: str = "") -> None:
        """Have a request end."""
        self.figures.record(Subject("chat", provider="p"), Ended("r", 0, Usage(), status, reason, code))


NewWatch = Callable[..., Watch]


@pytest.fixture
async def new_watch(tmp_path: Path) -> AsyncIterator[NewWatch]:
    async with UpstreamClient() as client:

        def make(server: LittleServer, *, asks: bool = True) -> Watch:
            return Watch(tmp_path / "models.json", client, server, asks=asks)

        yield make


async def test_one_that_answers_is_asked_again_after_a_quarter_of_an_hour_any_other_after_half_a_minute(
    new_watch: NewWatch,
) -> None:
    with little_server({"/v1/models": LIST}) as server:
        watch = new_watch(server)
        health = await watch.tick()
        assert (health.status, health.model_count, health.next_check_s) == ("online", 1, watch.now_s + 900)
        await watch.tick(899)
        assert server.asked == [ASKED]
        server.says["/v1/models"] = (500, {})
        health = await watch.tick(1)
        assert (health.status, health.next_check_s) == ("offline", watch.now_s + 30)
        await watch.tick(29)
        assert server.asked == [ASKED] * 2
        server.says["/v1/models"] = LIST
        assert (await watch.tick(1)).status == "online"


async def test_what_is_found_out_stands_in_the_book(new_watch: NewWatch) -> None:
    with little_server({"/v1/models": (401, {})}) as server:
        watch = new_watch(server)
        watch.book.note_left("p", 0.5)
        await watch.tick()

        condition = watch.book.of("p")
        assert (condition.status, condition.left, condition.checked_at_s) == ("auth problem", 0.5, watch.now_s)


async def test_a_disabled_one_is_not_asked(new_watch: NewWatch) -> None:
    with little_server({"/v1/models": LIST}) as server:
        watch = new_watch(server)
        watch.provider = replace(watch.provider, enabled=False)

        assert (await watch.tick()).status == "disabled"
        assert server.asked == []


async def test_one_whose_requests_fail_is_asked_at_once_but_not_again_and_again(new_watch: NewWatch) -> None:
    with little_server({"/v1/models": LIST}) as server:
        watch = new_watch(server)
        await watch.tick()
        for _ in range(3):
            watch.request(502, "provider_unreachable", "provider_unreachable")
            await watch.tick()
        assert len(server.asked) == 2

        server.says["/v1/models"] = (401, {})
        watch.request(502, "provider_error", "provider_credentials_rejected")
        assert (await watch.tick(HASTEN_S)).status == "auth problem"


async def test_one_that_answers_some_requests_and_fails_others_is_asked_which_it_is(new_watch: NewWatch) -> None:
    with little_server({"/v1/models": LIST}) as server:
        watch = new_watch(server)
        await watch.tick()
        server.says["/v1/models"] = (503, {})
        watch.request(200, "completed")
        watch.request(502, "provider_unreachable", "provider_unreachable")

        assert (await watch.tick()).status == "offline"


async def test_one_whose_requests_are_answered_is_online_without_being_asked(new_watch: NewWatch) -> None:
    with little_server({}) as server:  # it has no list of models
        watch = new_watch(server)
        assert (await watch.tick()).status == "unknown"
        watch.request(200, "completed")
        health = await watch.tick()
        assert (health.status, health.checked_at_s) == ("online", watch.now_s)
        assert (await watch.tick(600)).status == "online"
        assert (await watch.tick(301)).status == "unknown"


async def test_an_answered_request_counts_more_than_an_older_check_and_less_than_a_newer_one(
    new_watch: NewWatch,
) -> None:
    with little_server({"/v1/models": (500, {})}) as server:
        watch = new_watch(server)
        assert (await watch.tick()).status == "offline"
        watch.request(200, "completed")
        assert (await watch.tick()).status == "online"
        assert (await watch.tick(30)).status == "offline"


async def test_one_that_cannot_be_asked_is_as_its_requests_show_for_a_while(new_watch: NewWatch) -> None:
    with little_server({}) as server:
        watch = new_watch(server, asks=False)
        watch.request(502, "provider_unreachable", "provider_unreachable")
        assert (await watch.tick()).status == "offline"
        watch.request(502, "provider_error", "provider_credentials_rejected")
        assert (await watch.tick()).status == "auth problem"
        assert (await watch.tick(30)).status == "unknown"
        assert server.asked == []


async def test_a_model_that_is_missing_there_has_the_list_read_again_once_in_half_a_minute(
    new_watch: NewWatch,
) -> None:
    with little_server({"/v1/models": LIST}) as server:
        watch = new_watch(server)
        await watch.tick()
        server.says["/v1/models"] = {"data": [{"id": "n"}]}
        for _ in range(3):
            watch.request(404, "provider_error", "model_not_found")
            await watch.tick()
        assert len(server.asked) == 2
        assert watch.discovery.models()["p"] == ("n",)

        watch.request(404, "provider_error", "model_not_found")
        await watch.tick(HASTEN_S)
        assert len(server.asked) == 3


async def test_one_whose_list_is_known_to_be_old_is_asked_at_the_next_look(new_watch: NewWatch) -> None:
    with little_server({"/v1/models": LIST}) as server:
        watch = new_watch(server)
        await watch.tick()
        watch.checks.ask_soon("p")
        watch.checks.ask_soon("gone")
        await watch.tick()
        await watch.tick()

    assert server.asked == [ASKED] * 2


async def test_a_slow_one_holds_up_nobody(new_watch: NewWatch) -> None:
    with little_server({"/v1/models": LIST}) as server:
        watch = new_watch(server)
        slow = await asyncio.start_server(lambda _reader, _writer: asyncio.sleep(3600), "127.0.0.1", 0)
        port = slow.sockets[0].getsockname()[1]
        silent = Provider("silent", "openai-compatible", f"http://127.0.0.1:{port}/v1", allow_private=True)
        watch.checks.ask_who_is_due([silent, watch.provider])

        async with asyncio.timeout(60):
            while watch.discovery.listing(watch.provider).status != "online":
                await asyncio.sleep(0.005)
        assert watch.discovery.listing(silent).status == "unknown"
        await watch.checks.close()
        slow.close()


async def test_everybody_can_be_asked_out_of_turn_but_those_that_are_off(new_watch: NewWatch) -> None:
    with little_server({"/v1/models": LIST}) as server:
        watch = new_watch(server, asks=False)
        off = replace(watch.provider, name="off", enabled=False)

        await watch.checks.ask_now([watch.provider, off])

        assert {name: one.status for name, one in watch.checks.shown().items()} == {"p": "online", "off": "disabled"}
    assert server.asked == [ASKED]
