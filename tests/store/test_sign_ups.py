from concurrent.futures import ThreadPoolExecutor

import pytest

from tokenrouter.domain.limits import Limit, Window
from tokenrouter.store.access_codes import NewAccessCode, create_access_code, list_access_codes
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import SignUpRefused
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.limits import create_limit, list_limits
from tokenrouter.store.sign_ups import SignUp, sign_up
from tokenrouter.store.teams import members_of
from tokenrouter.store.users import list_users

PEPPER = b"pepper"


def make(store: Store, name: str = "ann", code: str | None = None, *, reserved: tuple[str, ...] = ()) -> None:
    wanted = SignUp(name, f"{name}@example.org", "$argon2id$x", code)
    sign_up(store, wanted, reserved=reserved, pepper=PEPPER, now_s=1.0)


def test_an_account_its_team_and_its_quota_are_made_together(store: Store) -> None:
    wanted = NewAccessCode("blackboard", team="physics", quota_tokens=500)
    create_access_code(store, wanted, pepper=PEPPER, now_s=0.0)

    make(store, code="blackboard")

    assert [(one.user, one.admin) for one in members_of(store, "physics")] == [("ann", False)]
    assert [(one.limit.scope, one.limit.mode, one.limit.amount) for one in list_limits(store)] == [
        ("user:ann", "hard", 500)
    ]


def test_who_is_refused_uses_no_code_up(store: Store) -> None:
    create_access_code(store, NewAccessCode("blackboard"), pepper=PEPPER, now_s=0.0)
    make(store)

    for name, code in (("ann", "blackboard"), ("bob", "not it")):
        with pytest.raises(SignUpRefused):
            make(store, name, code)

    assert [one.uses for one in list_access_codes(store)] == [0]
    assert [one.name for one in list_users(store)] == ["ann"]


def test_a_name_that_keys_limits_or_the_file_know_is_nobody_s_to_take(store: Store) -> None:
    create_key(store, KeyRequest("k", user="keyed"), pepper=PEPPER, now_s=0.0)
    limited = Limit("user:limited|tokens|lifetime", "user:limited", "tokens", Window("lifetime"), 1)
    create_limit(store, limited, now_s=0.0)

    for name in ("keyed", "limited", "declared"):
        with pytest.raises(SignUpRefused):
            make(store, name, reserved=("declared",))


def test_a_code_for_one_is_for_one_however_many_come_at_once(store: Store) -> None:
    create_access_code(store, NewAccessCode("blackboard", max_uses=1), pepper=PEPPER, now_s=0.0)

    def come(number: int) -> bool:
        try:
            make(store, f"student{number}", "blackboard")
        except SignUpRefused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(come, range(6))).count(True) == 1
