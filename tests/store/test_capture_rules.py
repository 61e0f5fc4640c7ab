import pytest

from tokenrouter.domain.actors import Actor
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.capture_rules import CaptureRule, list_capture_rules, remove_capture_rule, set_capture_rule
from tokenrouter.store.catalog_version import catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import CaptureRuleUnknown


def test_there_is_one_rule_for_a_scope_and_the_last_word_counts(store: Store) -> None:
    set_capture_rule(store, CaptureRule("team:physics", True, "key_root", 5.0))
    set_capture_rule(store, CaptureRule("global", False, "", 6.0))
    set_capture_rule(store, CaptureRule("team:physics", False, "", 7.0))

    assert list_capture_rules(store) == (
        CaptureRule("global", False, "", 6.0),
        CaptureRule("team:physics", False, "", 7.0),
    )


def test_a_rule_can_be_removed_once(store: Store) -> None:
    set_capture_rule(store, CaptureRule("global", True))
    remove_capture_rule(store, "global")

    assert list_capture_rules(store) == ()
    with pytest.raises(CaptureRuleUnknown):
        remove_capture_rule(store, "global")


def test_every_change_is_seen_by_the_watch_and_stands_in_the_audit_log(store: Store) -> None:
    acting = store.acting(Actor("key", "key_root", "root"))
    set_capture_rule(acting, CaptureRule("global", True))
    remove_capture_rule(acting, "global")

    with store.read() as connection:
        assert catalog_version(connection) == 2
    told = [
        (entry.action, entry.actor.name, entry.before, entry.after)
        for entry in audit_page(store, AuditFilter(), limit=9)
    ]
    assert told == [
        ("capture.remove", "root", {"enabled": True}, None),
        ("capture.set", "root", None, {"enabled": True}),
    ]
