"""A prefix before every name."""

from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.ledger import Usage
from tokenrouter.imports.found import Found, FoundKey, FoundTeam, FoundUser
from tokenrouter.imports.prefixing import prefixed
from tokenrouter.imports.terms import LIFETIME, found_limit, imported_row

ROW = imported_row(("x",), 1, Usage(), key_id="key_1", key_name="k", user="u", team="t", provider="lab")
FOUND = Found(
    "classroom",
    teams=(FoundTeam("t"),),
    users=(FoundUser("u", teams=("t",), leads=("t",)),),
    keys=(FoundKey("k", team="t", user="u"), FoundKey("c", parent="k")),
    limits=(found_limit("team:t", "tokens", LIFETIME, 5), found_limit("global", "tokens", LIFETIME, 5)),
    aliases=(Alias("a", (Target("lab/m"),), scope="user:u"), Alias("b", (Target("lab/m"),))),
    history=lambda: (ROW,),
)


def test_all_that_names_a_team_a_user_or_a_key_gets_it() -> None:
    found = prefixed(FOUND, "b-")

    assert (found.teams[0].name, found.users[0].name, found.users[0].teams, found.users[0].leads) == (
        "b-t",
        "b-u",
        ("b-t",),
        ("b-t",),
    )
    assert [(key.name, key.team, key.user, key.parent) for key in found.keys] == [
        ("b-k", "b-t", "b-u", ""),
        ("b-c", "", "", "b-k"),
    ]
    assert [one.limit.id for one in found.limits] == ["team:b-t|tokens|lifetime", "global|tokens|lifetime"]
    assert [alias.scope for alias in found.aliases] == ["user:b-u", "global"]


def test_history_gets_it_and_keeps_its_ids() -> None:
    (row,) = prefixed(FOUND, "b-").history()

    assert (row.id, row.key_id, row.key_name, row.user, row.team) == (ROW.id, "key_1", "b-k", "b-u", "b-t")


def test_no_prefix_changes_nothing() -> None:
    assert prefixed(FOUND, "") is FOUND
