"""A conversation with a model: what was said, and one more answer as it comes."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import NoAnswer, Refused
from tokenrouter.cli.terminal.answers import Booked, read

PATH: Final = "/v1/chat/completions"
COST_HEADER: Final = "x-tokenrouter-cost-usd"
LEDGER_WAIT_S: Final = 1.0
"""How long the ledger may take for a request that has just ended; it is there in some twenty milliseconds."""
LEDGER_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more of an answer; `is_thought`: of what the model thinks, and not of what it says."""

    text: str
    is_thought: bool = False


@dataclass(slots=True)
class Answer:
    """An answer, as far as it has come.

    Attributes:
        first_s: seconds until its first piece; None before.
        took_s: seconds until its end.
        cost_usd: what it costs, as the ledger says; None where nobody knows.
    """

    model: str
    text: str = ""
    thoughts: str = ""
    usage: dict[str, Any] = field(default_factory=dict)
    finish_reason: str = ""
    request_id: str = ""
    provider: str = ""
    first_s: float | None = None
    took_s: float = 0.0
    cost_usd: str | None = None

    @property
    def input_tokens(self) -> int:
        return _number(self.usage.get("prompt_tokens"))

    @property
    def output_tokens(self) -> int:
        return _number(self.usage.get("completion_tokens"))

    @property
    def reasoning_tokens(self) -> int:
        details = self.usage.get("completion_tokens_details")
        return _number(details.get("reasoning_tokens")) if isinstance(details, dict) else 0

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens a second since the first piece; None for an answer that came at once."""
        length_s = self.took_s - (self.first_s or 0.0)
        return self.output_tokens / length_s if self.output_tokens > 1 and length_s > 0.001 else None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is asked; what is None is left to it."""

    reasoning: str | None = None
    max_tokens: int | None = None
    conversation_id: str | None = None


def ask(
    server: Server,
    model: str,
    messages: Sequence[dict[str, str]],
    answer: Answer,
    manner: Manner | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Piece]:
    """Yield the pieces of a model's answer and note in `answer` what it comes to.

    Raises:
        NoAnswer, Refused: as `Server.stream`.
    """
    manner = manner or Manner()
    body: dict[str, Any] = {
        "model": model,
        "messages": list(messages),
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_effort": manner.reasoning,
        "max_tokens": manner.max_tokens,
    }
    headers = {"X-Conversation-ID": manner.conversation_id} if manner.conversation_id else {}
    begun_s = clock()
    with server.stream(PATH, {name: value for name, value in body.items() if value is not None}, headers) as stream:
        answer.request_id = stream.headers.get("x-request-id", "")
        answer.provider = stream.headers.get("x-tokenrouter-provider", "")
        answer.cost_usd = _told_cost(stream.headers.get(COST_HEADER, ""))
        try:
            for event in stream.events:
                for piece in _pieces(event, answer):
                    answer.first_s = clock() - begun_s if answer.first_s is None else answer.first_s
                    yield piece
        finally:
            answer.took_s = clock() - begun_s


def find_cost(server: Server, answer: Answer) -> None:
    """Note what an answer costs, as the ledger has it; a server that does not tell is asked no further."""
    deadline = time.monotonic() + LEDGER_WAIT_S
    while answer.cost_usd is None and answer.request_id:
        try:
            booked = read(server.ask("GET", f"/api/v1/ledger/{quote(answer.request_id, safe='')}"), Booked)
        except Refused as error:
            if error.status != 404 or time.monotonic() > deadline:
                return
            time.sleep(LEDGER_POLL_S)
            continue
        except NoAnswer:
            return
        costs = [attempt.cost_usd for attempt in booked.attempts]
        if not costs or None in costs:
            return
        answer.cost_usd = as_text(sum((Decimal(cost) for cost in costs if cost is not None), Decimal()))


def _told_cost(header: str) -> str | None:
    """Return what the headers say of the cost: a stream's do so only when it was over before they were sent."""
    try:
        return as_text(Decimal(header))
    except ArithmeticError:
        return None


def as_text(amount: Decimal) -> str:
    """Return dollars without zeros at their end, and never as 1E-7."""
    return f"{amount.normalize():f}"


def _pieces(event: Any, answer: Answer) -> Iterator[Piece]:
    """Yield what an event adds; events of shapes that nobody expects add nothing."""
    if not isinstance(event, dict):
        return
    if isinstance(event.get("usage"), dict):
        answer.usage = event["usage"]
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    if not isinstance(choice, dict):
        return
    answer.finish_reason = choice.get("finish_reason") or answer.finish_reason
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return
    thought = delta.get("reasoning_content") or delta.get("reasoning")
    if isinstance(thought, str) and thought:
        answer.thoughts += thought
        yield Piece(thought, is_thought=True)
    for said in (delta.get("content"), delta.get("refusal")):
        if isinstance(said, str) and said:
            answer.text += said
            yield Piece(said)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
