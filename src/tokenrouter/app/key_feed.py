"""How the keys of the database come to a data process: all of them once, then what changes.

The control process numbers what it tells. News builds on the version that came before; where that is another than the
one that is here, something was lost (a connection, a file that is older), and all keys are asked for. They arrive in
parts, so that requests go on meanwhile, and count when the last one is here: until then the earlier ones do.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, Literal

from tokenrouter.app.channel import KeysMessage
from tokenrouter.domain.catalog import Key
from tokenrouter.gateway.key_ring import KeyRing, pack

PART_KEYS: Final = 1000
"""Keys of one message: some 200 KB, taken in within a few milliseconds."""

Fed = Literal["waiting", "whole", "changed", "lost"]
"""What became of a message: more parts follow; all keys are others; some are; it could not be used."""


def all_parts(keys: Iterable[Key], version: int) -> Iterator[KeysMessage]:
    """Yield messages that tell all `keys`, which are those of `version`; at least one."""
    packed = map(pack, keys)
    part, here = 0, list(islice(packed, PART_KEYS))
    while True:
        following = list(islice(packed, PART_KEYS))
        yield KeysMessage(version, part=part, is_last=not following, put=here)
        if not following:
            return
        part, here = part + 1, following


def news_of(put: Iterable[Key], gone: Iterable[str], *, base: int, version: int) -> KeysMessage:
    """Return the message that tells what has changed since the version `base`."""
    return KeysMessage(version, base, put=[pack(key) for key in put], gone=sorted(gone))


class KeyFeed:
    """Takes the messages in. `ring` has the keys that count, at any time those of one version."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._arriving: KeyRing | None = None
        self._parts = 0

    def take(self, message: KeysMessage) -> Fed:
        """Take one message in; after "lost" all keys are to be asked for."""
        return self._take_part(message) if message.base is None else self._take_news(message)

    def _take_part(self, message: KeysMessage) -> Fed:
        if message.part == 0:
            self._arriving, self._parts = KeyRing(version=message.version), 0
        if self._arriving is None or (message.version, message.part) != (self._arriving.version, self._parts):
            self._arriving = None
            return "lost"
        self._arriving.put(message.put)
        self._parts += 1
        if not message.is_last:
            return "waiting"
        self.ring.become(self._arriving)
        self._arriving = None
        return "whole"

    def _take_news(self, message: KeysMessage) -> Fed:
        if self._arriving is not None or message.base != self.ring.version:
            self._arriving = None
            return "lost"
        self.ring.remove(message.gone)
        self.ring.put(message.put)
        self.ring.version = message.version
        return "changed"
