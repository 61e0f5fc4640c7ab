"""The keys of the database in a data process: as bytes, until one of them is used.

A hundred thousand keys as objects are 200 MB and several seconds of making them, during which no request would move.
Most of them are never used between two starts, so they are kept as they came, in half a kilobyte each, and one is
made when somebody comes with it. What changes is told by its difference; see `app/key_feed.py`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, NamedTuple, get_type_hints

import msgspec

from tokenrouter.domain.catalog import Key

_FIELDS: Final = tuple(field.name for field in fields(Key))
_HINTS: Final[dict[str, Any]] = get_type_hints(Key)
_values: Final = attrgetter(*_FIELDS)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple.__class_getitem__(tuple(_HINTS[name] for name in _FIELDS))).decode


class PackedKey(NamedTuple):
    """A key with what it is looked up by; `packed` is all of it, by field in the order of `Key`."""

    id: str
    digests: tuple[bytes, ...]
    packed: bytes


def pack(key: Key) -> PackedKey:
    """Return `key` as a ring keeps it."""
    return PackedKey(key.id, key.digests, _encode(_values(key)))


def unpack(packed: bytes) -> Key:
    """Return the key of what `pack` has made.

    Raises:
        msgspec.DecodeError: it has not.
    """
    return Key(*_decode(packed))


class KeyRing:
    """Keys by digest and by id.

    Attributes:
        version: of what was put in last; -1 for nothing yet.
        is_awaited: nothing was put in yet and there may be keys, so that one which is not here may still be good.
    """

    __slots__ = ("_digests", "_packed", "is_awaited", "version")

    def __init__(self, keys: Iterable[PackedKey] = (), version: int = -1) -> None:
        self.version = version
        self.is_awaited = False
        self._packed: dict[bytes, bytes] = {}
        self._digests: dict[str, tuple[bytes, ...]] = {}
        self.put(keys)

    def __len__(self) -> int:
        return len(self._digests)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._packed

    def __iter__(self) -> Iterator[PackedKey]:
        return (PackedKey(key_id, digests, self._packed[digests[0]]) for key_id, digests in self._digests.items())

    def put(self, keys: Iterable[PackedKey]) -> None:
        """Put keys in, in place of those of the same ids."""
        keys = list(keys)
        self.remove(key.id for key in keys)
        for key_id, digests, packed in keys:
            self._digests[key_id] = digests
            for digest in digests:
                self._packed[digest] = packed

    def remove(self, ids: Iterable[str]) -> None:
        """Take keys out, those that are in."""
        for key_id in ids:
            for digest in self._digests.pop(key_id, ()):
                self._packed.pop(digest, None)

    def become(self, other: "KeyRing") -> None:
        """Have the keys of `other`, which is not to be used any more."""
        self._packed, self._digests, self.version = other._packed, other._digests, other.version
        self.is_awaited = False

    def key(self, digest: bytes) -> Key | None:
        """Return the key of this digest."""
        packed = self._packed.get(digest)
        return None if packed is None else unpack(packed)

    def key_of(self, key_id: str) -> Key | None:
        """Return the key of this id."""
        digests = self._digests.get(key_id)
        return None if digests is None else self.key(digests[0])

    def key_named(self, name: str) -> Key | None:
        """Return the key of this name; looks at all of them, some milliseconds for a hundred thousand."""
        needle = _encode(name)
        likely = (unpack(packed) for packed in self._packed.values() if needle in packed)
        return next((key for key in likely if key.name == name), None)
