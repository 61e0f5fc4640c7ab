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
from tokenrouter.domain.system_errors import reason
from tokenrouter.providers.base import Origin
from tokenrouter.providers.outbound import Destination, UnixOrigin, UpstreamRequest
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


MAX_DESTINATIONS: Final = 1000
"""Destinations whose pool is remembered; a changed catalogue brings new ones."""


@dataclass(slots=True)
class ClientFigures:
    """Counters since the start."""

    connects: int = 0
    reuses: int = 0
    failures: int = 0


@dataclass(slots=True)
class _Pool:
    """Connections that lead to one place under one address policy, the freshest last."""

    idle: deque[UpstreamConnection] = field(default_factory=deque)


class UpstreamClient:
    """Sends requests and returns answers as they begin. Use it as an async context manager."""

    def __init__(self, proxies: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        """`tls` replaces the system's trust store, for tests with their own authority."""
        self.figures = ClientFigures()
        self._proxies = ProxyTable(proxies or {})
        self._addresses = AddressBook()
        self._tls = tls
        self._pools: dict[tuple[Origin | UnixOrigin, bool], _Pool] = {}
        self._pool_of: dict[Destination, _Pool] = {}
        self._connections: dict[UpstreamConnection, _Pool] = {}
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
        for connection in list(self._connections):
            if connection.transport is not None:
                connection.transport.abort()
        self._connections.clear()
        self._pools.clear()
        self._pool_of.clear()

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send `request` and return its answer at its head, or whole if it is within `whole_limit`.

        The caller closes the answer. A reused connection that the provider closed before any byte of an
        answer is replaced once, by a new one: it was closed for being idle. More would ask a provider twice that fails.

        Raises:
            ProviderUnreachable, ProviderTimeout, ProviderProtocolError, ProviderCut
        """
        to = request.to
        until_s = asyncio.get_running_loop().time() + request.within_s if request.within_s else 0.0
        pool = self._pool_of.get(to) or self._pool(to)
        is_replaced = False
        while True:
            connection = (None if is_replaced else self._take_idle(pool)) or await self._connect(request, pool)
            reused = connection.exchanges > 0
            try:
                response = connection.start(request)
            except UnansweredClose:
                continue
            response.until_s = until_s
            self._running.add(response)
            if self._sweeper is None:
                self._watch()
            try:
                if not response.has_arrived():
                    await response.wait()
            except UnansweredClose:
                response.close()
                is_replaced = True
                if not reused:
                    self.figures.failures += 1
                    raise ProviderUnreachable(
                        f"Provider {to.provider!r} closed the connection without an answer.", provider=to.provider
                    ) from None
            except BaseException:
                response.close()
                raise
            else:
                return response

    def _pool(self, to: Destination) -> _Pool:
        if len(self._pool_of) >= MAX_DESTINATIONS:
            self._pool_of.clear()
        pool = self._pools.setdefault((to.origin, to.allow_private), _Pool())
        self._pool_of[to] = pool
        return pool

    def _take_idle(self, pool: _Pool) -> UpstreamConnection | None:
        idle = pool.idle
        while idle:
            connection = idle.pop()
            if connection.transport is not None and not connection.transport.is_closing():
                self.figures.reuses += 1
                return connection
            self._connections.pop(connection, None)
        return None

    def _free(self, connection: UpstreamConnection, response: UpstreamResponse, clean: bool) -> None:
        self._running.discard(response)
        pool = self._connections.get(connection)
        if pool is None:
            return
        if not clean or len(pool.idle) >= MAX_IDLE_PER_ORIGIN:
            del self._connections[connection]
            connection.close()
            return
        connection.idle_since_s = connection.loop.time()
        pool.idle.append(connection)

    # Opening connections.

    async def _connect(self, request: UpstreamRequest, pool: _Pool) -> UpstreamConnection:
        """Open a connection, in a task of its own: what it awaits needs one (time limits)."""
        connection = await asyncio.get_running_loop().create_task(self._open_in_time(request))
        self.figures.connects += 1
        self._connections[connection] = pool
        return connection

    async def _open_in_time(self, request: UpstreamRequest) -> UpstreamConnection:
        to = request.to
        limits_s = (to.timeouts.connect_s, request.within_s)
        limit_s = min((one for one in limits_s if one), default=None)
        try:
            async with asyncio.timeout(limit_s):
                return await self._open(to)
        except TimeoutError:
            self.figures.failures += 1
            raise ProviderTimeout(
                f"Provider {to.provider!r} did not accept a connection within {limit_s:g} s.",
                provider=to.provider,
                phase="connect" if limit_s == to.timeouts.connect_s else "deadline",
            ) from None
        except ssl.SSLError as error:
            self.figures.failures += 1
            raise ProviderUnreachable(
                f"TLS with provider {to.provider!r} ({to.origin}) failed: {error.reason or error}.",
                provider=to.provider,
            ) from None
        except OSError as error:
            self.figures.failures += 1
            raise ProviderUnreachable(
                f"Provider {to.provider!r} ({to.origin}) cannot be reached: {reason(error)}.",
                provider=to.provider,
            ) from None

    async def _open(self, to: Destination) -> UpstreamConnection:
        origin = to.origin
        if isinstance(origin, UnixOrigin):
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_unix_connection(self._new_inner_connection, str(origin.path))
            return connection
        proxy = self._proxies.proxy_for(origin)
        if proxy is None:
            return await self._open_direct(origin, allow_private=to.allow_private)
        return await self._open_through(proxy, origin)

    def _new_connection(self) -> UpstreamConnection:
        return UpstreamConnection(asyncio.get_running_loop(), self._free)

    def _new_inner_connection(self) -> UpstreamConnection:
        return UpstreamConnection(asyncio.get_running_loop(), self._free, is_inner=True)

    async def _open_direct(self, origin: Origin, *, allow_private: bool) -> UpstreamConnection:
        failure: OSError | None = None
        for address in await self._addresses.addresses(origin.host, origin.port, allow_private=allow_private):
            try:
                _, connection = await asyncio.get_running_loop().create_connection(
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
        if origin.tls:
            return await open_tunnel(proxy, origin, self._tls_context(), self._new_connection)
        _, connection = await asyncio.get_running_loop().create_connection(self._new_connection, proxy.host, proxy.port)
        connection.rewrite_head = partial(proxy.absolute, origin)
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    # Time limits and idle connections.

    def _watch(self) -> None:
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)

    def _sweep(self) -> None:
        now_s = asyncio.get_running_loop().time()
        for response in list(self._running):
            response.check_deadlines(now_s)
        for pool in self._pools.values():
            while pool.idle and now_s - pool.idle[0].idle_since_s > IDLE_S:
                connection = pool.idle.popleft()
                self._connections.pop(connection, None)
                connection.close()
        self._sweeper = None
        if self._connections and not self._closed:
            self._watch()
