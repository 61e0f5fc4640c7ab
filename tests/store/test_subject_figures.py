from tests.store.entries import NOON_US, entry
from tokenrouter.domain.people import Membership
from tokenrouter.store.engine import Store
from tokenrouter.store.key_pages import KeySight
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.subject_figures import (
    MonthSums,
    key_counts,
    key_names,
    last_uses,
    member_counts,
    memberships_of_all,
    month_sums,
)
from tokenrouter.store.teams import put_member
from tokenrouter.store.within import Within

MONTH_US = 31 * 86_400_000_000


def test_a_month_is_summed_for_each_who_is_asked_about(store: Store) -> None:
    rows = [
        entry("1"),
        entry("2", user="bob", team="art"),
        entry("3", team="art"),
        entry("4", started_us=NOON_US + MONTH_US),
    ]
    record(store, [Row(row) for row in rows], {})

    assert month_sums(store, "user", {"ann", "bob", "zoe"}, "2026-01") == {
        "ann": MonthSums(2, 30, 50),
        "bob": MonthSums(1, 15, 25),
    }
    art = Within(teams=frozenset({"art"}))
    assert month_sums(store, "user", {"ann"}, "2026-01", whose=art) == {"ann": MonthSums(1, 15, 25)}
    assert month_sums(store, "key_id", {"key_alice"}, "2026-02") == {"key_alice": MonthSums(1, 15, 25)}


def test_the_last_request_of_each_key_is_found(store: Store) -> None:
    rows = [entry("1"), entry("2", started_us=NOON_US + 5), entry("3", key_id="key_bob")]
    record(store, [Row(row) for row in rows], {})

    assert last_uses(store, {"key_alice", "key_bob", "key_none"}) == {"key_alice": NOON_US + 5, "key_bob": NOON_US}
    assert last_uses(store, set()) == {}


def test_what_belongs_to_each_is_counted(store: Store) -> None:
    above = create_key(store, KeyRequest("above", "keymaster", team="art", user="ann"), pepper=b"", now_s=1.0).stored
    for name in ("one", "two"):
        create_key(store, KeyRequest(name, parent=above), pepper=b"", now_s=1.0)
    for team, user in (("art", "ann"), ("art", "bob"), ("physics", "ann")):
        put_member(store, Membership(team, user, admin=user == "ann"))

    assert key_counts(store, "parent_id", {above.id, "other"}) == {above.id: 2}
    assert key_counts(store, "team", {"art"}) == {"art": 3}
    assert key_counts(store, "user", {"ann"}, seen=KeySight(parent_id=above.id)) == {"ann": 2}
    assert key_names(store, {above.id, "gone"}) == {above.id: "above"}
    assert member_counts(store, {"art", "none"}) == {"art": 2}
    assert [one.team for one in memberships_of_all(store, {"ann", "zoe"})["ann"]] == ["art", "physics"]
