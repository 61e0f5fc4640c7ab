"""Words and patterns that may not be in a request: it is refused, or they are masked."""

from typing import Final

from tokenrouter.domain.guardrails import Guardrail
from tokenrouter.guardrails.patterns import Pattern, compiled, one_of
from tokenrouter.hooks import Follower, Hook, HookRequest, Refused

MAX_WORDS: Final = 5000
"""Some 50 kB of words; a pattern of them takes a few megabytes."""
MAX_WORD_CHARS: Final = 200


class BlockList(Hook):
    """Looks for blocked words in every text of a request."""

    def __init__(self, guardrail: Guardrail) -> None:
        """Take the words of `guardrail`.

        Raises:
            InvalidPattern: one of its patterns cannot be used.
        """
        self._name = guardrail.name
        self._mask = guardrail.mask if guardrail.action == "mask" else None
        self._patterns: list[Pattern] = [compiled(pattern) for pattern in guardrail.patterns.values()]
        if guardrail.words:
            self._patterns.append(one_of(tuple(word.casefold() for word in guardrail.words)))

    def before_request(self, request: HookRequest) -> Follower | None:
        """Refuse or mask; what was found is not repeated, since the answer to its sender may be seen by others."""
        for text in request.texts:
            for pattern in self._patterns:
                if pattern.search(text.value) is None:
                    continue
                if self._mask is None:
                    raise Refused(
                        f"The guardrail {self._name!r} does not let this request through: a {_WORDS[text.kind]} holds "
                        "something that is blocked here. Leave it out, or ask the operator."
                    )
                text.value = masked(text.value, pattern, self._mask)
        return None


_WORDS: Final = {
    "system": "system text",
    "user": "user's text",
    "assistant": "text of the assistant",
    "reasoning": "text of the assistant",
    "tool_call": "tool's call",
    "tool_result": "tool's result",
    "tools": "description of a tool",
    "other": "field",
}


def masked(text: str, pattern: Pattern, mask: str) -> str:
    """Return `text` with `mask` for whatever matches."""
    pieces: list[str] = []
    taken = 0
    for found in pattern.finditer(text):
        start, end = found.span()
        pieces += (text[taken:start], mask)
        taken = end
    return "".join((*pieces, text[taken:]))
