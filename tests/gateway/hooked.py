"""A gateway in memory whose requests hooks see."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tests.gateway.fakes import Client, Held, Notes, Provided, Scripted, Tokens, catalog
from tokenrouter.domain.catalog import Catalog
from tokenrouter.gateway.after_hooks import AfterHooks
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.hook_rules import HookRule
from tokenrouter.gateway.hooks import HookLayer
from tokenrouter.hooks import Charged, Follower, Hook, HookRequest, TextFilter, TextKind
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures


@dataclass
class Seen(Hook):
    """Notes what it sees; `doing` is done to each request."""

    doing: Callable[[HookRequest], Follower | Awaitable[Follower | None] | None] = lambda request: None
    requests: list[HookRequest] = field(default_factory=list)

    def before_request(self, request: HookRequest) -> Follower | Awaitable[Follower | None] | None:
        self.requests.append(request)
        return self.doing(request)


@dataclass
class Through:
    """Does something to each piece of a text."""

    change: Callable[[str], str]

    def feed(self, text: str) -> str:
        return self.change(text)

    def close(self) -> str:
        return ""


@dataclass
class Changing(Follower):
    """Changes the texts of an answer."""

    change: Callable[[str], str]
    kinds: list[TextKind] = field(default_factory=list)

    def on_answer(self, kind: TextKind, *, is_json: bool) -> TextFilter | None:
        self.kinds.append(kind)
        return Through(self.change)


@dataclass
class Noting(Follower):
    """Notes what was charged."""

    charged: list[Charged] = field(default_factory=list)

    def after_exchange(self, charged: Charged) -> Awaitable[None] | None:
        self.charged.append(charged)
        return None


@dataclass
class Run:
    """What came of one request."""

    provided: Provided
    notes: Notes
    client: Client


async def run(
    asked: Call, rules: Sequence[HookRule], answer: Scripted, state: Catalog | None = None, client: Client | None = None
) -> Run:
    """Ask once, with `rules` switched on."""
    state = state or catalog(team="physics")
    made = Run(Provided(answer), Notes(), client or Client())
    after = AfterHooks(Figures())
    layer = HookLayer(after)
    layer.apply(rules)
    ports = Ports(made.notes, MemoryLimiter(state.limits, restored=True), after, Tokens())
    gateway = Gateway(Held(Directory(state, b"")), made.provided, ports, layers=[layer])
    gateway.apply(state.policy)
    await gateway.serve(asked, made.client)
    return made
