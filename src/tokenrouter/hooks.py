"""The public interface of hooks: what a package writes against that wants to see, change or refuse requests.

A package offers a hook by an entry point of the group `tokenrouter.hooks`, and an operator switches it on by a
`[[hooks]]` table (docs/guardrails.md has a whole example). What hooks are given says nothing about wire formats: the
texts of a request are the same whether its client speaks OpenAI, Anthropic or Gemini, and so are those of its answer,
whole or streamed.

    class Polite(Hook):
        def before_request(self, request: HookRequest) -> Follower | None:
            for text in request.texts:
                if "damn" in text.value:
                    raise Refused("Please ask politely.")
            return None

The entry point names something that is called once, with the table's options, and returns a `Hook`. Its methods run in
the process that serves requests: one that takes long holds up all of them, so what has to wait is `async`, which is
bounded by `timeout_s`.

This module is stable: names and meanings here change with a new major version only.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, Protocol

ENTRY_POINTS: Final = "tokenrouter.hooks"
"""The group in which packages offer hooks."""

TextKind = Literal["system", "user", "assistant", "reasoning", "tool_call", "tool_result", "tools", "other"]
"""Where a text stands. `tools`: the description of tools and schemas; `other`: any other text of a request."""


class Refused(Exception):
    """Raised by a hook: the client is told `message` in its own dialect, and nobody is asked.

    In a stream that has begun it is the last event. `message` says what to do, and repeats nothing that is secret.
    """

    def __init__(self, message: str, *, is_too_large: bool = False) -> None:
        """`is_too_large`: tell it by status 413 instead of 400."""
        super().__init__(message)
        self.message = message
        self.is_too_large = is_too_large


@dataclass(slots=True)
class Text:
    """One text of a request.

    Attributes:
        value: what it says; put another text here to change the request.
        is_key: whether it is a name in a tool's arguments or results, not a value.
    """

    kind: TextKind
    value: str
    is_key: bool = False


@dataclass(slots=True)
class HookRequest:
    """A request on its way to a model.

    Attributes:
        id: ours; the ledger's and the logs'.
        key: the name of its API key.
        user, team: whose key it is, or "".
        model: as it was asked for.
        operation: `chat`, `messages`, `embeddings`, …
        texts: what can be read of it, in the order in which it stands there.
        unreadable: what it has besides: `image`, `audio`, `video`, `file`, `form`.
        body_bytes: its size as it was sent.
        estimated_tokens: a quarter of the characters of its texts.
    """

    id: str
    key: str
    user: str
    team: str
    model: str
    operation: str
    texts: Sequence[Text]
    unreadable: frozenset[str] = field(default_factory=frozenset)
    body_bytes: int = 0
    estimated_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Charged:
    """What a request has used, as its row in the ledger says.

    Attributes:
        id: of the row; the second attempt of `req_x` is `req_x.2`.
        status: told to the client.
        end_reason: `completed`, `client_error`, `provider_error`, …
        cost_usd: None where nobody knows a price.
    """

    id: str
    provider: str
    model: str
    status: int
    end_reason: str
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    estimated: bool
    latency_s: float


class TextFilter(Protocol):
    """Sees one text of an answer as it comes, and says what goes to the client."""

    def feed(self, text: str) -> str:
        """Take the next piece, and return what goes out now; what is held back must be short.

        Raises:
            Refused: the answer ends here.
        """

    def close(self) -> str:
        """Return what was held back: the text is over."""


class Follower:
    """What a hook has to do with one request after it has let it pass."""

    def on_answer(self, kind: TextKind, *, is_json: bool) -> TextFilter | None:
        """Return who is to see the next text of the answer, whole or in pieces; None: nobody.

        `is_json`: the text is JSON (a tool call's arguments), so what is put into it has to be escaped.

        Raises:
            Refused: the answer ends here.
        """
        return None

    def after_exchange(self, charged: Charged) -> Awaitable[None] | None:
        """Take note of what was charged; called for each row in the ledger, after the answer, which never waits."""
        return None


class Hook:
    """One hook, made once with its options. Errors that it raises are logged under its name."""

    def before_request(self, request: HookRequest) -> Follower | Awaitable[Follower | None] | None:
        """Look at `request`, and change it by its texts; may be `async`.

        Raises:
            Refused: it does not go on.
        """
        return None


HookFactory = Callable[[Mapping[str, Any]], Hook]
"""What an entry point names: makes the hook out of the options of its table; raises ValueError for wrong ones."""
