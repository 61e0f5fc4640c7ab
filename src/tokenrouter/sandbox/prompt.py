"""What is asked, whatever the API it came through: turns, tools, limits.

Chat Completions and Responses say the same things in other words; the readers of both fill this, and `speech` answers.
"""

import json
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.tokens import Tokenizer, utf8

IMAGE_TOKENS: Final = {"low": 85, "high": 765}
"""By `detail`; OpenAI's "Images and vision" guide (read 2026-11) counts 85 for low, and 765 for 1024 x 1024 in high."""

_SYSTEM: Final = ("system", "developer")


@dataclass(frozen=True, slots=True)
class Turn:
    """One message; `more_tokens` weigh what is not text: images are counted, not looked at."""

    role: str
    text: str
    more_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call: with JSON that fits the schema `parameters`, or with `free_text` as it is."""

    name: str
    parameters: object
    free_text: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, understood.

    Attributes:
        tools_json: the tool definitions as received: they are part of the prompt and billed.
        tool_choice: `auto`, `none`, `required`, or the name of the only tool to call.
        schema: the JSON schema that the text has to fit, or None (`as_json` then asks for any object).
        max_tokens: bound of visible text and reasoning together.
        raw: the request body as it came.
        reasoning_tokens: how long a thinking model thinks; None leaves it to `effort`.
        prefill: the beginning of the answer, from which the model is to go on.
    """

    turns: tuple[Turn, ...]
    raw: bytes
    tools: tuple[Tool, ...] = ()
    tools_json: object = None
    tool_choice: str = "auto"
    parallel_tools: bool = True
    schema: object = None
    as_json: bool = False
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    effort: str | None = None
    reasoning_tokens: int | None = None
    prefill: str = ""

    @property
    def user_text(self) -> str:
        """The text of the last user message."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")

    @property
    def user_spoke_last(self) -> bool:
        """Whether it is the user's words that are to be answered; the system's after them do not change that."""
        return next((turn.role == "user" for turn in reversed(self.turns) if turn.role not in _SYSTEM), False)

    @property
    def tool_results(self) -> tuple[str, ...]:
        """The tool results the conversation ends with, oldest first, whatever the system says after them."""
        results: list[str] = []
        for turn in reversed([turn for turn in self.turns if turn.role not in _SYSTEM]):
            if turn.role != "tool":
                break
            results.insert(0, turn.text)
        return tuple(results)

    def tokens(self, tokenizer: Tokenizer) -> int:
        texts = sum(
            tokenizer.count(turn.text) + tokenizer.per_message + tokenizer.media(turn.more_tokens)
            for turn in self.turns
        )
        tools = tokenizer.count_json(self.tools_json) if self.tools_json else 0
        return texts + tools + tokenizer.per_request

    def rendered(self) -> bytes:
        """The prompt as one run of bytes, in the order in which a provider caches it: tools first, then the turns."""
        tools = json.dumps(self.tools_json) if self.tools_json else ""
        return utf8("\x00".join([tools, *(f"{turn.role}\x01{turn.text}" for turn in self.turns)]))
