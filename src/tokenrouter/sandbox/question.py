"""One request to a model, as every endpoint gets it."""

from collections.abc import Callable
from dataclasses import dataclass

from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.prompt import Ask
from tokenrouter.sandbox.speech import Utterance
from tokenrouter.sandbox.tokens import Usage


@dataclass(frozen=True, slots=True)
class Question:
    """What was received, before any dialect has read it.

    Attributes:
        raw: the body as it came.
        created: epoch seconds.
        owner: who asks, for what is remembered between requests.
        cached_tokens: tells from a rendered prompt how many of its tokens this caller has sent lately.
    """

    fields: Fields
    model: Model
    raw: bytes
    created: int
    owner: str
    cached_tokens: Callable[[bytes], int]

    def usage(self, ask: Ask, said: Utterance, choices: int = 1) -> Usage:
        """What the answer costs: the prompt once, each choice for itself."""
        prompt = ask.tokens(self.model.tokenizer)
        cached = min(self.cached_tokens(ask.rendered()), prompt)
        return Usage(prompt, said.tokens * choices, said.reasoning_tokens * choices, cached)


def sampling(fields: Fields) -> None:
    """Check the parameters that change nothing here.

    Raises:
        ApiError: one of them has the wrong type or is out of its documented range.
    """
    fields.number("temperature", 0, 2)
    fields.number("top_p", 0, 1)
    fields.number("presence_penalty", -2, 2)
    fields.number("frequency_penalty", -2, 2)
    fields.integer("seed", -(2**63), 2**63 - 1)
    fields.integer("top_logprobs", 0, 20)
    fields.member("metadata")
    fields.text("user")
