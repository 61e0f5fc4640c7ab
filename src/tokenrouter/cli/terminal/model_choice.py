"""Which model is meant when nobody said: one that costs nothing, by its name, else the first that can chat."""

from collections.abc import Sequence
from typing import Final

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import ClientMistake
from tokenrouter.cli.terminal.answers import ModelList, read

FREE: Final = "free"
NO_CHAT: Final = ("embed", "rerank", "whisper", "tts", "moderation", "dall-e", "image")
"""Words in names of models that do something else, as vendors call them."""


def choose_models(server: Server, number: int) -> list[str]:
    """Return `number` models that the key may ask, one of them again if there are fewer.

    Raises:
        ClientMistake: there is none.
    """
    names = [model.id for model in read(server.ask("GET", "/v1/models"), ModelList).data]
    chosen = preferred(names)[:number]
    if not chosen:
        raise ClientMistake("there is no model that this key may use; `toro models` lists them")
    return [chosen[place % len(chosen)] for place in range(number)]


def preferred(names: Sequence[str]) -> list[str]:
    """Return the names of models that chat, those that say that they are free before the others."""
    chatting = [name for name in names if not any(word in name.lower() for word in NO_CHAT)]
    return sorted(chatting or names, key=lambda name: FREE not in name.lower())
