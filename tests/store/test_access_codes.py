from dataclasses import replace

import pytest

from tokenrouter.store.access_codes import (
    AccessCode,
    NewAccessCode,
    create_access_code,
    enable_access_code,
    list_access_codes,
    remove_access_code,
    use_access_code,
)
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import AccessCodeTaken, AccessCodeUnknown, InvalidField

PEPPER = b"pepper"


def make(store: Store, code: str | None = "blackboard", **fields: object) -> tuple[str, AccessCode]:
    wanted = replace(NewAccessCode(code), **fields)  # type: ignore[arg-type]
    return create_access_code(store, wanted, pepper=PEPPER, now_s=0.0)


def use(store: Store, code: str, *, now_s: float = 1.0) -> AccessCode | None:
    with store.write() as connection:
        return use_access_code(connection, code, pepper=PEPPER, now_s=now_s)


def test_a_code_is_found_by_itself_and_by_nothing_else(store: Store) -> None:
    code, made = make(store, None, team="physics", quota_tokens=7, allowed_models=("acme/*",))

    assert use(store, code) == made
    for other in ("", code[:-1], made.hint, made.id, "\ud800"):
        assert use(store, other) is None
    assert [one.uses for one in list_access_codes(store)] == [1]


def test_a_code_is_good_as_often_as_it_may_be_used(store: Store) -> None:
    make(store, max_uses=2)

    assert [use(store, "blackboard") is not None for _ in range(3)] == [True, True, False]


def test_it_ends_and_can_be_switched_off(store: Store) -> None:
    _, made = make(store, expires_at_s=10.0)

    assert use(store, "blackboard", now_s=10.0) is None
    enable_access_code(store, made.id, enabled=False)
    assert use(store, "blackboard") is None
    enable_access_code(store, made.id, enabled=True)
    assert use(store, "blackboard")


def test_neither_the_code_nor_its_digest_is_in_the_audit_log(store: Store) -> None:
    _, made = make(store)
    remove_access_code(store, made.id)

    entries = audit_page(store, AuditFilter(), limit=10)

    assert [one.action for one in entries] == ["access_code.remove", "access_code.create"]
    assert "blackboard" not in str(entries)
    assert "digest" not in str(entries)


def test_what_is_not_there_is_told(store: Store) -> None:
    make(store)

    with pytest.raises(AccessCodeTaken):
        make(store)
    with pytest.raises(AccessCodeUnknown):
        remove_access_code(store, "code_gone")
    with pytest.raises(AccessCodeUnknown):
        enable_access_code(store, "code_gone", enabled=True)


@pytest.mark.parametrize("code", ["short", "x" * 101, "with\nbreak", "        "])
def test_what_cannot_be_written_on_a_blackboard_is_no_code(store: Store, code: str) -> None:
    with pytest.raises(InvalidField):
        make(store, code)
