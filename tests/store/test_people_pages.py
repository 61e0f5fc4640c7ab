from tokenrouter.domain.people import Membership
from tokenrouter.store.engine import Store
from tokenrouter.store.people_pages import PeopleFilter, team_page, user_page
from tokenrouter.store.teams import TeamChanges, create_team, put_member, update_team
from tokenrouter.store.users import NewUser, create_user


def people(store: Store) -> None:
    for name in ("c", "a", "b"):
        create_user(store, NewUser(name, email=f"{name}@x.org", comment=f"100% {name}_"), now_s=1.0)
        create_team(store, f"team {name}", now_s=1.0)
    put_member(store, Membership("team a", "b"))


def test_pages_go_by_name_and_go_on_where_they_ended(store: Store) -> None:
    people(store)

    first = user_page(store, PeopleFilter(), None, 2)
    rest = user_page(store, PeopleFilter(), first[-1][0][0], 2)

    assert [user.name for _, user in (*first, *rest)] == ["a", "b", "c"]
    assert [team.name for _, team in team_page(store, PeopleFilter(), "team a", 9)] == ["team b", "team c"]


def test_filters_restrict_together_and_words_are_no_patterns(store: Store) -> None:
    people(store)
    update_team(store, "team b", TeamChanges(enabled=False))

    def users(**wanted: object) -> list[str]:
        return [user.name for _, user in user_page(store, PeopleFilter(**wanted), None, 9)]  # type: ignore[arg-type]

    assert users(words="A@X") == ["a"]
    assert users(words="100%") == ["a", "b", "c"]
    assert users(words="0_") == []
    assert users(team="team a") == ["b"]
    assert users(names=frozenset({"a", "c"}), words="c_") == ["c"]
    assert users(names=frozenset()) == []
    assert [team.name for _, team in team_page(store, PeopleFilter(enabled=False), None, 9)] == ["team b"]
