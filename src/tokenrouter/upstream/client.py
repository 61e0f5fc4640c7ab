"""The pooled client: opens, reuses and bounds connections, and keeps every exchange to its time limits.

Time limits are kept by one sweep over the running exchanges a few times a second: a timer per request
would cost more than parsing its answer.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tokenrouter.domain.errors import ProviderTimeout, ProviderUnreachable
from tokenrouter.providers.base import Origin
from tokenrouter.providers.outbound import UnixOrigin, UpstreamRequest
from tokenrouter.upstream.addresses import AddressBook
from tokenrouter.upstream.connection import UpstreamConnection
from tokenrouter.upstream.proxies import Proxy, ProxyTable
from tokenrouter.upstream.response import UnansweredClose, UpstreamResponse
from tokenrouter.upstream.tunnel import open_tunnel

SWEEP_S: Final = 0.1
"""How often time limits are checked; they are at most this late."""
IDLE_S: Final = 55.0
"""How long an idle connection is kept: below the 60 s after which common front ends close theirs."""
MAX_IDLE_PER_ORIGIN: Final = 1024


_PoolKey = tuple[Origin | UnixOrigin, bool]


@dataclass(slots=True)
class ClientFigures:
    """Counters since the start."""

    connects: int = 0
    reuses: int = 0
    failures: int = 0


@dataclass(slots=True)
class _Pool:
    idle: deque[UpstreamConnection] = field(default_factory=deque)


class UpstreamClient:
    """Sends requests and returns answers as they begin. Use it as an async context manager."""

    def __init__(self, proxies: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        """`tls` replaces the system's trust store, for tests with their own authority."""
        self.figures = ClientFigures()
        self._proxies = ProxyTable(proxies or {})
        self._addresses = AddressBook()
        self._tls = tls
        self._pools: dict[_PoolKey, _Pool] = {}
        self._keys: dict[UpstreamConnection, _PoolKey] = {}
        self._running: set[UpstreamResponse] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    async def __aenter__(self) -> "UpstreamClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; running exchanges fail."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._keys):
            if connection.transport is not None:
                connection.transport.abort()
        self._keys.clear()
        self._pools.clear()

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send `request` and return its answer at its head, or whole if it is within `whole_limit`.

        The caller closes the answer. A reused connection that the provider closed before any byte of an
        answer is replaced once: it was closed for being idle.

        Raises:
            ProviderUnreachable, ProviderTimeout, ProviderProtocolError, ProviderCut
        """
        loop = asyncio.get_running_loop()
        while True:
            connection = self._take_idle((request.origin, request.allow_private)) or await self._connect(request)
            reused = connection.exchanges > 0
            try:
                response = connection.start(
                    request.head,
                    request.body,
                    request.timeouts,
                    provider=request.provider,
                    whole_limit=request.whole_limit,
                    now_s=loop.time(),
                )
            except UnansweredClose:
                continue
            self._watch(response, loop)
            try:
                await response.arrival()
            except UnansweredClose:
                response.close()
                if not reused:
                    self.figures.failures += 1
                    raise ProviderUnreachable(
                        f"Provider {request.provider!r} closed the connection without an answer.",
                        provider=request.provider,
                    ) from None
            except BaseException:
                response.close()
                raise
            else:
                return response

    def _take_idle(self, key: _PoolKey) -> UpstreamConnection | None:
        pool = self._pools.get(key)
        while pool is not None and pool.idle:
            connection = pool.idle.pop()
            if connection.transport is not None and not connection.transport.is_closing():
                self.figures.reuses += 1
                return connection
            self._keys.pop(connection, None)
        return None

    def _free(self, connection: UpstreamConnection, response: UpstreamResponse, clean: bool) -> None:
        self._running.discard(response)
        key = self._keys.get(connection)
        if key is None:
            return
        pool = self._pools.get(key)
        if not clean or pool is None or len(pool.idle) >= MAX_IDLE_PER_ORIGIN:
            del self._keys[connection]
            connection.close()
            return
        connection.idle_since_s = asyncio.get_running_loop().time()
        pool.idle.append(connection)

    # Opening connections.

    async def _connect(self, request: UpstreamRequest) -> UpstreamConnection:
        limit_s = request.timeouts.connect_s or None
        try:
            async with asyncio.timeout(limit_s):
                connection = await self._open(request)
        except TimeoutError:
            self.figures.failures += 1
            raise ProviderTimeout(
                f"Provider {request.provider!r} did not accept a connection within {limit_s:g} s.",
                provider=request.provider,
                phase="connect",
            ) from None
        except ssl.SSLError as error:
            self.figures.failures += 1
            raise ProviderUnreachable(
                f"TLS with provider {request.provider!r} ({request.origin}) failed: {error.reason or error}.",
                provider=request.provider,
            ) from None
        except OSError as error:
            self.figures.failures += 1
            raise ProviderUnreachable(
                f"Provider {request.provider!r} ({request.origin}) cannot be reached: {error.strerror or error}.",
                provider=request.provider,
            ) from None
        self.figures.connects += 1
        key = (request.origin, request.allow_private)
        self._keys[connection] = key
        self._pools.setdefault(key, _Pool())
        return connection

    async def _open(self, request: UpstreamRequest) -> UpstreamConnection:
        origin = request.origin
        loop = asyncio.get_running_loop()
        if isinstance(origin, UnixOrigin):
            _, connection = await loop.create_unix_connection(self._new_connection, str(origin.path))
            return connection
        proxy = self._proxies.proxy_for(origin)
        if proxy is None:
            return await self._open_direct(origin, allow_private=request.allow_private)
        return await self._open_through(proxy, origin)

    def _new_connection(self) -> UpstreamConnection:
        return UpstreamConnection(self._free)

    async def _open_direct(self, origin: Origin, *, allow_private: bool) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        failure: OSError | None = None
        for address in await self._addresses.addresses(origin.host, origin.port, allow_private=allow_private):
            try:
                _, connection = await loop.create_connection(
                    self._new_connection,
                    address,
                    origin.port,
                    ssl=self._tls_context() if origin.tls else None,
                    server_hostname=origin.host if origin.tls else None,
                )
            except OSError as error:
                failure = error
            else:
                return connection
        self._addresses.forget(origin.host)
        raise failure or OSError("no address")

    async def _open_through(self, proxy: Proxy, origin: Origin) -> UpstreamConnection:
        """Open a connection by way of a proxy; the operator chose the proxy, so its own address may be private."""
        loop = asyncio.get_running_loop()
        if origin.tls:
            return await open_tunnel(proxy, origin, self._tls_context(), self._new_connection)
        _, connection = await loop.create_connection(self._new_connection, proxy.host, proxy.port)
        connection.rewrite_head = partial(proxy.absolute, origin)
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    # Time limits and idle connections.

    def _watch(self, response: UpstreamResponse, loop: asyncio.AbstractEventLoop) -> None:
        self._running.add(response)
        if self._sweeper is None:
            self._sweeper = loop.call_later(SWEEP_S, self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now_s = loop.time()
        for response in list(self._running):
            response.check_deadlines(now_s)
        for pool in self._pools.values():
            while pool.idle and now_s - pool.idle[0].idle_since_s > IDLE_S:
                connection = pool.idle.popleft()
                self._keys.pop(connection, None)
                connection.close()
        busy = not self._closed and bool(self._keys)
        self._sweeper = loop.call_later(SWEEP_S, self._sweep, loop) if busy else None
