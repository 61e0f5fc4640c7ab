"""Providers that list the same models at prices of their own, and a gateway that asks them."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.gateway.fakes import KEY, Client, Held, Notes, Scripted, Tokens
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.prices import Price, flat_price
from tokenrouter.gateway.attempts import Wisdom
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.outbound import UpstreamRequest

ANSWER = json.dumps(
    {
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    }
).encode()
OVERLOADED = (503, b'{"error":{"message":"overloaded","type":"server_error"}}')


def provider(name: str, *models: str, **more: Any) -> Provider:
    return Provider(name, more.pop("kind", "openai-compatible"), "http://127.0.0.1:9/v1", models=models, **more)


PROVIDERS = (
    provider("dear", "llama", "mistral", "only-dear"),
    provider("cheap", "llama", "named:floor"),
    provider("middle", "llama", "mistral", model_mapping={"llama": "meta-llama"}),
    provider("off", "llama", enabled=False),
    provider("strict", "llama", allowed_models=("other",)),
    provider("router", "org/large", kind="openrouter", secret="sk-or"),
)
PRICES: Mapping[str, Price] = {
    "dear/llama": flat_price(9, 9),
    "dear/mistral": flat_price(4, 4),
    "middle/meta-llama": flat_price(5, 5),
    "middle/mistral": flat_price(6, 6),
    "cheap/llama": flat_price(1, 1),
}
ALIASES = (
    Alias("best", (Target("dear/llama"), Target("cheap/llama"), Target("off/llama"), Target("gone/llama"))),
    Alias("alias:nitro", (Target("dear/llama"),)),
    Alias("kept", (Target("dear/llama"), Target("cheap/llama"), Target("middle/llama")), selection="weighted"),
    Alias("thrifty", (Target("dear/llama"), Target("cheap/llama")), selection="cheapest", fallback="middle/llama"),
    Alias("alone", (Target("dear/mistral"), Target("off/mistral"))),
    Alias("any-*", (Target("cheap/*"), Target("middle/*"))),
)


@dataclass(slots=True)
class Market:
    """A gateway in front of them; `failing` providers are overloaded."""

    limits: tuple[Limit, ...] = ()
    allowed: tuple[str, ...] = ()
    default_provider: str = ""
    failing: set[str] = field(default_factory=set)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)
    directory: Directory = field(init=False)
    gateway: Gateway = field(init=False)

    def __post_init__(self) -> None:
        alice = Key("k", "alice", key_digest(KEY, b""), allowed_models=self.allowed)
        state = Catalog(
            providers=PROVIDERS,
            keys=(alice,),
            aliases=ALIASES,
            limits=self.limits,
            prices=dict(PRICES),
            default_provider=self.default_provider,
        )
        self.directory = Directory(state, b"")
        ports = Ports(self.notes, MemoryLimiter(self.limits, restored=True), Figures(), Tokens())
        self.gateway = Gateway(Held(self.directory), self, ports, wisdom=Wisdom(sleep=_at_once))

    async def send(self, request: UpstreamRequest) -> Scripted:
        body = b"".join(request.data).partition(b"\r\n\r\n")[2]
        self.asked.append((request.to.provider, json.loads(body)))
        if request.to.provider in self.failing:
            return Scripted(OVERLOADED[0], b"application/json", [OVERLOADED[1]])
        return Scripted(200, b"application/json", [ANSWER])

    async def ask(self, dialect: Dialect = CHAT, **body: Any) -> Client:
        """Ask as a client would."""
        client = Client()
        await self.gateway.serve(call_of(dialect, **body), client)
        return client

    async def places(self, **body: Any) -> list[str]:
        """Return `provider/model` of every place that a request is sent to when all of them fail."""
        before, failing, self.asked = self.asked, self.failing, []
        self.failing = {one.name for one in PROVIDERS}
        try:
            await self.ask(**body)
        except GatewayError:
            pass
        finally:
            told, self.asked, self.failing = self.asked, before, failing
        return list(dict.fromkeys(f"{name}/{sent['model']}" for name, sent in told))

    @property
    def decision(self) -> dict[str, Any]:
        """The record of the last row."""
        found: dict[str, Any] = json.loads(self.notes.ended[-1].decision)
        return found


async def _at_once(seconds: float) -> None:
    """Wait for nothing."""


def call_of(dialect: Dialect = CHAT, **body: Any) -> Call:
    """Return a request of the market's key."""
    whole = {"messages": [{"role": "user", "content": "hi"}], **body}
    if dialect is MESSAGES:
        whole.setdefault("max_tokens", 9)
    head = CallHead(dialect, key_digest(KEY, b""))
    return replace(Call(head, b"", "req_1", time.time(), time.monotonic()), body=json.dumps(whole).encode())
