from dataclasses import replace

import pytest

from tests.admin.installation import ADMIN_PASSWORD, PEPPER, ROOT_KEY, Installation
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import SignedIn, Visitor, find_signed_in
from tokenrouter.admin.signing_in import sign_in_person, sign_in_with_secret
from tokenrouter.domain.people import Membership, User
from tokenrouter.store.keys import KeyChanges, KeyRequest, create_key, update_key
from tokenrouter.store.teams import put_member
from tokenrouter.store.users import NewUser, UserChanges, create_user, remove_user, update_user

DOOR = Visitor("192.0.2.1", "browser")


@pytest.fixture
def ann(installation: Installation) -> User:
    create_user(installation.store, NewUser("boss", role="owner"), now_s=0.0)
    return create_user(installation.store, NewUser("ann", "ann@example.org"), now_s=0.0)


def find(installation: Installation, cookie: str) -> SignedIn | None:
    return find_signed_in(installation.state, replace(DOOR, cookie=cookie))


def begin(installation: Installation, user: User) -> str:
    return sign_in_person(installation.state, DOOR, user, way="password")


def test_a_person_is_shown_as_they_are_now(installation: Installation, ann: User) -> None:
    cookie = begin(installation, ann)
    put_member(installation.store, Membership("physics", "ann", admin=True))
    update_user(installation.store, "ann", UserChanges(role="admin"))

    found = find(installation, cookie)

    assert found is not None
    assert found.user is not None
    assert (found.name, found.is_admin, found.user.role) == ("ann", True, "admin")
    assert [one.team for one in found.memberships] == ["physics"]


def test_a_disabled_and_a_removed_person_are_out_at_once(installation: Installation, ann: User) -> None:
    cookie = begin(installation, ann)

    update_user(installation.store, "ann", UserChanges(enabled=False))
    assert find(installation, cookie) is None
    update_user(installation.store, "ann", UserChanges(enabled=True))
    assert find(installation, cookie)
    remove_user(installation.store, "ann")
    assert find(installation, cookie) is None


def test_a_disabled_key_is_out_at_once(installation: Installation) -> None:
    key = create_key(installation.store, KeyRequest("second", role="admin"), pepper=PEPPER, now_s=0.0).key
    cookie = sign_in_with_secret(installation.state, DOOR, key)
    assert find(installation, cookie)

    update_key(installation.store, "second", KeyChanges(enabled=False))

    assert find(installation, cookie) is None


@pytest.mark.parametrize(("secret", "name"), [(ROOT_KEY, "root"), (ADMIN_PASSWORD, "ADMIN_PASSWORD")])
def test_the_audit_log_names_whose_session_it_is(installation: Installation, secret: str, name: str) -> None:
    found = find(installation, sign_in_with_secret(installation.state, DOOR, secret))

    assert found is not None
    assert found.is_admin
    assert found.actor("192.0.2.1").name == name


def test_the_digest_of_the_admin_password_is_not_in_the_database(installation: Installation) -> None:
    found = find(installation, sign_in_with_secret(installation.state, DOOR, ADMIN_PASSWORD))

    assert found is not None
    assert found.session.owner.key_digest is not None
    assert repr(found.session.owner.key_digest) not in repr(found)


def test_a_session_is_good_where_its_key_is_and_nowhere_else(installation: Installation) -> None:
    request = KeyRequest("second", role="admin", allowed_ips=("192.0.2.7",))
    key = create_key(installation.store, request, pepper=PEPPER, now_s=0.0).key
    there = Visitor("192.0.2.7")
    cookie = sign_in_with_secret(installation.state, there, key)

    assert find_signed_in(installation.state, replace(there, cookie=cookie)) is not None
    assert find_signed_in(installation.state, Visitor("198.51.100.1", cookie=cookie)) is None
    with pytest.raises(Problem):
        sign_in_with_secret(installation.state, Visitor("198.51.100.1"), key)
