import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.providers.service_account import key_file, pem_of
from tests.sandbox.google.asking import asking, new_key, pem, vertex
from tests.sandbox.program import running
from tests.upstream.serving import answering, serving
from tokenrouter.domain.errors import (
    ProviderCredentialsRejected,
    ProviderProtocolError,
    ProviderUnreachable,
)
from tokenrouter.providers.access_tokens import AccessToken, TokenRequest, TokenSource
from tokenrouter.providers.base import Origin
from tokenrouter.providers.google_tokens import GoogleTokens, read_service_account
from tokenrouter.upstream.client import UpstreamClient
from tokenrouter.upstream.credentials import MAX_ANSWER_BYTES, TokenKeeper, fetch_by


@dataclass(frozen=True, slots=True)
class Plain:
    """A source whose service answers the token itself, and 4xx for a refusal."""

    provider: str = "acme"
    port: int = 1
    life_s: float = 3600.0
    allow_private: bool = True

    def request(self, now_s: float) -> TokenRequest:
        head = b"POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n"
        return TokenRequest(Origin("http", "127.0.0.1", self.port), head, b"ping")

    def read(self, status: int, body: bytes, now_s: float) -> AccessToken:
        if status != 200:
            raise ProviderCredentialsRejected(f"refused with {status}", provider=self.provider)
        return AccessToken(body.decode(), now_s + self.life_s)


class Service:
    """Gives out t1, t2, …; answers the statuses in `fails` first, and only while `open` is set."""

    def __init__(self, *fails: int) -> None:
        self.fails = list(fails)
        self.asked = 0
        self.given = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, source: TokenSource, request: TokenRequest) -> tuple[int, bytes]:
        self.asked += 1
        await self.open.wait()
        if self.fails:
            status = self.fails.pop(0)
            if status == 0:
                raise ProviderUnreachable("the line is dead", provider=source.provider)
            return status, b""
        self.given += 1
        return 200, b"t%d" % self.given


class Clock:
    """Time as the test tells it."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def keeping(service: Service, clock: Callable[[], float] = time.time) -> TokenKeeper:
    return TokenKeeper(service, clock=clock, chance=lambda: 0.0)


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_true():
            await asyncio.sleep(0.01)


async def test_a_token_is_fetched_once_and_then_looked_up() -> None:
    service = Service()
    async with keeping(service) as keeper:
        assert keeper.current(Plain()) is None

        assert await keeper.token(Plain()) == "t1"
        assert await keeper.token(Plain()) == "t1"
        assert keeper.current(Plain()) == "t1"
        assert keeper.current(Plain("other")) is None

    assert service.asked == 1


async def test_those_who_wait_share_one_fetch() -> None:
    service = Service()
    service.open.clear()
    async with keeping(service) as keeper:
        waiting = [asyncio.create_task(keeper.token(Plain())) for _ in range(20)]
        await until(lambda: service.asked == 1)
        service.open.set()

        assert await asyncio.gather(*waiting) == ["t1"] * 20

    assert service.asked == 1


async def test_who_stops_waiting_does_not_stop_the_fetch() -> None:
    service = Service()
    service.open.clear()
    async with keeping(service) as keeper:
        impatient, patient = (asyncio.create_task(keeper.token(Plain())) for _ in range(2))
        await until(lambda: service.asked == 1)
        impatient.cancel()
        service.open.set()

        assert await patient == "t1"
        with pytest.raises(asyncio.CancelledError):
            await impatient


async def test_a_token_that_is_about_to_end_is_not_sent() -> None:
    service, clock = Service(), Clock()
    async with keeping(service, clock) as keeper:
        await keeper.token(Plain())
        clock.now_s += 3584
        assert keeper.current(Plain()) == "t1"
        clock.now_s += 2

        assert keeper.current(Plain()) is None
        assert await keeper.token(Plain()) == "t2"


async def test_a_token_in_use_is_renewed_before_its_end_and_nobody_waits() -> None:
    service = Service()
    source = Plain(life_s=0.25)
    async with keeping(service, Clock()) as keeper:  # by this clock no time passes: all of it is before the end
        await keeper.token(source)
        service.open.clear()

        def asks_again() -> bool:
            assert keeper.current(source) == "t1", "the old token serves while the new one is fetched"
            return service.asked == 2

        await until(asks_again)
        service.open.set()
        await until(lambda: keeper.current(source) not in (None, "t1"))


async def test_a_source_that_nobody_asks_for_is_forgotten() -> None:
    service = Service()
    async with keeping(service) as keeper:
        await keeper.token(Plain(life_s=0.4))
        await until(lambda: not keeper._kept)

    assert service.asked == 1


async def test_a_failure_in_the_background_is_tried_again_while_nobody_waits() -> None:
    service = Service()
    source = Plain(life_s=1.0)
    async with TokenKeeper(service, chance=lambda: 0.0, first_retry_s=0.2) as keeper:
        await keeper.token(source)
        service.fails = [503, 0]

        await until(lambda: keeper.current(source) not in (None, "t1"))

    assert service.asked == service.given + 2


async def test_a_failure_is_told_again_for_a_while_without_another_try() -> None:
    service, clock = Service(403, 403, 403), Clock()
    async with keeping(service, clock) as keeper:
        for asked in (1, 1, 1):
            with pytest.raises(ProviderCredentialsRejected, match="refused with 403"):
                await keeper.token(Plain())
            assert service.asked == asked
        clock.now_s += 1.1
        with pytest.raises(ProviderCredentialsRejected):
            await keeper.token(Plain())
        assert service.asked == 2
        clock.now_s += 1.1
        with pytest.raises(ProviderCredentialsRejected):
            await keeper.token(Plain())
        assert service.asked == 2, "the second wait is longer than the first"


async def test_after_a_failure_that_is_over_there_is_a_token() -> None:
    service, clock = Service(0), Clock()
    async with keeping(service, clock) as keeper:
        with pytest.raises(ProviderUnreachable, match="the line is dead"):
            await keeper.token(Plain())
        clock.now_s += 1.1

        assert await keeper.token(Plain()) == "t1"


async def test_the_end_cancels_a_fetch() -> None:
    service = Service()
    service.open.clear()
    async with keeping(service) as keeper:
        waiting = asyncio.create_task(keeper.token(Plain()))
        await until(lambda: service.asked == 1)

    with pytest.raises(asyncio.CancelledError):
        await waiting


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


@asynccontextmanager
async def over_sockets(reply: bytes) -> AsyncIterator[tuple[TokenKeeper, Plain]]:
    async with serving(answering(reply)) as port, UpstreamClient() as client, TokenKeeper(fetch_by(client)) as keeper:
        yield keeper, Plain(port=port)


async def test_the_upstream_client_can_fetch() -> None:
    async with over_sockets(answer(b"over the wire")) as (keeper, source):
        assert await keeper.token(source) == "over the wire"


async def test_a_refusal_over_the_wire_is_told_to_who_waits() -> None:
    async with over_sockets(answer(b"", b"400 Bad Request")) as (keeper, source):
        with pytest.raises(ProviderCredentialsRejected, match="refused with 400"):
            await keeper.token(source)


async def test_an_answer_without_measure_is_refused() -> None:
    async with over_sockets(answer(b"x" * (MAX_ANSWER_BYTES + 1))) as (keeper, source):
        with pytest.raises(ProviderProtocolError, match="token service of provider 'acme'"):
            await keeper.token(source)


async def test_a_private_address_is_asked_only_where_the_provider_may_have_one() -> None:
    async with over_sockets(answer(b"secret")) as (keeper, source):
        public = Plain(port=source.port, allow_private=False)
        with pytest.raises(ProviderUnreachable):
            await keeper.token(public)


async def test_the_sandbox_takes_every_token_that_is_kept_and_renewed(tmp_path: Path) -> None:
    key = new_key()
    public = tmp_path / "public.pem"
    public.write_text(pem(key))
    with running("--google-public-key", str(public), "--google-token-lifetime", "2") as program:
        address = program.base_url.removesuffix("/v1")
        account = read_service_account(key_file(pem_of(key), token_uri=f"{address}/token"))
        source = GoogleTokens("vertex", account, allow_private=True)
        tokens: list[str] = []
        async with UpstreamClient() as client, TokenKeeper(fetch_by(client)) as keeper, asyncio.timeout(60):
            while len(set(tokens)) < 3:
                tokens.append(keeper.current(source) or await keeper.token(source))
                status = (await asyncio.to_thread(vertex, address, "echo", asking(), token=tokens[-1])).status
                assert status == 200
                await asyncio.sleep(0.02)
