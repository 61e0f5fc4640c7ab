from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.domain.people import Membership
from tokenrouter.domain.roster import read_roster
from tokenrouter.jobs.roster import Declared, PersonOutcome, RosterOutcome, RosterWishes, import_roster
from tokenrouter.store.audit import AuditFilter, audit_page, verify_audit
from tokenrouter.store.engine import Store
from tokenrouter.store.keys import KeyRequest, create_key, find_key, list_keys
from tokenrouter.store.limits import list_limits
from tokenrouter.store.teams import create_team, list_teams, members_of, put_member
from tokenrouter.store.users import NewUser, create_user, find_user, list_users

NOW_S = 1_767_268_800.0
AS_USUAL = RosterWishes()
NOTHING = Declared()
FIRST = "name,email,team,quota,models\nAnna,anna@b.example,7b,1000,acme/small\nBen,ben@b.example,7b,,\n"


def bring(
    store: Store,
    text: str,
    wishes: RosterWishes = AS_USUAL,
    declared: Declared = NOTHING,
    *,
    dry_run: bool = False,
) -> RosterOutcome:
    roster = read_roster(text.encode())
    return import_roster(store, roster, wishes, declared, pepper=b"p", now_s=NOW_S, dry_run=dry_run)


def changes(outcome: RosterOutcome) -> dict[str, tuple[str, ...]]:
    return {person.name: person.changes for person in outcome.people}


def is_empty(store: Store) -> bool:
    return not (list_users(store) or list_teams(store) or list_keys(store) or list_limits(store))


def test_a_list_becomes_teams_people_keys_and_limits(store: Store) -> None:
    outcome = bring(store, FIRST)

    assert (outcome.new_teams, outcome.mistakes, outcome.gone) == (("7b",), (), ())
    anna = outcome.people[0]
    assert anna.key is not None
    key = find_key(store, "Anna")
    assert key.digest == key_digest(anna.key, b"p")
    assert (key.user, key.team, key.allowed_models, key.role) == ("Anna", "7b", ("acme/small",), "inferrer")
    assert find_user(store, "anna@b.example").name == "Anna"
    assert [member.user for member in members_of(store, "7b")] == ["Anna", "Ben"]
    (limit,) = list_limits(store)
    assert (limit.limit.scope, limit.limit.metric, limit.limit.window.kind, limit.limit.amount) == (
        "user:Anna",
        "tokens",
        "lifetime",
        1000,
    )


def test_a_dry_run_shows_what_would_happen_and_changes_nothing(store: Store) -> None:
    shown = bring(store, FIRST, dry_run=True)

    assert is_empty(store)
    assert [person.key for person in shown.people] == [None, None]
    assert not audit_page(store, AuditFilter(), limit=5)
    assert changes(bring(store, FIRST)) == changes(shown)


def test_the_same_list_again_changes_nothing(store: Store) -> None:
    bring(store, FIRST)
    entries = verify_audit(store).entries

    again = bring(store, FIRST)

    assert changes(again) == {"Anna": (), "Ben": ()}
    assert [person.key for person in again.people] == [None, None]
    assert verify_audit(store).entries == entries


def test_a_changed_list_brings_up_to_date_and_keys_go_on(store: Store) -> None:
    bring(store, FIRST)
    digest = find_key(store, "Anna").digest

    again = bring(
        store, "name,email,team,quota,models\nAnna,ANNA@b.example,8b,2k,all\nBen,b@b.example,7b,5,\nCleo,,7b,,\n"
    )

    assert changes(again) == {
        "Anna": ("moves from the team '7b' to '8b'", "may use other models", "may use 2,000 tokens in place of 1,000"),
        "Ben": ("has the e-mail address b@b.example", "may use 5 tokens"),
        "Cleo": ("is new", "gets a key"),
    }
    key = find_key(store, "Anna")
    assert (key.digest, key.team, key.allowed_models) == (digest, "8b", ())
    assert [member.user for member in members_of(store, "7b")] == ["Ben", "Cleo"]


def test_a_cell_that_says_nothing_leaves_what_is(store: Store) -> None:
    bring(store, FIRST)

    again = bring(store, "name\nAnna\n")

    assert changes(again) == {"Anna": ()}
    assert again.people[0].quota_tokens == 1000
    assert find_key(store, "Anna").allowed_models == ("acme/small",)


def test_a_quota_that_says_unlimited_takes_the_limit_away(store: Store) -> None:
    bring(store, FIRST)

    assert changes(bring(store, "name,quota\nAnna,unlimited\n")) == {"Anna": ("has no limit any more",)}
    assert not list_limits(store)


def test_who_is_known_by_address_keeps_their_name(store: Store) -> None:
    bring(store, FIRST)

    again = bring(store, "name,email\nAnna Bell,anna@b.example\n")

    assert changes(again) == {"Anna": ("goes on being called 'Anna'",)}


def test_who_is_gone_is_named_and_switched_off_only_where_that_is_asked_for(store: Store) -> None:
    bring(store, FIRST)
    rest = "name,team\nAnna,7b\n"

    named = bring(store, rest)
    assert (named.gone, named.disabled) == (("Ben",), ())
    assert find_user(store, "Ben").enabled

    switched = bring(store, rest, RosterWishes(disable_gone=True))
    assert (switched.gone, switched.disabled) == (("Ben",), ("Ben",))
    assert not find_user(store, "Ben").enabled
    assert bring(store, rest, RosterWishes(disable_gone=True)).disabled == ()


def test_who_comes_back_is_switched_on_where_that_is_asked_for(store: Store) -> None:
    bring(store, FIRST)
    bring(store, "name,team\nAnna,7b\n", RosterWishes(disable_gone=True))

    assert changes(bring(store, FIRST))["Ben"] == ("is switched off, and stays so",)
    assert changes(bring(store, FIRST, RosterWishes(enable_listed=True)))["Ben"] == ("is switched on again",)
    assert find_user(store, "Ben").enabled


def test_teachers_are_never_gone_and_stay_where_they_are(store: Store) -> None:
    bring(store, FIRST)
    create_user(store, NewUser("Mr Fox"), now_s=NOW_S)
    put_member(store, Membership("7b", "Mr Fox", admin=True))
    create_user(store, NewUser("Root", role="owner"), now_s=NOW_S)
    put_member(store, Membership("7b", "Root"))

    outcome = bring(store, "name,team\nAnna,7b\nMr Fox,7b\n", RosterWishes(disable_gone=True))

    assert outcome.gone == ("Ben",)
    assert Membership("7b", "Mr Fox", admin=True) in members_of(store, "7b")


def test_lines_without_a_team_get_that_of_the_call(store: Store) -> None:
    bring(store, "name,team\nAnna,\nBen,8b\n", RosterWishes(team="7b"))

    assert [team.name for team in list_teams(store)] == ["7b", "8b"]
    assert find_key(store, "Anna").team == "7b"


def test_a_mistake_anywhere_leaves_nothing(store: Store) -> None:
    outcome = bring(store, FIRST + "Cleo,not an address,7b,,\n")

    assert [str(mistake)[:13] for mistake in outcome.mistakes] == ["line 4, email"]
    assert is_empty(store)


def test_what_only_the_database_knows_to_be_wrong_is_told_by_line_as_well(store: Store) -> None:
    create_user(store, NewUser("Zoe", "zoe@b.example"), now_s=NOW_S)

    outcome = bring(store, "name,email\nCleo,zoe@b.example\nZoe,other@b.example\nDan,d@b..example\n")

    assert [str(mistake) for mistake in outcome.mistakes] == [
        "line 3: 'Zoe' is meant by line 2 already",
        "line 4, email: this is no e-mail address",
    ]
    assert [user.name for user in list_users(store)] == ["Zoe"]


def test_a_name_that_a_key_has_already_is_numbered(store: Store) -> None:
    create_key(store, KeyRequest("Anna"), pepper=b"p", now_s=NOW_S)
    declared = Declared(keys=list_keys(store))

    outcome = bring(store, "name\nAnna\n", declared=declared)

    assert changes(outcome) == {"Anna": ("is new", "gets a key, named 'Anna 2'")}
    assert find_key(store, "Anna 2").user == "Anna"


def test_what_the_file_declares_stays_as_it_is(store: Store) -> None:
    limit = Limit("user:Anna|tokens|lifetime", "user:Anna", "tokens", Window("lifetime"), 5, origin="torod.toml:3")

    outcome = bring(store, FIRST, declared=Declared(teams=["7b"], limits=[limit]))

    assert outcome.new_teams == ()
    assert not list_limits(store)
    assert "has a limit in the file, which stays" in outcome.people[0].changes
    assert [member.user for member in members_of(store, "7b")] == ["Anna", "Ben"]


def test_everything_is_in_the_audit_log_and_no_key_is(store: Store) -> None:
    outcome = bring(store, FIRST)

    entries = audit_page(store, AuditFilter(), limit=100)
    actions = [entry.action for entry in entries]
    assert {"team.create", "user.create", "key.create", "member.put"} <= set(actions)
    assert not [person for person in outcome.people if person.key and person.key in str(entries)]


def test_a_key_is_in_no_repr() -> None:
    assert "tr_secret" not in repr(PersonOutcome(2, "Anna", "", "", (), "tr_secret"))


def test_a_team_that_exists_is_not_made_again(store: Store) -> None:
    create_team(store, "7b", now_s=NOW_S)

    assert bring(store, FIRST).new_teams == ()
