import pytest
from sqlalchemy import delete, update

from tokenrouter.domain.actors import Actor
from tokenrouter.store.audit import AuditFilter, audit_page, has_done, note, verify_audit
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import NameTaken
from tokenrouter.store.keys import KeyChanges, KeyRequest, create_key, revoke_key, update_key
from tokenrouter.store.schema import tr_audit

ANN = Actor("person", "usr_1", "ann", "192.0.2.7")


def made(store: Store, *names: str) -> None:
    for name in names:
        create_key(store.acting(ANN), KeyRequest(name=name), pepper=b"", now_s=1.0)


def test_a_change_says_who_what_and_how_it_was_before_and_after(store: Store) -> None:
    made(store, "alice")
    update_key(store.acting(ANN), "alice", KeyChanges(comment="on holiday"))

    entry = audit_page(store, AuditFilter(), limit=1)[0]

    assert (entry.actor, entry.action, entry.subject[2]) == (ANN, "key.change", "alice")
    assert (entry.before, entry.after) == ({"comment": ""}, {"comment": "on holiday"})


def test_nothing_that_could_be_used_is_written_down(store: Store) -> None:
    made_key = create_key(store, KeyRequest(name="alice"), pepper=b"", now_s=1.0)

    entry = audit_page(store, AuditFilter(), limit=1)[0]

    told = repr(entry)
    assert made_key.key not in told
    assert "digest" not in told


def test_what_failed_left_no_entry(store: Store) -> None:
    made(store, "alice")

    with pytest.raises(NameTaken):
        made(store, "alice")

    assert len(audit_page(store, AuditFilter(), limit=10)) == 1


def test_entries_are_found_by_what_they_say(store: Store) -> None:
    made(store, "alice", "bob")
    revoke_key(store, "bob")

    def found(**wanted: str) -> list[str]:
        return [entry.subject[2] for entry in audit_page(store, AuditFilter(**wanted), limit=10)]  # type: ignore[arg-type]

    assert found(actor="ann") == ["bob", "alice"]
    assert found(action="key.revoke") == ["bob"]
    assert found(subject="alice") == ["alice"]
    assert found(text="ALI") == ["alice"]
    assert found(kind="team") == []


def test_pages_go_on_where_the_last_ended(store: Store) -> None:
    made(store, "a", "b", "c")
    first = audit_page(store, AuditFilter(), limit=2)

    rest = audit_page(store, AuditFilter(before_number=first[-1].number), limit=2)

    assert [entry.subject[2] for entry in (*first, *rest)] == ["c", "b", "a"]


def test_a_chain_that_nobody_touched_is_whole(store: Store) -> None:
    assert verify_audit(store).entries == 0
    made(store, "a", "b", "c")

    state = verify_audit(store)

    assert (state.entries, state.broken_at, state.noted) == (3, None, True)
    assert verify_audit(store, noted=state.head).noted
    assert state.head == audit_page(store, AuditFilter(), limit=1)[0].hash


@pytest.mark.parametrize("column", ["at_us", "actor_name", "before", "address", "hash"])
def test_what_was_altered_breaks_the_chain(store: Store, column: str) -> None:
    made(store, "a", "b", "c")
    second = audit_page(store, AuditFilter(), limit=3)[1].number
    with store.write() as connection:
        value = 7 if column == "at_us" else "x"
        connection.execute(update(tr_audit).where(tr_audit.c.number == second).values({column: value}))

    assert verify_audit(store).broken_at == second


def test_what_was_taken_out_breaks_the_chain(store: Store) -> None:
    made(store, "a", "b", "c")
    last, second = (audit_page(store, AuditFilter(), limit=3)[at].number for at in (0, 1))
    with store.write() as connection:
        connection.execute(delete(tr_audit).where(tr_audit.c.number == second))

    assert verify_audit(store).broken_at == last


def test_an_end_that_was_cut_off_is_missed_by_whoever_noted_it(store: Store) -> None:
    made(store, "a", "b")
    head = verify_audit(store).head
    with store.write() as connection:
        connection.execute(delete(tr_audit).where(tr_audit.c.hash == head))

    state = verify_audit(store, noted=head)

    assert (state.broken_at, state.noted) == (None, False)


def test_hostile_names_are_kept_and_hashed_as_they_were_kept(store: Store) -> None:
    actor = Actor("key", "k", "null\0 and half \ud800", "")
    with store.write() as connection:
        note(store.acting(actor), connection, "key.create", ("key", "id\0", "\ud83d"), None, {"name": "\0\ud800"})

    assert verify_audit(store).broken_at is None
    assert audit_page(store, AuditFilter(), limit=1)[0].after == {"name": "\0\ud800"}


def test_who_has_done_something_to_a_subject_is_known(store: Store) -> None:
    own = create_key(store.acting(ANN), KeyRequest("own"), pepper=b"", now_s=1.0).stored
    others = create_key(store, KeyRequest("others"), pepper=b"", now_s=1.0).stored

    asked = ((one.id, action) for one in (own, others) for action in ("key.create", "key.revoke"))

    assert [has_done(store, "usr_1", action, "key", key_id) for key_id, action in asked] == [True, False, False, False]
