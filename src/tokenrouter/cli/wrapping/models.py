"""Which model a tool is to use when nobody has said so: one that the server offers to the key, never a guess.

What a person has written down comes first (`default_model` in toro.toml), then a model that the tool would ask for by
itself, then one that costs nothing, then the first that can hold a conversation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from tokenrouter.cli.client import Server

PATH: Final = "/v1/models"
_NO_CONVERSATION: Final = (
    *("embed", "rerank", "moderation", "whisper", "transcribe", "tts", "speech", "audio", "realtime"),
    *("image", "imagen", "dall-e", "veo", "video", "ocr"),
)
"""In names of models that do not answer questions; the list of models does not say what they are for."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many tokens a conversation and an answer may have; 0 where the server does not know."""

    context: int = 0
    answer: int = 0


def offered_models(server: Server) -> Mapping[str, Lengths]:
    """Return what the server offers to its key, by name, in its order: aliases, then `provider/model`.

    Raises:
        NoAnswer, Refused: it does not say.
    """
    told: Any = server.ask("GET", PATH)
    cards = told.get("data") if isinstance(told, dict) else None
    known = [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []
    return {card["id"]: _lengths(card) for card in known if _is_name(card.get("id"))}


def _is_name(said: object) -> bool:
    """Return whether it can be shown to people, and stand among a program's arguments."""
    return isinstance(said, str) and said != "" and said.isprintable()


def _lengths(card: Mapping[str, Any]) -> Lengths:
    told = (card.get("context_length"), card.get("max_output_tokens"))
    return Lengths(*(number if isinstance(number, int) and number > 0 else 0 for number in told))


def choose_model(offered: Iterable[str], default: str, usual: Sequence[str]) -> str:
    """Return the model that a tool is to use, "" where nothing that is offered will do.

    `usual` are patterns of what the tool asks by itself; a provider's name before a model's does not matter to them.
    """
    talking = [name for name in offered if can_talk(name)]
    free = next((name for name in talking if "free" in name.lower()), "")
    return default or first_like(talking, usual) or free or next(iter(talking), "")


def first_like(offered: Iterable[str], patterns: Sequence[str]) -> str:
    """Return the first of `offered` that fits the earliest pattern, "" if none does."""
    for pattern in patterns:
        for name in offered:
            if fnmatchcase(name, pattern) or fnmatchcase(name.rpartition("/")[2], pattern):
                return name
    return ""


def can_talk(name: str) -> bool:
    """Return whether a model of this name may hold a conversation."""
    return not any(word in name.lower() for word in _NO_CONVERSATION)
