import pytest

from tokenrouter.domain.limit_text import read_limit
from tokenrouter.domain.limits import Limit
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import KeyTaken
from tokenrouter.store.key_quotas import change_with_quota, create_with_quota, is_quota, revoke_with_quota
from tokenrouter.store.keys import KeyChanges, KeyRequest, NewKey, list_keys
from tokenrouter.store.limits import create_limit, list_limits

CHOSEN = "tr_chosen-0123456789abcdef"


def limit(metric: str, amount: int, window: str = "lifetime", scope: str = "key:alice", mode: str = "hard") -> Limit:
    return read_limit({"scope": scope, "metric": metric, "window": window, "amount": amount, "mode": mode})


TOKENS = limit("tokens", 1000)
HOURLY = limit("requests", 5, "interval:3600s")


def make(store: Store, *quota: Limit, request: KeyRequest | None = None) -> NewKey:
    wanted = request or KeyRequest("alice")
    return create_with_quota(store, wanted, quota, pepper=b"pepper", made_by="key_root", now_s=1000.0)


def change(store: Store, key_id: str, *quota: Limit) -> None:
    change_with_quota(store, key_id, KeyChanges(), quota, check=lambda _: None, made_by="key_root", now_s=1001.0)


def amounts(store: Store) -> dict[str, int]:
    return {stored.limit.id: stored.limit.amount for stored in list_limits(store)}


def test_a_key_is_made_with_its_quota(store: Store) -> None:
    make(store, TOKENS, HOURLY)

    assert amounts(store) == {TOKENS.id: 1000, HOURLY.id: 5}
    assert {stored.made_by for stored in list_limits(store)} == {"key_root"}


def test_a_key_that_cannot_be_made_leaves_no_quota_behind(store: Store) -> None:
    make(store, request=KeyRequest("bob", key=CHOSEN))

    with pytest.raises(KeyTaken):
        make(store, TOKENS, request=KeyRequest("alice", key=CHOSEN))

    assert amounts(store) == {}


def test_another_quota_takes_the_place_of_the_one_before_and_nothing_else_is_touched(store: Store) -> None:
    key = make(store, TOKENS, HOURLY).stored
    others = (limit("cost_usd", 3), limit("tokens", 9, mode="soft"), limit("tokens", 7, "day"))
    for one in others:
        create_limit(store, one, now_s=1.0)

    change(store, key.id, limit("tokens", 2000))

    assert amounts(store) == {TOKENS.id: 2000, **{one.id: one.amount for one in others}}


def test_the_role_can_be_changed_beside(store: Store) -> None:
    key = make(store).stored
    changes = KeyChanges(role="keymaster")

    changed = change_with_quota(store, key.id, changes, (), check=lambda _: None, made_by="", now_s=1.0)

    assert changed.role == "keymaster"
    assert [one.role for one in list_keys(store)] == ["keymaster"]


def test_a_quota_goes_with_its_key_and_those_below_it(store: Store) -> None:
    key = make(store, TOKENS).stored
    below = limit("tokens", 1, scope="key:child")
    make(store, below, request=KeyRequest("child", parent=key))
    make(store, limit("tokens", 2, scope="key:other"), request=KeyRequest("other"))

    revoke_with_quota(store, key.id, check=lambda _: None)

    assert set(amounts(store)) == {"key:other|tokens|lifetime"}


def test_changes_of_a_quota_are_audited_as_those_of_limits(store: Store) -> None:
    key = make(store, TOKENS).stored
    change(store, key.id, limit("tokens", 2000))
    revoke_with_quota(store, key.id, check=lambda _: None)

    told = [entry.action for entry in reversed(audit_page(store, AuditFilter(kind="limit"), limit=10))]

    assert told == ["limit.create", "limit.change", "limit.remove"]


def test_only_what_tokenrouter_go_could_say_is_a_quota() -> None:
    assert is_quota(TOKENS)
    assert is_quota(HOURLY)
    for other in (
        limit("tokens", 1, "day"),
        limit("cost_usd", 1),
        limit("tokens", 1, mode="soft"),
        limit("tokens", 1, scope="key:*"),
        limit("tokens", 1, scope="team:physics"),
    ):
        assert not is_quota(other)
