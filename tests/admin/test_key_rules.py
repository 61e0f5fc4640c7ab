from dataclasses import replace

import pytest

from tests.admin.installation import Installation
from tokenrouter.admin.callers import Caller, Grant, caller_with_key
from tokenrouter.admin.key_bodies import ChangedKey, NewKey
from tokenrouter.admin.key_rules import as_allowed, refuse_beyond, refuse_release, sight, visible_keys
from tokenrouter.admin.permissions import Reach
from tokenrouter.admin.problems import Problem
from tokenrouter.domain.actors import Actor
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.domain.people import Membership
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.limits import create_limit
from tokenrouter.store.teams import put_member

ANN = Caller("member", Actor("person", "usr_1", "ann"), user="ann", member_of=frozenset({"physics"}))
HEAD = replace(ANN, role="team_admin", teams=frozenset({"physics", "art"}))


def granted(installation: Installation, caller: Caller, reach: Reach) -> Grant:
    return Grant(caller, reach, installation.store)


def limited(installation: Installation, scope: str) -> None:
    limit = Limit(f"{scope}|tokens|day", scope, "tokens", Window("day"), 100)
    create_limit(installation.store, limit, now_s=1.0)


def test_people_see_the_keys_that_are_charged_to_them_or_their_teams(installation: Installation) -> None:
    for name, team, user in (("a", "art", "bob"), ("b", "biology", "bob"), ("c", "biology", "ann")):
        create_key(installation.store, KeyRequest(name, team=team, user=user), pepper=b"", now_s=1.0)

    def names(caller: Caller, reach: Reach) -> set[str]:
        return {key.name for key in visible_keys(installation.state, granted(installation, caller, reach))}

    assert names(ANN, "own") == {"master", "alice", "c"}
    assert names(HEAD, "team") == {"master", "alice", "a", "c"}
    assert sight(granted(installation, ANN, "all")) is None


def test_a_members_key_is_charged_to_the_member_and_their_team(installation: Installation) -> None:
    made = as_allowed(installation.state, granted(installation, replace(ANN, user="zoe"), "own"), NewKey(name="x"))

    assert (made.user, made.team) == ("zoe", "physics")


@pytest.mark.parametrize(
    "wanted",
    [
        {"role": "keymaster"},
        {"role": "admin"},
        {"key": "of-my-own-choice"},
        {"user": "bob"},
        {"team": "art"},
        {"passthrough": True},
        {"allow_unpriced": True},
        {"unpriced": "allow"},
        {"unbounded_input": "allow"},
    ],
)
def test_a_member_makes_no_key_that_may_more_than_they(installation: Installation, wanted: dict[str, object]) -> None:
    grant = granted(installation, replace(ANN, user="zoe"), "own")

    with pytest.raises(RoleNotAllowed):
        as_allowed(installation.state, grant, NewKey.model_validate({"name": "x", **wanted}))


def test_where_keys_are_limited_a_member_makes_none_unless_they_are_limited_too(installation: Installation) -> None:
    grant = granted(installation, replace(ANN, user="zoe"), "own")
    limited(installation, "key:*")
    with pytest.raises(RoleNotAllowed, match="limits of their own"):
        as_allowed(installation.state, grant, NewKey(name="x"))

    limited(installation, "user:*")

    assert as_allowed(installation.state, grant, NewKey(name="x")).user == "zoe"


def test_a_team_admin_makes_keys_for_their_teams_and_no_others(installation: Installation) -> None:
    grant = granted(installation, HEAD, "team")

    assert as_allowed(installation.state, grant, NewKey(name="x", team="art")).team == "art"
    with pytest.raises(RoleNotAllowed):
        as_allowed(installation.state, grant, NewKey(name="x", team="biology"))
    with pytest.raises(Problem, match="team: is missing"):
        as_allowed(installation.state, grant, NewKey(name="x"))


def test_what_somebody_may_change_of_a_key_depends_on_whose_it_is(installation: Installation) -> None:
    refuse_beyond(granted(installation, ANN, "all"), ChangedKey(passthrough=True))
    refuse_beyond(granted(installation, HEAD, "team"), ChangedKey(allowed_models=["x"]))
    with pytest.raises(RoleNotAllowed, match="passthrough"):
        refuse_beyond(granted(installation, HEAD, "team"), ChangedKey(passthrough=True))
    with pytest.raises(RoleNotAllowed, match="allowed_models"):
        refuse_beyond(granted(installation, ANN, "own"), ChangedKey(allowed_models=["x"]))


def test_a_key_sees_what_is_below_it(installation: Installation) -> None:
    key = next(key for key in installation.catalog().keys if key.name == "master")
    caller = caller_with_key(installation.state.directory().principal(key.digest, 0.0), "")
    create_key(installation.store, KeyRequest("pupil", parent=key), pepper=b"", now_s=1.0)

    seen = {
        reach: visible_keys(installation.state, granted(installation, caller, reach)) for reach in ("children", "own")
    }

    assert [[key.name for key in keys] for keys in seen.values()] == [["pupil"], ["master", "pupil"]]


def test_a_team_admin_charges_nobody_who_is_not_in_the_team(installation: Installation) -> None:
    put_member(installation.store, Membership("art", "bob"))
    grant = granted(installation, HEAD, "team")

    assert as_allowed(installation.state, grant, NewKey(name="x", team="art", user="bob")).user == "bob"
    assert as_allowed(installation.state, grant, NewKey(name="x", team="art")).user == ""
    with pytest.raises(RoleNotAllowed, match="'eve' is not in the team 'art'"):
        as_allowed(installation.state, grant, NewKey(name="x", team="art", user="eve"))


def test_a_member_has_a_bounded_number_of_keys_below_others_too(installation: Installation) -> None:
    for number in range(20):
        create_key(installation.store, KeyRequest(f"k{number}", user="zoe"), pepper=b"", now_s=1.0)
    grant = granted(installation, replace(ANN, user="zoe"), "own")

    with pytest.raises(RoleNotAllowed, match="at most 20 keys"):
        as_allowed(installation.state, grant, NewKey(name="x", parent="k0"))


def test_a_member_does_not_get_rid_of_a_limit_by_getting_rid_of_its_key(installation: Installation) -> None:
    for name in ("bound", "free"):
        create_key(installation.store, KeyRequest(name, user="zoe"), pepper=b"", now_s=1.0)
    limited(installation, "key:bound")
    keys = {key.name: key for key in installation.catalog().keys}
    grant = granted(installation, replace(ANN, user="zoe"), "own")

    with pytest.raises(RoleNotAllowed, match="disable it"):
        refuse_release(installation.state, grant, keys["bound"])
    refuse_release(installation.state, grant, keys["free"])
    refuse_release(installation.state, granted(installation, HEAD, "all"), keys["bound"])


@pytest.mark.parametrize(
    "bound",
    [{"allowed_models": ("acme/small",)}, {"allowed_ips": ("192.0.2.7",)}, {"unpriced": "deny"}, {"clamp": False}],
)
def test_a_member_s_further_key_is_bound_as_the_one_that_they_were_given(
    installation: Installation, bound: dict[str, object]
) -> None:
    given = create_key(installation.store, KeyRequest("given", user="zoe", **bound), pepper=b"", now_s=1.0).stored  # type: ignore[arg-type]
    grant = granted(installation, replace(ANN, user="zoe"), "own")

    made = as_allowed(installation.state, grant, NewKey(name="x"))

    assert (made.parent, made.user, made.team) == (given.id, "", "")
    with pytest.raises(RoleNotAllowed, match="disable it"):
        refuse_release(installation.state, grant, given)
    create_key(installation.store, KeyRequest("other", user="zoe", **bound), pepper=b"", now_s=1.0)  # type: ignore[arg-type]
    with pytest.raises(Problem, match="parent: is missing"):
        as_allowed(installation.state, grant, NewKey(name="x"))
    create_key(installation.store, KeyRequest("free", user="zoe"), pepper=b"", now_s=1.0)
    assert as_allowed(installation.state, grant, NewKey(name="x")).parent is None


def test_a_temporary_key_of_one_s_own_neither_binds_the_next_nor_has_to_stay(installation: Installation) -> None:
    zoe, until_s = replace(ANN, user="zoe"), installation.now_s + 3600
    grant = granted(installation, zoe, "own")
    tried = KeyRequest("tried", user="zoe", temporary=True, expires_at_s=until_s)
    own = create_key(installation.store.acting(zoe.actor), tried, pepper=b"", now_s=1.0).stored

    assert as_allowed(installation.state, grant, NewKey(name="x")).parent is None
    refuse_release(installation.state, grant, own)

    lent = create_key(installation.store, replace(tried, name="lent"), pepper=b"", now_s=1.0).stored
    assert as_allowed(installation.state, grant, NewKey(name="x")).parent == lent.id
    with pytest.raises(RoleNotAllowed, match="disable it"):
        refuse_release(installation.state, grant, lent)
