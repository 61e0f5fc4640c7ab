from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tokenrouter.config.settings import GroupRights, OidcSetting
from tokenrouter.domain.people import Membership, User
from tokenrouter.signin.oidc.client import Identity
from tokenrouter.signin.oidc.errors import SignInRefused
from tokenrouter.signin.oidc.people import person_of
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.migrate import migrate
from tokenrouter.store.password_links import LIFETIME_S, LinkKind, create_password_link
from tokenrouter.store.teams import memberships_of, put_member
from tokenrouter.store.users import NewUser, UserChanges, create_user, find_user, update_user

ISSUER = "https://idp.example"
CORP = OidcSetting("corp", ISSUER, "gateway", auto_create=True)
GROUPS = replace(
    CORP,
    groups_claim="groups",
    group_teams={
        "students": GroupRights(team="physics"),
        "teachers": GroupRights(team="physics", team_admin=True),
        "it": GroupRights(role="admin"),
    },
)
ANN = Identity(ISSUER, "42", "ann@example.org", "Ann")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file: Path = tmp_path_factory.mktemp("people") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file.read_bytes()


@pytest.fixture
def store(migrated: bytes, tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "db").write_bytes(migrated)
    store = open_store(f"sqlite:///{tmp_path / 'db'}")
    yield store
    store.close()


def come(store: Store, setting: OidcSetting = CORP, identity: Identity = ANN, *, now_s: float = 1.0) -> User:
    return person_of(store, setting, identity, reserved=frozenset({"declared@example.org"}), now_s=now_s)


def test_who_comes_again_is_the_same_person_whatever_their_address_is_now(store: Store) -> None:
    first = come(store)

    again = come(store, identity=replace(ANN, email="ann.smith@example.org"))

    assert (first.name, first.role, again.id) == ("ann@example.org", "member", first.id)


def test_the_same_subject_of_another_issuer_is_somebody_else(store: Store) -> None:
    first = come(store)
    other = replace(ANN, issuer="https://other.example", email="")

    assert come(store, identity=other).id != first.id


def test_without_auto_create_only_the_invited_come_in(store: Store) -> None:
    closed = replace(CORP, auto_create=False)

    with pytest.raises(SignInRefused, match="no account"):
        come(store, closed)
    ann = create_user(store, NewUser("ann", "ann@example.org"), now_s=0.0)
    create_password_link(store, ann.id, ann.name, "invitation", now_s=0.0)

    linked = come(store, closed)

    assert (linked.id, linked.oidc_issuer, linked.oidc_subject) == (ann.id, ISSUER, "42")
    assert come(store, closed).id == ann.id, "the invitation is used up, and the account linked"


@pytest.mark.parametrize("how", ["not invited", "reset only", "too late", "linked already", "disabled", "not verified"])
def test_an_account_is_not_taken_over_by_its_address(store: Store, how: str) -> None:
    ann = create_user(store, NewUser("ann", "ann@example.org", role="admin"), now_s=0.0)
    if how != "not invited":
        kind: LinkKind = "reset" if how == "reset only" else "invitation"
        create_password_link(store, ann.id, ann.name, kind, now_s=0.0)
    if how == "linked already":
        update_user(store, "ann", UserChanges(oidc_issuer=ISSUER, oidc_subject="41"))
    if how == "disabled":
        update_user(store, "ann", UserChanges(enabled=False))
    identity = replace(ANN, email="") if how == "not verified" else ANN

    if how == "not verified":
        assert come(store, identity=identity).id != ann.id
    else:
        with pytest.raises(SignInRefused, match="with this e-mail address"):
            come(store, identity=identity, now_s=LIFETIME_S["invitation"] if how == "too late" else 1.0)


def test_who_is_disabled_here_does_not_come_in(store: Store) -> None:
    update_user(store, come(store).name, UserChanges(enabled=False))

    with pytest.raises(SignInRefused, match="disabled"):
        come(store)


@pytest.mark.parametrize("email", ["", "ann@other.example", "ann@example.org.evil.example"])
def test_only_addresses_of_the_domains_come_in(store: Store, email: str) -> None:
    some = replace(CORP, allowed_domains=("example.org",))

    assert come(store, some).email == "ann@example.org"
    with pytest.raises(SignInRefused, match="domains"):
        come(store, some, replace(ANN, subject="43", email=email))


def test_nobody_gets_a_name_that_is_charged_already(store: Store) -> None:
    create_key(store, KeyRequest("k", user="ann@example.org"), pepper=b"p", now_s=0.0)

    for identity in (ANN, replace(ANN, email="declared@example.org")):
        with pytest.raises(SignInRefused, match="by your name"):
            come(store, identity=identity)


def test_groups_give_teams_and_roles_and_take_them_again(store: Store) -> None:
    ann = come(store, GROUPS, replace(ANN, groups=("students", "teachers", "it", "unknown")))
    assert ann.role == "admin"
    assert memberships_of(store, ann.name) == (Membership("physics", ann.name, True, "oidc:corp"),)

    ann = come(store, GROUPS, replace(ANN, groups=("students",)))
    assert ann.role == "member"
    assert memberships_of(store, ann.name) == (Membership("physics", ann.name, False, "oidc:corp"),)

    come(store, GROUPS, replace(ANN, groups=None))
    assert memberships_of(store, ann.name) == ()


def test_what_people_gave_is_not_taken_by_groups(store: Store) -> None:
    ann = come(store)
    put_member(store, Membership("physics", ann.name, admin=True))

    come(store, GROUPS, replace(ANN, groups=("students",)))

    assert memberships_of(store, ann.name) == (Membership("physics", ann.name, admin=True),)


def test_roles_are_people_s_to_give_where_no_group_has_one(store: Store) -> None:
    some = replace(GROUPS, group_teams={"students": GroupRights(team="physics")})
    ann = come(store, some)
    update_user(store, ann.name, UserChanges(role="admin"))

    assert come(store, some).role == "admin"


def test_an_owner_stays_one_whatever_the_groups_say(store: Store) -> None:
    ann = come(store, GROUPS)
    update_user(store, ann.name, UserChanges(role="owner"))

    assert come(store, GROUPS, replace(ANN, groups=())).role == "owner"


def test_a_subject_without_an_address_makes_a_name_that_can_be_one(store: Store) -> None:
    made = come(store, identity=Identity(ISSUER, "a*b:c d/é"))

    assert made.name == "corp-a-b-c-d-é"
    assert find_user(store, made.name).email is None
