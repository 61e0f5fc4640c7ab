"""Providers and aliases for what is not a fault of one provider alone: waits, limits, refusals, all places failing."""

from collections.abc import Iterator

from tests.e2e.hostile.asking import CLIENTS
from tests.e2e.matrix.conftest import PROVIDERS
from tests.e2e.routing.cells import FALLBACKS

ONCE = [(client, stream) for client in CLIENTS for stream in (False, True)]
"""Each has a provider of its own that is full for the first request."""

ALIASES = """
[[aliases]]
name = "lost-whole-*"
targets = ["chat/fault/503@*", "messages/fault/500@*"]

[[aliases]]
name = "lost-stream-*"
targets = ["chat/fault/503@*", "gemini/fault/500@*"]

[[aliases]]
name = "renewed"
targets = ["chat/fault/401@99", "gemini/lorem-20"]

[[aliases]]
name = "sounds"
targets = ["messages/lorem-20", "chat/lorem-20"]

[[aliases]]
name = "strict"
targets = ["messages/lorem-20", "gemini/lorem-20"]

[[aliases]]
name = "blocked"
targets = ["blocked/lorem-20", "chat/lorem-20"]

[[limits]]
scope = "provider:blocked"
metric = "requests"
window = "lifetime"
amount = 0

[[limits]]
scope = "global"
metric = "requests"
window = "lifetime"
amount = 1000000
"""


def once(client: str, *, stream: bool) -> str:
    """Return the alias of a provider that is full once."""
    return f"once-{client}-{'stream' if stream else 'whole'}"


def waiting_configuration(root: str, wire: str) -> str:
    """Return the text of a configuration beside that of the cells; `wire` is the origin of a provider of bytes."""
    return "".join([*_once(root), *_others(root, wire)]) + ALIASES


def _once(root: str) -> Iterator[str]:
    for client, stream in ONCE:
        name, dialect = once(client, stream=stream), FALLBACKS[client] if stream else client
        yield f'[[providers]]\nname = "{name}"\napi_key = "{name}"\n{PROVIDERS[dialect].format(root=root)}\n'
        yield f'[[aliases]]\nname = "to-{name}"\ntargets = ["{name}/fault/429-once"]\n'


def _others(root: str, wire: str) -> Iterator[str]:
    for name, lines in (
        ("blocked", PROVIDERS["chat"].format(root=root)),
        ("wire", PROVIDERS["chat"].format(root=wire)),
    ):
        yield f'[[providers]]\nname = "{name}"\napi_key = "k"\n{lines}\n'
    yield '[[aliases]]\nname = "dated-*"\ntargets = ["wire/m-*"]\n'
