import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tokenrouter.cli.torod import main
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.password_links import find_password_link
from tokenrouter.store.sessions import SessionOwner, begin_session, list_sessions
from tokenrouter.store.users import NewUser, UserChanges, create_user, update_user


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("TOKENROUTER_HOME", str(tmp_path))
    assert run("keys", "list")[0] == 0  # makes the database
    return open_store(f"sqlite:///{tmp_path / 'data' / 'tokenrouter.db'}")


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(words))
    return result.exit_code, result.output


def test_a_link_that_sets_a_password_is_printed(store: Store) -> None:
    ann = create_user(store, NewUser("ann", "ann@example.org"), now_s=0.0)

    code, told = run("users", "password", "ann@example.org", "--json")

    link = json.loads(told)["link"]
    assert (code, link.startswith("http://127.0.0.1:8080/admin/password?token=")) == (0, True)
    with store.read() as connection:
        found = find_password_link(connection, link.partition("token=")[2], now_s=0.0)
    assert found is not None
    assert (found.user_id, found.kind) == (ann.id, "reset")
    assert "/admin/password?token=" in run("users", "password", "ann")[1]
    store.close()


def test_somebody_is_signed_out_everywhere(store: Store) -> None:
    owner = SessionOwner("person", create_user(store, NewUser("ann"), now_s=0.0).id)
    for _ in range(2):
        begin_session(store, owner, way="password", address="", agent="", now_s=0.0)

    code, told = run("users", "sign-out", "ann")

    assert (code, told) == (0, "Ended 2 sessions of 'ann'.\n")
    assert list_sessions(store, owner, now_s=1.0) == ()
    store.close()


def test_who_is_unknown_or_disabled_gets_no_link(store: Store) -> None:
    create_user(store, NewUser("ann"), now_s=0.0)
    update_user(store, "ann", UserChanges(enabled=False))

    assert "disabled" in run("users", "password", "ann")[1]
    for command in ("password", "sign-out"):
        code, told = run("users", command, "nobody")
        assert (code, "no user 'nobody'" in told) == (1, True)
    store.close()


def test_people_and_what_they_may(store: Store) -> None:
    for words in (("ann", "--role", "owner"), ("bob", "--email", "bob@school.org")):
        assert run("users", "create", *words)[0] == 0
    run("users", "disable", "bob")
    run("users", "role", "bob", "admin")

    assert run("users", "list")[1] == "ann  owner  -\nbob  admin  bob@school.org  disabled\n"
    run("users", "enable", "bob")
    assert json.loads(run("users", "list", "--json")[1])[1]["enabled"] is True
    assert "last owner" in run("users", "remove", "ann")[1]
    assert run("users", "remove", "bob")[0] == 0
    assert "already" in run("users", "create", "ann")[1]
    store.close()
