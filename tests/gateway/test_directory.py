from dataclasses import replace

import pytest

from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.errors import ControlPlaneAway, DisabledKey, ExpiredKey, InvalidKey, MissingKey
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.directory import MAX_CHAIN, Directory, ModelPatterns
from tokenrouter.gateway.key_ring import KeyRing, pack

PEPPER = b"p"


def key(name: str, secret: str, **more: object) -> Key:
    return Key(id=name, name=name, digest=key_digest(secret, PEPPER), **more)  # type: ignore[arg-type]


def directory(*keys: Key) -> Directory:
    return Directory(Catalog(keys=keys), PEPPER)


def test_a_key_is_found_by_its_digest_whether_long_or_short() -> None:
    state = directory(key("long", "tr_0123456789-0123456789"), key("short", "llmp-short"))

    assert state.authenticate((b"tr_0123456789-0123456789",), 0.0).key.name == "long"
    assert state.authenticate((b"llmp-short",), 0.0).key.name == "short"


@pytest.mark.parametrize(("more", "error"), [({"enabled": False}, DisabledKey), ({"expires_at_s": 10.0}, ExpiredKey)])
def test_a_parent_answers_for_its_children(more: dict[str, object], error: type[InvalidKey]) -> None:
    state = directory(key("parent", "parent-0123", **more), key("child", "child-01234", parent_id="parent"))

    with pytest.raises(error, match=r"child|parent"):
        state.authenticate((b"child-01234",), 10.0)


def test_a_suspended_key_and_those_below_it_are_refused_with_what_to_do() -> None:
    state = directory(key("run", "run-0123456", suspended=True), key("below", "below-01234", parent_id="run"))

    for secret in (b"run-0123456", b"below-01234"):
        with pytest.raises(DisabledKey, match=r"'run' is suspended.*start it anew"):
            state.authenticate((secret,), 0.0)


def test_a_child_whose_parent_is_gone_is_refused() -> None:
    with pytest.raises(DisabledKey, match="parent"):
        directory(key("child", "child-01234", parent_id="gone")).authenticate((b"child-01234",), 0.0)


def test_a_chain_that_is_too_long_or_goes_round_is_refused() -> None:
    long = [
        key(f"k{n}", f"key-number-{n}", parent_id=f"k{n + 1}" if n < MAX_CHAIN else None) for n in range(MAX_CHAIN + 1)
    ]
    with pytest.raises(DisabledKey):
        directory(*long).authenticate((b"key-number-0",), 0.0)
    assert directory(*long).authenticate((b"key-number-1",), 0.0).chain[-1] == f"k{MAX_CHAIN}"
    with pytest.raises(DisabledKey):
        directory(key("a", "key-a-0123", parent_id="b"), key("b", "key-b-0123", parent_id="a")).authenticate(
            (b"key-a-0123",), 0.0
        )


def test_no_key_and_an_unknown_key_are_told_apart() -> None:
    with pytest.raises(MissingKey):
        directory().authenticate((), 0.0)
    with pytest.raises(InvalidKey):
        directory().authenticate((b"tr_unknown",), 0.0)


def test_a_request_is_charged_to_its_whole_chain() -> None:
    state = directory(key("top", "top-012345", user="u", team="t"), key("sub", "sub-012345", parent_id="top"))

    assert state.authenticate((b"sub-012345",), 0.0).scopes == ("key:sub", "key:top", "user:u", "team:t", "global")


@pytest.mark.parametrize(
    ("above", "own", "together"),
    [
        ({}, {}, (True, "")),
        ({"clamp": False}, {}, (False, "")),
        ({}, {"clamp": False}, (False, "")),
        ({"unbounded_input": "deny"}, {"unbounded_input": "allow"}, (True, "deny")),
        ({"unbounded_input": "allow"}, {}, (True, "")),
        ({"unbounded_input": "allow"}, {"unbounded_input": "allow"}, (True, "allow")),
    ],
)
def test_a_child_is_not_freer_under_limits_than_its_parent(
    above: dict[str, object], own: dict[str, object], together: tuple[bool, str]
) -> None:
    state = directory(key("top", "top-012345", **above), key("sub", "sub-012345", parent_id="top", **own))
    principal = state.authenticate((b"sub-012345",), 0.0)

    assert (principal.clamp, principal.unbounded_input) == together


def test_a_provider_that_cannot_be_built_is_left_out_with_its_reason() -> None:
    broken = Provider("bad", "openai-compatible", "http://h/v1", secret="line\nbreak")
    state = Directory(Catalog(providers=(broken, Provider("good", "openai-compatible", "http://h/v1"))), PEPPER)

    assert list(state.providers) == ["good"]
    assert "line\nbreak" not in state.skipped["bad"]


@pytest.mark.parametrize(
    ("patterns", "model", "allowed"),
    [([], "x", True), (["a*c"], "abbc", True), (["a.c"], "abc", False), (["a", "b"], "b", True), (["a"], "ab", False)],
)
def test_patterns_know_one_wildcard(patterns: list[str], model: str, allowed: bool) -> None:
    assert ModelPatterns(patterns).allow(model) is allowed


def ring_of(*keys: Key) -> KeyRing:
    return KeyRing(map(pack, keys))


def beside(*stored: Key, declared: tuple[Key, ...] = ()) -> Directory:
    owned = tuple(replace(key, origin="file") for key in declared)
    return Directory(Catalog(keys=owned), PEPPER, ring_of(*stored))


def test_a_key_beside_the_catalog_is_a_key_like_those_in_it() -> None:
    parent, child = key("parent", "parent-0123", team="physics"), key("child", "child-01234", parent_id="parent")

    for state in (directory(parent, child), beside(parent, child), beside(child, declared=(parent,))):
        assert state.authenticate((b"child-01234",), 0.0).scopes == (
            "key:child",
            "key:parent",
            "team:physics",
            "global",
        )
        assert state.digest((b"nobody's", b"child-01234")) == child.digest


@pytest.mark.parametrize("shadow", [("a", "b"), ("b", "a")])
def test_the_database_has_no_key_where_the_file_has_one_of_its_name_or_id(shadow: tuple[str, str]) -> None:
    stored = Key(*shadow, key_digest("stored-0123", PEPPER))
    child = key("child", "child-01234", parent_id=stored.id)
    state = beside(stored, child, declared=(key("a", "declared-01"),))

    with pytest.raises(InvalidKey):
        state.authenticate((b"stored-0123",), 0.0)
    assert state.key_named("a") == replace(key("a", "declared-01"), origin="file")


def test_a_key_that_was_used_is_made_anew_once_it_or_a_parent_has_changed() -> None:
    parent, child = key("parent", "parent-0123"), key("child", "child-01234", parent_id="parent")
    state = beside(parent, child)
    before = state.authenticate((b"child-01234",), 0.0)
    assert state.authenticate((b"child-01234",), 0.0) is before

    state.stored.put([pack(replace(parent, enabled=False))])
    state.forget_keys(["parent"])
    with pytest.raises(DisabledKey, match="parent"):
        state.authenticate((b"child-01234",), 0.0)

    state.stored.remove(["parent"])
    state.forget_keys(["parent"])
    with pytest.raises(DisabledKey, match="gone"):
        state.authenticate((b"child-01234",), 0.0)

    state.stored.put([pack(parent)])
    state.forget_keys(["parent"])
    assert state.authenticate((b"child-01234",), 0.0).chain == before.chain


def test_only_so_many_keys_are_ready_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenrouter.gateway.directory.MAX_PRINCIPALS", 2)
    state = beside(*(key(f"k{n}", f"key-number-{n}") for n in range(5)))

    for n in range(5):
        assert state.authenticate((f"key-number-{n}".encode(),), 0.0).key.name == f"k{n}"


def test_the_previous_key_of_one_beside_the_catalog_is_good_for_a_while() -> None:
    old = key_digest("old-0123456", PEPPER)
    state = beside(key("ann", "new-0123456", previous_digest=old, previous_until_s=10.0, expires_at_s=99.0))

    assert state.authenticate((b"old-0123456",), 9.0).key.name == "ann"
    with pytest.raises(ExpiredKey):
        state.authenticate((b"old-0123456",), 10.0)
    assert state.authenticate((b"new-0123456",), 10.0).expires_at_s == 99.0


def test_a_key_that_is_not_there_may_be_looked_at_as_if_it_were() -> None:
    known = directory(key("up", "up-0123456789", allowed_models=("acme/*",)))

    principal = known.as_if(replace(key("new", "new-0123456789"), parent_id=known.catalog.keys[0].id))

    assert (principal.may_use(("acme/small",)), principal.may_use(("other/small",))) == (True, False)
    with pytest.raises(InvalidKey):
        known.authenticate((b"new-0123456789",), 0.0)


def test_a_key_that_nobody_has_told_yet_may_be_good() -> None:
    ring = KeyRing()
    ring.is_awaited = True
    state = Directory(Catalog(), PEPPER, ring)
    with pytest.raises(ControlPlaneAway, match="being loaded") as refused:
        state.authenticate((b"tr_0123456789-0123456789",), 0.0)
    assert refused.value.retry_after_s == 1.0
    with pytest.raises(MissingKey):
        state.authenticate((), 0.0)

    ring.become(KeyRing(version=1))

    with pytest.raises(InvalidKey):
        state.authenticate((b"tr_0123456789-0123456789",), 0.0)
