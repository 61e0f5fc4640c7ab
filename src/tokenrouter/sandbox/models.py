"""The sandbox's models: what each says, how it counts, how fast it is.

They differ in everything a gateway might take for granted: bytes per token, template overhead, what media weigh, from
which length prompts are cached, hidden reasoning, and one that does not keep to the output limit.
"""

import dataclasses
from dataclasses import dataclass
from typing import Final, Literal

from tokenrouter.sandbox.tokens import Tokenizer

Says = Literal["echo", "mirror", "lorem", "vectors"]
Thinking = Literal["none", "hidden", "open"]
UsageStyle = Literal["asked", "never", "in_finish"]


@dataclass(frozen=True, slots=True)
class Model:
    """One model as it is asked for.

    Attributes:
        says: `echo` the last user text, `mirror` the request body as it came, `lorem` a text of `length` tokens, or
            embedding `vectors` of at most `dimensions`.
        speed: tokens a second; None means as fast as the reader takes them.
        tokens_per_frame: how many tokens go into one event of a stream.
        thinking: whether it reasons, and whether it shows how.
        adaptive: thinks unless told not to, and takes neither a budget nor sampling parameters (Anthropic's API).
        context_tokens: how many tokens prompt and answer may have together (Anthropic's API).
        caches_from: tokens of the shortest prompt that is cached.
        refuses: answers whatever is asked with a refusal.
        overruns: produces and bills a fifth more than the output limit.
        usage: when a stream reports usage: as asked, never, or in the chunk that carries the finish reason.
        fault: key of `faults.FAULTS`, or None; `argument` is the number after `@` for that fault.
    """

    name: str
    description: str
    tokenizer: Tokenizer
    says: Says = "lorem"
    length: int = 64
    speed: float | None = None
    tokens_per_frame: int = 1
    thinking: Thinking = "none"
    adaptive: bool = False
    context_tokens: int = 1_000_000
    caches_from: int = 1024
    refuses: bool = False
    overruns: bool = False
    endless: bool = False
    usage: UsageStyle = "asked"
    dimensions: int = 1536
    fault: str | None = None
    argument: float | None = None

    def but(self, **changes: object) -> "Model":
        """This model with some attributes changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]  # names are checked at run time

    @property
    def takes_length(self) -> bool:
        return self.says == "lorem" and self.fault is None


_FOUR: Final = Tokenizer(4.0)

ECHO: Final = Model("echo", "says the last user message again", _FOUR, says="echo")
LOREM: Final = Model("lorem", "lorem ipsum; lorem-500 is 500 tokens, lorem-500@50 at 50 tokens/s", _FOUR)

MODELS: Final = {
    model.name: model
    for model in (
        ECHO,
        Model("mirror", "answers with the request body as it was received", _FOUR, says="mirror"),
        LOREM,
        Model("dense", "lorem of 1.5 bytes a token and twice the weight of media", Tokenizer(1.5, 4, media_weight=2.0)),
        Model(
            "wide",
            "lorem of 8 bytes a token, a heavy template and a cache for long prompts only",
            Tokenizer(8.0, 12, 20),
            caches_from=4096,
        ),
        Model("thinker", "echo after hidden reasoning tokens", Tokenizer(3.5), says="echo", thinking="hidden"),
        Model("thinker-open", "echo after visible reasoning_content", Tokenizer(3.5), says="echo", thinking="open"),
        Model("refuser", "refuses whatever it is asked", _FOUR, refuses=True),
        Model(
            "thinker-adaptive",
            "echo after reasoning that is always on, with no sampling parameters",
            Tokenizer(3.5),
            says="echo",
            thinking="hidden",
            adaptive=True,
        ),
        Model("narrow", "lorem with a context window of 2,000 tokens", _FOUR, context_tokens=2_000),
        Model("overrun", "lorem that produces and bills 20 % more than the limit", _FOUR, overruns=True),
        Model("embed-small", "embeddings of 1536 dimensions", _FOUR, says="vectors"),
        Model("embed-large", "embeddings of 3072 dimensions", Tokenizer(2.5), says="vectors", dimensions=3072),
    )
}
