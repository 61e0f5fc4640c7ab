"""Requests by which a client asks a model for a title of its own conversation.

They are no part of it, so they are not shown as one, and their answer is what the conversation is called. The words are
those of clients as they were in 2026-11 (Claude Code, opencode, Open WebUI, LibreChat, TokenRouter-Go's chat).
"""

import json
import re
from collections.abc import Sequence
from typing import Final

from tokenrouter.dialects.transcripts import Turn

MAX_TITLE_CHARS: Final = 120
_ASKS: Final = re.compile(
    r"\b(?:write|generate|create|provide|produce|come up with|give|suggest|output)\b[^.\n]{0,80}\btitle\b"
    r"|\btitle generator\b",
    re.IGNORECASE,
)
_OF_CONVERSATION: Final = re.compile(
    r"\b(?:conversation|chat|session|thread|dialogue|isNewTopic)\b|\btitle generator\b", re.IGNORECASE
)
_NOTHING_ELSE: Final = re.compile(
    r"\b(?:only|just|nothing but)\s+(?:return|respond with|reply with|output|write|give)?\s*(?:the|a|one)\b[^.\n]{0,20}"
    r"\btitle\b|\b(?:return|respond with|reply with|output|write)\s+(?:only|just|nothing but)\b",
    re.IGNORECASE,
)
_SHAPE: Final = re.compile(r"\b(?:words?|characters?)\b|\"title\"|\btitle generator\b", re.IGNORECASE)
_FENCE: Final = re.compile(r"\A```\w*\n?|```\Z")
_WRAPPING: Final = "\"'“”‘’*_` "
_SEEN_CHARS: Final = 4000
"""So much of the beginning and the end of a text is looked at: instructions stand there."""


def asks_for_title(turns: Sequence[Turn]) -> bool:
    """Return whether a request asks for a title and nothing else."""
    system = "\n".join(turn.text for turn in turns if turn.role == "system")
    user = next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
    for text in (user, system):
        seen = text if len(text) <= 2 * _SEEN_CHARS else f"{text[:_SEEN_CHARS]}\n{text[-_SEEN_CHARS:]}"
        if _ASKS.search(seen) and _wants_nothing_else(seen):
            return _is_alone(turns, is_system=text is system)
    return False


def _wants_nothing_else(text: str) -> bool:
    if _NOTHING_ELSE.search(text):
        return True
    return _OF_CONVERSATION.search(text) is not None and _SHAPE.search(text) is not None


def _is_alone(turns: Sequence[Turn], *, is_system: bool) -> bool:
    """Return whether the wish is the request's only one: no tool has run for it, and nothing is said after it."""
    if any(turn.role == "tool" for turn in turns):
        return False
    return is_system or turns[-1].role == "user"


def title_of(text: str) -> str:
    """Return the title that an answer gives, without what models put around it; "" where it gives none."""
    bare = _FENCE.sub("", text.strip()).strip()
    if bare.startswith("{"):
        try:
            told = json.loads(bare)
        except (ValueError, RecursionError):
            return ""
        title = told.get("title") if isinstance(told, dict) else None
        return title.strip()[:MAX_TITLE_CHARS] if isinstance(title, str) else ""
    line = next((line for line in bare.splitlines() if line.strip()), "")
    line = re.sub(r"\A(?:#+\s*|title\s*:\s*)", "", line.strip(_WRAPPING), flags=re.IGNORECASE)
    return line.strip(_WRAPPING).removesuffix(".")[:MAX_TITLE_CHARS]
