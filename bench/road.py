"""The hot road without sockets: what a request and a stream's chunk cost in Python alone.

    python -m bench.road [--profile] [--body BYTES] [--limits] [--alias SELECTION | --guardrails own|others]
        [--captured own|others]

Both ends are transports that take bytes and send nothing, so neither the kernel nor the event loop is in
the figure: it answers "did my change help?" in seconds, where `make bench` answers "how fast is it?".
Compare only figures of one minute on one machine. `--profile` lists the calls by their own time.
"""

import argparse
import asyncio
import cProfile
import gc
import json
import pstats
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.limiter import LIMITS
from tokenrouter.config.sealing import Sealing
from tokenrouter.domain.aliases import SELECTIONS, Alias, Target
from tokenrouter.domain.capture import CaptureRules
from tokenrouter.domain.catalog import Catalog, Key, Policy, Provider
from tokenrouter.domain.guardrails import DETECTORS, Guardrail
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import Limit, LimitState
from tokenrouter.domain.prices import flat_price
from tokenrouter.edge.capturing import Capture
from tokenrouter.edge.control import ControlRelay
from tokenrouter.edge.protocol import Bounds, ClientConnection, Connections
from tokenrouter.edge.service import Service
from tokenrouter.gateway.account.resources import Resources
from tokenrouter.gateway.after_hooks import AfterHooks
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.hook_rules import HookRule
from tokenrouter.gateway.hooks import HookLayer
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.stored_responses import StoredResponses
from tokenrouter.guardrails.redaction import Redaction
from tokenrouter.journal.conversation_writer import ConversationWriter
from tokenrouter.journal.ownership_log import OwnershipLog
from tokenrouter.journal.response_files import ResponseFiles
from tokenrouter.journal.writer import JournalWriter
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.access_tokens import TokenSource
from tokenrouter.upstream.client import UpstreamClient
from tokenrouter.upstream.connection import UpstreamConnection

KEY: Final = b"tr_bench-0123456789-0123456789-0123456789"
MODELS: Final = ("bench/echo", "bench/other")
ALIAS: Final = "balanced"
ROUNDS: Final = 5
REQUESTS: Final = 4000
TEAMS: Final = {"own": "bench", "others": "others"}
TURNS: Final = 200
TURN_REQUESTS: Final = 100
"""Requests in each round of a comparison: so few that other programs leave some rounds alone."""
USAGE: Final = {"prompt_tokens": 9, "completion_tokens": 30, "total_tokens": 39}
ANSWER: Final = json.dumps(
    {
        "id": "chatcmpl-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "y" * 250}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
).encode()
EVENT: Final = b'data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"word word "}}]}\n\n'
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nX-Request-Id: r\r\nServer: s\r\n%b\r\n\r\n"


class Sink(asyncio.Transport):
    """A transport that counts what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes += 1

    def writelines(self, list_of_data: Any) -> None:
        self.writes += 1

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...


class Unplugged(UpstreamClient):
    """An upstream client whose only connection leads nowhere."""

    connection: UpstreamConnection

    async def _open_in_time(self, to: object) -> UpstreamConnection:
        self.connection = self._new_connection()
        self.connection.connection_made(Sink())
        return self.connection


class NoTokens:
    """No provider here takes access tokens."""

    def current(self, source: TokenSource) -> str | None:
        return None

    async def token(self, source: TokenSource) -> str:
        raise NotImplementedError


class Always:
    """A source that never changes, and a process that is always ready."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def current(self) -> Directory:
        return self._directory

    def why_not_ready(self) -> str:
        return ""


class Road:
    """One client connection and one provider connection, with everything that lies between them."""

    def __init__(
        self,
        folder: Path,
        limits: Sequence[Limit] = (),
        aliases: Sequence[Alias] = (),
        guarded_team: str = "",
        captured_team: str = "",
    ) -> None:
        allowed = ("bench/*", *(alias.name for alias in aliases))
        key = Key(id="k", name="bench", digest=key_digest(KEY, b""), allowed_models=allowed, team="bench")
        provider = Provider("bench", "openai-compatible", "http://127.0.0.1:9/v1", secret="sk", allow_private=True)
        catalog = Catalog(
            providers=(provider,),
            keys=(key,),
            aliases=tuple(aliases),
            limits=tuple(limits),
            prices=dict.fromkeys(MODELS, flat_price(1500, 6000)),
            policy=Policy(max_concurrent_requests=1000),
        )
        source = Always(Directory(catalog, b""))
        self.upstream = Unplugged()
        limiter = MemoryLimiter(catalog.limits, restored=True)
        after = AfterHooks(Figures())
        hooks = HookLayer(after)
        if guarded_team:
            redaction = Redaction(Guardrail("bench", "redact", detect=DETECTORS))
            hooks.apply([HookRule("bench", (f"team:{guarded_team}",), redaction)])
        ports = Ports(JournalWriter(folder), limiter, after, NoTokens())
        ownership = Ownership(OwnershipLog(folder))
        gateway = Gateway(source, self.upstream, ports, ownership, layers=[hooks])
        gateway.apply(catalog.policy)
        resources = Resources(gateway, source, self.upstream, ports, ownership)
        control = ControlRelay(self.upstream, folder / "control.sock")

        async def states(scopes: Sequence[str]) -> list[LimitState]:
            return limiter.states(scopes)

        service = Service(
            gateway,
            source,
            states,
            control,
            readiness=source,
            is_draining=lambda: False,
            resources=resources,
            stored=StoredResponses(ResponseFiles(folder / "responses", bytes(32))),
            capture=_capture(source, folder, captured_team),
        )
        self.client: ClientConnection = Connections(service, Bounds()).new()
        self.transport = Sink()
        self.client.connection_made(self.transport)

    async def connect(self, request: bytes, answer: bytes) -> None:
        """Send the first request, which opens the provider's connection."""
        self.client.data_received(request)
        await asyncio.sleep(0.05)
        self.upstream.connection.data_received(answer)


def _capture(source: Always, folder: Path, team: str) -> Capture:
    """Return what keeps the requests of `team`."""
    capture = Capture(source, ConversationWriter(folder / "conversations", Sealing(bytes(32))))
    capture.apply(CaptureRules({f"team:{team}": True} if team else {}))
    return capture


def request_of(body_bytes: int, *, stream: bool, model: str = MODELS[0]) -> bytes:
    """Return a request whose prompt is so long, with an address in it that guardrails find."""
    address = " ann@example.com"
    prompt = {"role": "user", "content": "x" * (body_bytes - len(address)) + address}
    fields = {"model": model, "messages": [prompt], "temperature": 0.7, "stream": stream}
    body = json.dumps(fields, separators=(",", ":")).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %b\r\n" % KEY
    return head + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def best_us(step: Callable[[], None], rounds: int = ROUNDS, requests: int = REQUESTS) -> float:
    """Return microseconds per call of `step`, the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(requests):
            step()
        best = min(best, (time.perf_counter() - started) / requests)
    return best * 1e6


def report(name: str, step: Callable[[], None], *, profile: bool) -> None:
    """Print what one `step` costs."""
    step()
    gc.collect()
    gc.freeze()
    print(f"{name}: {best_us(step):.1f} us")
    if not profile:
        return
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(REQUESTS):
        step()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


async def measure_alias(folder: Path, body_bytes: int, limits: Sequence[Limit], alias: Alias, *, profile: bool) -> None:
    """Measure a whole answer through `alias` beside one without: rounds of the one and the other take turns."""
    road = Road(folder / "alias", limits, [alias])
    plain, balanced = (request_of(body_bytes, stream=False, model=name) for name in (MODELS[0], alias.name))
    answer = HEAD % (b"application/json", b"Content-Length: %d" % len(ANSWER)) + ANSWER
    await road.connect(plain, answer)

    def exchange(request: bytes) -> None:
        road.client.data_received(request)
        road.upstream.connection.data_received(answer)

    report(f"a request and its whole answer, {alias.selection} alias", lambda: exchange(balanced), profile=profile)
    pairs = [
        (best_us(lambda: exchange(plain), 1, TURN_REQUESTS), best_us(lambda: exchange(balanced), 1, TURN_REQUESTS))
        for _ in range(TURNS)
    ]
    before, after = (min(figures) for figures in zip(*pairs, strict=True))
    print(f"  without it: {before:.1f} us, with it: {after:.1f} us ({after / before - 1:+.1%})")


async def measure(
    folder: Path, body_bytes: int, limits: Sequence[Limit], guarded_team: str, captured_team: str, *, profile: bool
) -> None:
    """Measure a whole answer, then a chunk."""
    whole = Road(folder / "whole", limits, guarded_team=guarded_team, captured_team=captured_team)
    request = request_of(body_bytes, stream=False)
    answer = HEAD % (b"application/json", b"Content-Length: %d" % len(ANSWER)) + ANSWER
    await whole.connect(request, answer)

    def exchange() -> None:
        whole.client.data_received(request)
        whole.upstream.connection.data_received(answer)

    report("a request and its whole answer", exchange, profile=profile)
    stream = Road(folder / "stream", limits, guarded_team=guarded_team, captured_team=captured_team)
    chunk = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
    begun = HEAD % (b"text/event-stream", b"Transfer-Encoding: chunked") + chunk
    await stream.connect(request_of(body_bytes, stream=True), begun)
    report("a chunk of a stream", lambda: stream.upstream.connection.data_received(chunk), profile=profile)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="What the hot road costs in Python alone.")
    parser.add_argument("--profile", action="store_true", help="list the calls by their own time")
    parser.add_argument("--body", type=int, default=240, metavar="BYTES", help="length of the prompt (240)")
    parser.add_argument("--limits", action="store_true", help="with hard limits of the key, its team and everybody")
    parser.add_argument("--alias", choices=SELECTIONS, help="through an alias with two targets, beside one without")
    parser.add_argument("--guardrails", choices=TEAMS, help="redact personal data: of this team, or of another one")
    parser.add_argument("--captured", choices=TEAMS, help="keep conversations: of this team, or of another one")
    wanted = parser.parse_args()
    limits = LIMITS if wanted.limits else ()
    with tempfile.TemporaryDirectory() as folder:
        if wanted.alias is None:
            guarded, captured = (TEAMS.get(said, "") for said in (wanted.guardrails, wanted.captured))
            uvloop.run(measure(Path(folder), wanted.body, limits, guarded, captured, profile=wanted.profile))
        else:
            alias = Alias(ALIAS, tuple(map(Target, MODELS)), selection=wanted.alias)
            uvloop.run(measure_alias(Path(folder), wanted.body, limits, alias, profile=wanted.profile))


if __name__ == "__main__":
    main()
