"""The responses that were asked to be stored, and the items in them, each for the caller that made it.

OpenAI's guide "Conversation state" (read 2026-11): `store` is true unless said otherwise, an item may be named by its
id later, and a response that follows another one sees everything before it. What is oldest is forgotten first.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.responses.thoughts import Json

MAX_RESPONSES: Final = 4096
MAX_BYTES: Final = 64 * 2**20
"""Of all that was received and said, together."""


@dataclass(slots=True)
class StoredResponse:
    """One response: its `document`, what it was asked (`input`, everything before included), what it `output`.

    `pending` is the document of a background response that nobody has looked at since; `size` is what remembering it
    costs, in bytes.
    """

    owner: str
    document: Json
    input: tuple[Json, ...]
    output: tuple[Json, ...]
    size: int
    pending: Json | None = None

    @property
    def id(self) -> str:
        return str(self.document["id"])


class ResponseStore:
    """What is remembered between requests. Another caller's responses do not exist."""

    def __init__(self) -> None:
        self._responses: OrderedDict[str, StoredResponse] = OrderedDict()
        self._items: dict[tuple[str, str], Json] = {}
        self._thoughts: dict[tuple[str, str], str] = {}
        self._followers: dict[tuple[str, str], str] = {}
        self._bytes = 0

    def add(self, response: StoredResponse) -> None:
        self._responses[response.id] = response
        self._bytes += response.size
        thought = ""
        for item in response.output:
            name = (response.owner, str(item["id"]))
            self._items[name] = item
            if thought:
                self._thoughts[name] = thought
                self._followers[response.owner, thought] = name[1]
            thought = str(item["id"]) if item["type"] == "reasoning" else ""
        while len(self._responses) > MAX_RESPONSES or (self._bytes > MAX_BYTES and len(self._responses) > 1):
            self._forget(next(iter(self._responses.values())))

    def find(self, owner: str, name: str) -> StoredResponse | None:
        found = self._responses.get(name)
        return found if found is not None and found.owner == owner else None

    def item(self, owner: str, name: str) -> Json | None:
        """An item of a stored response's output."""
        return self._items.get((owner, name))

    def thought_before(self, owner: str, name: str) -> str | None:
        """The id of the reasoning that a stored item came right after."""
        return self._thoughts.get((owner, name))

    def item_after(self, owner: str, thought: str) -> str | None:
        """The id of the item that came right after a stored reasoning."""
        return self._followers.get((owner, thought))

    def delete(self, owner: str, name: str) -> bool:
        found = self.find(owner, name)
        if found is not None:
            self._forget(found)
        return found is not None

    def _forget(self, response: StoredResponse) -> None:
        del self._responses[response.id]
        self._bytes -= response.size
        for item in response.output:
            name = (response.owner, str(item["id"]))
            self._items.pop(name, None)
            self._thoughts.pop(name, None)
            self._followers.pop(name, None)
