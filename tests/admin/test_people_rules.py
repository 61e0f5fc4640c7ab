import pytest

from tests.admin.installation import Installation
from tokenrouter.admin.callers import Caller, Grant
from tokenrouter.admin.people_rules import find_team_for, find_user_for, require_administration, teams_of, users_of
from tokenrouter.admin.permissions import Reach
from tokenrouter.admin.problems import Problem
from tokenrouter.domain.actors import Actor
from tokenrouter.domain.people import Membership
from tokenrouter.store.errors import TeamUnknown, UserUnknown
from tokenrouter.store.teams import create_team, put_member
from tokenrouter.store.users import NewUser, create_user


def granted(installation: Installation, reach: Reach) -> Grant:
    for name in ("ann", "bob", "eve"):
        create_user(installation.store, NewUser(name), now_s=1.0)
    for name in ("physics", "biology", "art"):
        create_team(installation.store, name, now_s=1.0)
    put_member(installation.store, Membership("physics", "bob"))
    caller = Caller(
        "team_admin",
        Actor("person", "usr_1", "ann"),
        user="ann",
        teams=frozenset({"physics"}),
        member_of=frozenset({"physics", "biology"}),
    )
    return Grant(caller, reach, installation.store)


def test_a_team_admin_sees_their_teams_and_the_people_in_those_they_administer(installation: Installation) -> None:
    grant = granted(installation, "team")

    assert teams_of(grant) == frozenset({"physics", "biology"})
    assert users_of(installation.state, grant) == frozenset({"ann", "bob"})
    assert find_user_for(installation.state, grant, "bob").name == "bob"
    with pytest.raises(UserUnknown):
        find_user_for(installation.state, grant, "eve")
    with pytest.raises(TeamUnknown):
        find_team_for(installation.state, grant, "art")
    with pytest.raises(Problem):
        require_administration(grant, "biology")


def test_a_member_sees_themselves(installation: Installation) -> None:
    assert users_of(installation.state, granted(installation, "own")) == frozenset({"ann"})


def test_an_admin_sees_all(installation: Installation) -> None:
    grant = granted(installation, "all")

    assert (teams_of(grant), users_of(installation.state, grant)) == (None, None)
    assert find_team_for(installation.state, grant, "art").name == "art"
