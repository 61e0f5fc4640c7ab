import pytest

from tests.admin.installation import PEPPER, Installation
from tokenrouter.admin.compat.classroom_teams import Terms, change_team, drop_team, keys_by_team, make_team, make_token
from tokenrouter.domain.catalog import Key
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.errors import KeyTaken
from tokenrouter.store.keys import KeyRequest, create_key, list_keys
from tokenrouter.store.limits import list_limits
from tokenrouter.store.teams import find_team, list_teams

TOKEN = "a-token-of-somebody-s-choice"


def make(installation: Installation, name: str = "7b", token: str | None = None) -> str:
    terms = Terms(1000, 30)
    return make_team(installation.store, name, terms, token=token, pepper=PEPPER, now_s=1.0)[1].key


def test_tokens_are_made_as_its_clients_know_them() -> None:
    assert len({make_token(), make_token()}) == 2
    assert len(make_token()) == 43


def test_what_fails_in_the_middle_leaves_nothing(installation: Installation) -> None:
    make(installation, token=TOKEN)

    with pytest.raises(KeyTaken):
        make(installation, "8b", TOKEN)

    assert [team.name for team in list_teams(installation.store)] == ["7b"]
    assert len(list_limits(installation.store)) == 2


def test_what_is_not_said_stays(installation: Installation) -> None:
    make(installation)

    change_team(installation.store, "7b", Terms(max_requests_per_minute=5), enabled=None, now_s=2.0)

    assert {one.limit.metric: one.limit.amount for one in list_limits(installation.store)} == {
        "tokens": 1000,
        "requests": 5,
    }
    assert find_team(installation.store, "7b").enabled


def test_a_team_goes_with_all_its_keys_and_what_is_below_them(installation: Installation) -> None:
    make(installation)
    (parent,) = list_keys(installation.store)
    create_key(installation.store, KeyRequest("child", parent=parent), pepper=PEPPER, now_s=2.0)
    create_key(installation.store, KeyRequest("second", team="7b"), pepper=PEPPER, now_s=3.0)

    drop_team(installation.store, "7b")

    assert [list_(installation.store) for list_ in (list_keys, list_limits, list_teams)] == [(), (), ()]
    actions = [entry.action for entry in audit_page(installation.store, AuditFilter(), limit=50)]
    assert actions.count("key.revoke") == 3


def test_a_team_is_shown_by_the_first_key_that_was_made_for_it() -> None:
    keys = [
        Key("c", "child", b"1", parent_id="a", team="7b", created_at_s=1.0),
        Key("b", "second", b"2", team="7b", created_at_s=3.0),
        Key("a", "first", b"3", team="7b", created_at_s=2.0),
        Key("d", "nobody's", b"4"),
    ]

    assert {team: key.name for team, key in keys_by_team(keys).items()} == {"7b": "first"}
