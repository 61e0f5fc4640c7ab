"""Looking for model servers on this machine: at known ports, and by the processes that run.

Only loopback is asked, and only by GET, for the paths in `providers.local_servers`. A server that is known already is
asked for its own path alone, so that its log does not fill with questions about others. That path lists its models, so
one that was pulled or removed is seen at the next look.
"""

import asyncio
import socket
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tokenrouter.config.load import split_address
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.domain.errors import GatewayError
from tokenrouter.jobs.process_arguments import command_lines, listening_address
from tokenrouter.providers.base import request_head
from tokenrouter.providers.listing import listed_entries, listed_id
from tokenrouter.providers.local_servers import LOCAL_KINDS, LocalKind, is_any_model_list
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.providers.urls import split_base_url
from tokenrouter.upstream.client import UpstreamClient

MAX_ANSWER_BYTES: Final = 2**20
MAX_ADDRESSES: Final = 512
"""Most places that are looked at; more than the settings can name."""
LOOPBACK: Final = "127.0.0.1"
_TIMEOUTS: Final = Timeouts(connect_s=0.5, first_byte_s=1.0, between_bytes_s=1.0, total_s=2.0)

Address = tuple[str, int]
"""Host, as it stands in a URL, and port."""


@dataclass(frozen=True, slots=True)
class Looking:
    """What the settings say of looking.

    Attributes:
        ports: by kind, where to look.
        taken: addresses that are our own, or a declared provider's.
        timeouts: of the providers that are found.
    """

    ports: Mapping[str, tuple[int, ...]]
    taken: Collection[Address] = ()
    timeouts: Timeouts = Timeouts()


@dataclass(frozen=True, slots=True)
class _Known:
    """A server that answered: its kind, and the models that it listed."""

    kind: LocalKind
    models: frozenset[str]


class LocalServers:
    """Finds them."""

    def __init__(
        self,
        upstream: UpstreamClient,
        looking: Callable[[], Looking | None],
        *,
        commands: Callable[[], Iterable[Sequence[str]]] = command_lines,
        on_models: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`looking` returns None while it is switched off; `commands` are the command lines of what runs.

        `on_models` is called with the name of a known server whose models are others than at the last look.
        """
        self._on_models = on_models
        self._upstream = upstream
        self._looking = looking
        self._commands = commands
        self._known: dict[Address, _Known] = {}

    async def look(self) -> dict[str, Provider] | None:
        """Return the servers that answer now, by name; None when nobody is to be looked for."""
        looking = self._looking()
        if looking is None:
            self._known.clear()
            return None
        run = await asyncio.to_thread(self._by_process)
        candidates = self._candidates(looking, run)
        addresses = list(candidates)[:MAX_ADDRESSES]
        servers = await asyncio.gather(*(self._server_at(at, candidates[at], is_run=at in run) for at in addresses))
        known = {at: server for at, server in zip(addresses, servers, strict=True) if server is not None}
        found = {at: _provider(at, server.kind, looking) for at, server in known.items()}
        for at, server in known.items():
            if at in self._known and self._known[at] != server:
                self._on_models(found[at].name)
        self._known = known
        return {provider.name: provider for provider in found.values()}

    def _by_process(self) -> dict[Address, LocalKind]:
        """Return the addresses that running processes name, with the kind that they are."""
        found: dict[Address, LocalKind] = {}
        for kind in LOCAL_KINDS:
            if kind.programs:
                addresses = (listening_address(words, kind.programs) for words in self._commands())
                found |= dict.fromkeys((at for at in addresses if at is not None), kind)
        return found

    def _candidates(self, looking: Looking, run: Mapping[Address, LocalKind]) -> dict[Address, list[LocalKind]]:
        found: dict[Address, list[LocalKind]] = {}
        for kind in LOCAL_KINDS:
            at = [(LOOPBACK, port) for port in looking.ports.get(kind.kind, ())]
            for address in (*at, *(address for address, theirs in run.items() if theirs is kind)):
                if address not in looking.taken and kind not in found.setdefault(address, []):
                    found[address].append(kind)
        return {address: kinds for address, kinds in found.items() if kinds}

    async def _server_at(self, address: Address, kinds: Sequence[LocalKind], *, is_run: bool) -> _Known | None:
        known = self._known.get(address)
        try:
            if known is not None:
                said = await self._get(address, known.kind.path)
                if self._is_still(known.kind, said, is_run=is_run):
                    return _Known(known.kind, _models_in(said))
            return await self._recognise(address, kinds, is_run=is_run)
        except GatewayError:  # nobody listens there, or it does not speak HTTP
            return None

    async def _recognise(self, address: Address, kinds: Sequence[LocalKind], *, is_run: bool) -> _Known | None:
        said: dict[str, Any] = {}
        for kind in kinds:
            if kind.path not in said:
                said[kind.path] = await self._get(address, kind.path)
            if not self._is_still(kind, said[kind.path], is_run=is_run):
                continue
            is_told_by_process = not kind.is_own(said[kind.path])
            if is_told_by_process or kind.is_it(said | await self._answers(address, kind.foes)):
                return _Known(kind, _models_in(said[kind.path]))
        return None

    def _is_still(self, kind: LocalKind, said: Any, *, is_run: bool) -> bool:
        return kind.is_own(said) or (is_run and bool(kind.programs) and is_any_model_list(said))

    async def _answers(self, address: Address, paths: Sequence[str]) -> dict[str, Any]:
        return {path: await self._get(address, path) for path in paths}

    async def _get(self, address: Address, path: str) -> Any:
        """Return what `path` is answered with, None unless that is JSON with status 200.

        Raises:
            GatewayError: there is no answer.
        """
        origin = split_base_url(f"http://{address[0]}:{address[1]}/").origin
        to = Destination(origin, _TIMEOUTS, f"{address[0]}:{address[1]}", allow_private=True)
        head = request_head("GET", path, {"host": origin.authority, "accept": "application/json"})
        response = await self._upstream.send(UpstreamRequest(to, [head + b"\r\n"], MAX_ANSWER_BYTES))
        try:
            body = response.take()
            return msgspec.json.decode(body) if response.status == 200 and response.complete else None
        except (ValueError, RecursionError):
            return None
        finally:
            response.close()


def _models_in(said: Any) -> frozenset[str]:
    return frozenset(map(listed_id, listed_entries(said) or ()))


def looking_of(settings: Settings) -> Looking | None:
    """Return what `settings` say of looking; None when nobody is to be looked for."""
    if not settings.auto_detect_local_servers:
        return None
    declared = (_address_of(provider) for provider in settings.providers)
    own = split_address(settings.listen_addr)
    taken = {at for at in declared if at is not None} | ({(LOOPBACK, own[1])} if own is not None else set())
    return Looking(settings.local_ports, taken, settings.timeouts)


def is_anybody_there(looking: Looking) -> bool:
    """Return whether something listens at one of the ports, for a start that has nobody else to serve; waits little."""
    ports = {port for at in looking.ports.values() for port in at if (LOOPBACK, port) not in looking.taken}
    return any(_listens(port) for port in sorted(ports))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(_TIMEOUTS.connect_s)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _address_of(provider: Provider) -> Address | None:
    """Return where a declared provider is, if that is this machine."""
    try:
        origin = split_base_url(provider.base_url).origin
    except ValueError:
        return None
    host = {"localhost": LOOPBACK, "::1": "[::1]"}.get(origin.host, origin.host)
    return host, origin.port


def _provider(address: Address, kind: LocalKind, looking: Looking) -> Provider:
    host, port = address
    usual = next(iter(looking.ports.get(kind.kind, ())), 0)
    return Provider(
        name=kind.name_at(port, usual),
        kind=kind.kind,
        base_url=f"http://{host}:{port}/v1",
        origin="automatic",
        timeouts=looking.timeouts,
        allow_private=True,
    )
