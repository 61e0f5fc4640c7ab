"""How many tokens a request will need, before anybody has counted them.

Every answer that reports its usage teaches the bytes per token of its model, in and out. Two figures
come of it: the mean, for a fair estimate where a provider reports nothing, and the least seen, for a
bound that is not exceeded. A model never seen before is bounded by one token per byte, which no
tokenizer exceeds by much. How long answers are is remembered for each model and, because some ask it for
a word and others for a book, for each key that uses it.
"""

from dataclasses import dataclass
from typing import Final

from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.limits import Amounts
from tokenrouter.domain.prices import Ceiling, most_cost
from tokenrouter.gateway.recent import RecentAnswers

USUAL_BYTES_PER_TOKEN: Final = 4.0
"""English prose in common tokenizers (platform.openai.com/tokenizer: "~4 characters", read 2026-11)."""
FIRST_OUTPUT_TOKENS: Final = 512
"""What a request holds at least for its answer before its model is known well; it grows as the answer does."""
MARGIN: Final = 0.9
"""The least ratio seen is lowered by this much: the next text may be denser."""
TEMPLATE_TOKENS: Final = 32
"""What a model's template may add to a prompt, however short that is; those of chat models take a dozen or less. A
prompt that has fewer tokens than this tells nothing of the least ratio."""
ENVELOPE_BYTES: Final = 150
"""What the body of a short request may have that is no text: names of fields, of the model, numbers."""
MIN_COUNTED_TOKENS: Final = 8
"""Answers shorter than this say little about a ratio."""
LEAST_RATIO: Final = 0.25
"""Fewer bytes than this per token, and the tokens were not made of them: a picture by its address, or what a tool of
the provider's has read. A bound that followed such a request would refuse every longer one."""
WEIGHT: Final = 0.05
"""Weight of the newest answer in a running mean."""


@dataclass(slots=True)
class _Ratio:
    """Bytes per token: a running mean and the least seen."""

    mean: float = USUAL_BYTES_PER_TOKEN
    least: float = 1.0
    seen: int = 0
    is_bounded: bool = False

    def learn(self, size: int, tokens: int, envelope: int = 0) -> None:
        """Take in an answer or a prompt, of which at most `envelope` bytes are not text."""
        if tokens < MIN_COUNTED_TOKENS:
            return
        ratio = size / tokens
        if ratio < LEAST_RATIO:
            return
        self.mean = ratio if self.seen == 0 else self.mean + WEIGHT * (ratio - self.mean)
        self.seen += 1
        if envelope and tokens < TEMPLATE_TOKENS:
            return
        least = max(size - envelope, size / 4) / tokens * MARGIN
        self.least = min(self.least, least) if self.is_bounded else least
        self.is_bounded = True


class Estimates:
    """What is known of one model at one provider.

    Attributes:
        answers: how long its last answers were, whoever asked.
    """

    __slots__ = ("_hides", "_input", "_learned", "_output", "answers")

    def __init__(self) -> None:
        self._input = _Ratio()
        self._output = _Ratio()
        self.answers = RecentAnswers()
        self._learned = 0
        self._hides = False

    @property
    def is_curious(self) -> bool:
        """Whether the next answer's text is worth measuring although its usage is reported: every 16th is."""
        return self._learned < 16 or self._learned % 16 == 0

    @property
    def is_known_well(self) -> bool:
        """Whether a stream may be let go with what is expected of it.

        What the model makes can be counted as it comes, nothing of it was hidden so far, and how long its answers are
        is more than a guess: streams that all turn out longer than they held are cut short where they meet their limit.
        """
        return self.answers.is_enough and not self._hides

    @property
    def expected_output(self) -> int:
        """Tokens that 95 % of its answers do not exceed, at least 1."""
        answers = self.answers
        return answers.most or 1 if answers.is_enough else max(answers.most, FIRST_OUTPUT_TOKENS)

    def expected_of(self, answers: RecentAnswers) -> int:
        """Return the same of one key's answers, as far as enough of them are known."""
        return answers.most or 1 if answers.is_enough else self.expected_output

    def learn(self, usage: Usage, *, body_bytes: int, content_bytes: int) -> None:
        """Take in what an answer reported; `content_bytes` 0 means that its text was not measured."""
        self._learned += 1
        if body_bytes:
            self._input.learn(body_bytes, usage.input_tokens, ENVELOPE_BYTES)
        if content_bytes:
            self._output.learn(content_bytes, usage.output_tokens - usage.reasoning_tokens)
        self._hides = self._hides or usage.reasoning_tokens > 0

    def learn_input(self, input_tokens: int, *, body_bytes: int) -> None:
        """Take in what a provider has counted beforehand."""
        self._input.learn(body_bytes, input_tokens)

    def first_hold(
        self,
        body_bytes: int,
        max_output_tokens: int | None,
        ceiling: Ceiling | None = None,
        least_output_tokens: int = 0,
        *,
        expected: int | None = None,
        counted: int | None = None,
    ) -> Amounts:
        """Return what a request holds when it starts: its input bounded or `counted`, its output as `expected`."""
        output = self.expected_output if expected is None else expected
        if max_output_tokens is not None and max_output_tokens < output:
            output = max_output_tokens
        output = max(output, least_output_tokens)
        bound = self.input_bound(body_bytes) if counted is None else counted
        return Amounts(1, bound, output, 0 if ceiling is None else most_cost(bound, output, ceiling))

    def input_bound(self, body_bytes: int) -> int:
        """Return a number of input tokens that a body of this size does not exceed.

        Neither do long prompts mislead about short ones, of which the template is a large part, nor short ones about
        long ones: most of a short body is JSON.
        """
        bound = int(body_bytes / self._input.least) + 1
        return min(bound + TEMPLATE_TOKENS, body_bytes + 1) if self._input.is_bounded else bound

    def output_bound(self, content_bytes: int) -> int:
        """Return a number of output tokens that this much text does not exceed."""
        return int(content_bytes / self._output.least) + 1 if content_bytes else 0

    def covering(self, output_tokens: int) -> int:
        """Return how many tokens surely cover the text that `output_tokens` usually have."""
        ratio = self._output
        return int(output_tokens * max(ratio.mean, ratio.least) / ratio.least) + 2

    def usual_bytes(self, output_tokens: float) -> float:
        """Return how many bytes of text so many tokens usually have."""
        return output_tokens * self._output.mean

    def bytes_within(self, output_tokens: int) -> int:
        """Return how many bytes of text surely fit in `output_tokens`."""
        return max(0, int((output_tokens - 1) * self._output.least))

    def fair(self, *, body_bytes: int, content_bytes: int) -> Usage:
        """Return the likeliest usage of a request whose provider reported none."""
        return Usage(
            input_tokens=max(1, round(body_bytes / self._input.mean)) if body_bytes else 0,
            output_tokens=max(1, round(content_bytes / self._output.mean)) if content_bytes else 0,
        )

    def at_least(self, usage: Usage, *, content_bytes: int) -> Usage:
        """Return `usage` with no fewer output tokens than this much text has.

        Some dialects report the input when a stream begins, and the output only at its end.
        """
        delivered = self.fair(body_bytes=0, content_bytes=content_bytes).output_tokens
        return usage if delivered <= usage.output_tokens else usage._replace(output_tokens=delivered)


class EstimateBook:
    """The estimates of every model in use, and of what each key asks of it; bounded, the oldest forgotten first."""

    MAX_MODELS: Final = 4096
    MAX_USES: Final = 16_384

    def __init__(self) -> None:
        self._by_model: dict[tuple[str, str], Estimates] = {}
        self._by_use: dict[tuple[str, str, str], RecentAnswers] = {}

    def of(self, provider: str, model: str) -> Estimates:
        """Return what is known of `model` at `provider`."""
        known = self._by_model.get((provider, model))
        if known is None:
            if len(self._by_model) >= self.MAX_MODELS:
                del self._by_model[next(iter(self._by_model))]
            known = self._by_model[provider, model] = Estimates()
        return known

    def answers_to(self, key_id: str, provider: str, model: str) -> RecentAnswers:
        """Return how long the answers of `model` at `provider` to one key were."""
        use = (key_id, provider, model)
        known = self._by_use.get(use)
        if known is None:
            if len(self._by_use) >= self.MAX_USES:
                del self._by_use[next(iter(self._by_use))]
            known = self._by_use[use] = RecentAnswers()
        return known
