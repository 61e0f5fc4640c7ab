"""Ids in requests that are passed on raw (pure but for the register of owners).

Nobody has mapped what such a request means, so every text in it that is known to be an id, or has the look of one, must
be the caller's own. Vendors' ids are a short word and many random characters, or a UUID.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tokenrouter.domain.errors import NotFound
from tokenrouter.gateway.account.references import JsonPairs, decoded_pairs
from tokenrouter.gateway.ownership import Ownership

MAX_ID_CHARS: Final = 256
"""Longest text that is taken for an id."""

_NAMED: Final = re.compile(r"[A-Za-z][A-Za-z_]{1,23}[-_](?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9]{16,}")
"""Such as `file-…`, `batch_…`, `ftjob-…`: names of models have fewer characters after their first hyphen."""
_WITHIN: Final = re.compile(r"(?:call|chatcmpl|fc|toolu|tooluse|srvtoolu)[-_].*", re.DOTALL)
"""Ids that only point to another place of the same conversation."""
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class RawIds:
    """Which ids one caller may name at one provider."""

    def __init__(self, ownership: Ownership, owner: str, provider: str) -> None:
        self._ownership = ownership
        self._owner = owner
        self._provider = provider

    def require_in_path(self, parts: Iterable[str]) -> None:
        """Look at the segments of a path or the values of a query.

        Raises:
            NotFound: one is an id that is not the caller's.
        """
        for part in parts:
            if not self._may_name(part) or (_UUID.fullmatch(part) and not self._owns(part)):
                raise _not_found(part)

    def require_in_body(self, body: bytes) -> None:
        """Look at every text in a JSON body. A UUID there is a text like any other, unless it is known.

        Raises:
            NotFound: one is an id that is not the caller's.
            InvalidJson, NestedTooDeeply: it cannot be looked through.
        """
        for text in _texts(decoded_pairs(body)):
            if not self._may_name(text):
                raise _not_found(text)

    def is_visible(self, item: Any) -> bool:
        """Whether an item of a list may be shown."""
        id_ = item.get("id") if isinstance(item, dict) else None
        if not isinstance(id_, str):
            return True
        return self._may_name(id_) and (_UUID.fullmatch(id_) is None or self._owns(id_))

    def _may_name(self, text: str) -> bool:
        if len(text) > MAX_ID_CHARS:
            return True
        if self._ownership.owners(self._provider, text):
            return self._owns(text)
        return _NAMED.fullmatch(text) is None or _WITHIN.fullmatch(text) is not None

    def _owns(self, text: str) -> bool:
        return self._owner in self._ownership.owners(self._provider, text)


def _not_found(text: str) -> NotFound:
    return NotFound(f"There is nothing of yours with the id {text[:100]!r}.")


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, JsonPairs):
            for name, inner in current:
                waiting += (name, inner)
        elif isinstance(current, list):
            waiting += current
