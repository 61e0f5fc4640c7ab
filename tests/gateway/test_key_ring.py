from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.catalog import Key
from tokenrouter.gateway.key_ring import KeyRing, pack, unpack

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)


@st.composite
def keys(draw: st.DrawFn) -> Key:
    return Key(
        id=draw(TEXTS),
        name=draw(TEXTS),
        digest=draw(st.binary(min_size=32, max_size=32)),
        role=draw(st.sampled_from(["admin", "keymaster", "inferrer"])),
        parent_id=draw(st.none() | TEXTS),
        allowed_models=tuple(draw(st.lists(TEXTS, max_size=3))),
        expires_at_s=draw(st.none() | st.floats(0, 1e10)),
        enabled=draw(st.booleans()),
        previous_digest=draw(st.none() | st.binary(min_size=32, max_size=32)),
        clamp=draw(st.booleans()),
    )


@given(keys())
def test_a_key_is_unpacked_as_it_was_packed(key: Key) -> None:
    assert unpack(pack(key).packed) == key


def key(name: str, digest: bytes) -> Key:
    return Key(id=f"id of {name}", name=name, digest=digest)


def test_a_key_is_found_by_digest_id_and_name_until_it_is_taken_out() -> None:
    ann, bob = key("ann", b"a"), key("bob", b"b")
    ring = KeyRing([pack(ann), pack(bob)], 7)

    assert (ring.key(b"a"), ring.key_of("id of bob"), ring.key_named("ann")) == (ann, bob, ann)
    ring.remove(["id of ann", "nobody"])
    assert (ring.key(b"a"), ring.key_of("id of ann"), ring.key_named("ann")) == (None, None, None)
    assert [one.id for one in ring] == ["id of bob"]


@given(st.permutations([b"a", b"b", b"c"]))
def test_keys_may_even_exchange_their_digests(digests: list[bytes]) -> None:
    names = ["ann", "bob", "cyd"]
    ring = KeyRing(pack(key(name, digest)) for name, digest in zip(names, (b"a", b"b", b"c"), strict=True))

    ring.put(pack(key(name, digest)) for name, digest in zip(names, digests, strict=True))

    for name, digest in zip(names, digests, strict=True):
        assert ring.key(digest) == ring.key_of(f"id of {name}") == key(name, digest)


def test_what_is_part_of_a_name_is_not_that_name() -> None:
    assert KeyRing([pack(key("annabel", b"a"))]).key_named("anna") is None


def test_a_key_that_was_rotated_is_found_by_both_until_it_is_taken_out() -> None:
    rotated = replace(key("ann", b"new"), previous_digest=b"old", previous_until_s=9.0)
    ring = KeyRing([pack(key("ann", b"old"))])
    ring.put([pack(rotated)])

    assert ring.key(b"new") == ring.key(b"old") == rotated
    ring.put([pack(key("ann", b"new"))])
    assert (ring.key(b"old"), ring.key(b"new")) == (None, key("ann", b"new"))
    ring.remove(["id of ann"])
    assert b"new" not in ring
