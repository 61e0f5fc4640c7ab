"""What is known of a model besides its price: how long conversations and answers may become."""

from dataclasses import dataclass
from typing import Final

MAX_TOKENS: Final = 10**9
"""Longer windows are nobody's; a number above it is a mistake."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model at one provider; 0 where nobody said.

    Attributes:
        context_tokens: of the window, which conversation and answer share at most vendors.
        max_output_tokens: of one answer.
    """

    context_tokens: int = 0
    max_output_tokens: int = 0

    def joined(self, other: "ModelFacts") -> "ModelFacts":
        """Return these, and what they leave open as `other` has it."""
        return ModelFacts(
            self.context_tokens or other.context_tokens, self.max_output_tokens or other.max_output_tokens
        )


UNKNOWN: Final = ModelFacts()
