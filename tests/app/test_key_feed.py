"""Whatever is lost on the way, a data process ends with the keys that the control process has."""

from dataclasses import replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenrouter.app.channel import KeysMessage
from tokenrouter.app.key_feed import PART_KEYS, KeyFeed, all_parts, news_of
from tokenrouter.domain.catalog import Catalog, Key
from tokenrouter.domain.errors import InvalidKey
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.key_ring import KeyRing

NAMES = range(4)


def key(number: int, round_: int = 0, **said: object) -> Key:
    digest = bytes([number, round_]) * 16
    return Key(f"key_{number}", f"k{number}", digest, created_at_s=float(number), **said)  # type: ignore[arg-type]


def sent(message: KeysMessage) -> KeysMessage:
    """The message as it arrives."""
    return msgspec.msgpack.Decoder(KeysMessage).decode(msgspec.msgpack.encode(message))


class Control:
    """The control process's end: its keys, and what it tells of them."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.version = 100

    def change(self, number: int, kind: str) -> KeysMessage:
        base, self.version = self.version, self.version + 1
        before = self.keys.get(f"key_{number}")
        if kind == "revoke":
            self.keys.pop(f"key_{number}", None)
            return news_of([], [f"key_{number}"], base=base, version=self.version)
        made = key(number, parent_id=f"key_{number - 1}" if number else None)
        if before is not None:
            made = {
                "make": before,
                "disable": replace(before, enabled=not before.enabled),
                "rotate": replace(before, digest=key(number, self.version % 250).digest, previous_digest=before.digest),
            }[kind]
        self.keys[made.id] = made
        return news_of([made], [], base=base, version=self.version)

    def everything(self) -> list[KeysMessage]:
        return list(all_parts(self.keys.values(), self.version))


def told(directory: Directory, digest: bytes) -> Principal | str:
    try:
        return directory.principal(digest, 0.0)
    except InvalidKey as error:
        return error.message


CHANGES = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["make", "disable", "rotate", "revoke"]),
    st.sampled_from(["heard", "heard", "lost", "reconnect"]),
    st.sampled_from(NAMES),
)


@settings(deadline=None)
@given(st.lists(CHANGES, max_size=30))
def test_any_changes_losses_and_reconnects_end_in_what_a_whole_build_is(
    steps: list[tuple[int, str, str, int]],
) -> None:
    control, feed = Control(), KeyFeed(KeyRing())
    directory = Directory(Catalog(), b"", feed.ring)
    known = {b""}

    def hear(message: KeysMessage) -> None:
        match feed.take(sent(message)):
            case "lost":
                for part in control.everything():
                    hear(part)
            case "whole":
                directory.forget_keys()
            case "changed":
                directory.forget_keys([*message.gone, *(one.id for one in message.put)])

    for number, kind, fate, used in steps:
        news = control.change(number, kind)
        if fate == "heard":
            hear(news)
        elif fate == "reconnect":
            hear(control.everything()[0])  # and the connection ends
            for part in control.everything():
                hear(part)
        known |= {one.digest for one in control.keys.values()}
        told(directory, key(used).digest)  # so that it is ready, and has to be forgotten
    hear(control.change(0, "make"))

    whole = Directory(Catalog(keys=tuple(control.keys.values())), b"")
    assert {digest: told(directory, digest) for digest in known} == {digest: told(whole, digest) for digest in known}
    assert feed.ring.version == control.version


def test_all_keys_come_in_parts_and_count_when_the_last_one_is_here() -> None:
    feed = KeyFeed(KeyRing())
    keys = [Key(f"key_{n}", f"k{n}", n.to_bytes(32, "big")) for n in range(2 * PART_KEYS + 1)]
    parts = list(all_parts(keys, 7))

    assert [feed.take(sent(part)) for part in parts[:-1]] == ["waiting", "waiting"]
    assert len(feed.ring) == 0
    assert feed.take(sent(parts[-1])) == "whole"
    assert (len(feed.ring), feed.ring.version) == (len(keys), 7)


def test_no_keys_at_all_are_told_as_well() -> None:
    feed = KeyFeed(KeyRing())
    feed.take(next(all_parts([key(1)], 1)))

    assert [feed.take(part) for part in all_parts([], 2)] == ["whole"]
    assert len(feed.ring) == 0


def test_a_part_that_is_missing_is_noticed() -> None:
    feed = KeyFeed(KeyRing())
    keys = [Key(f"key_{n}", f"k{n}", n.to_bytes(32, "big")) for n in range(3 * PART_KEYS)]
    first, second, third = all_parts(keys, 7)

    assert [feed.take(first), feed.take(third)] == ["waiting", "lost"]
    assert feed.take(second) == "lost"
    assert [feed.take(first), feed.take(news_of([], ["key_1"], base=7, version=8))] == ["waiting", "lost"]
    assert [feed.take(part) for part in (first, second, third)][-1] == "whole"
