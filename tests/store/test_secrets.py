"""Secrets of the database: kept, opened, and wrapped anew."""

import itertools
from collections.abc import Mapping

import pytest
from sqlalchemy import select, update

from tokenrouter.config.envelope import SecretPlace
from tokenrouter.config.keyfile import wrapping_key_id
from tokenrouter.config.keyring import KeyRing
from tokenrouter.store import secrets as secrets_module
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import SecretUnreadable
from tokenrouter.store.schema import tr_secrets
from tokenrouter.store.secrets import (
    current_key_id,
    keep_secrets,
    list_secrets,
    open_secrets,
    problem_of,
    rewrap_some,
    secret_hint,
    use_key,
)

OLD, NEW = b"o" * 32, b"n" * 32
RING = KeyRing(lambda: (OLD, NEW))
NEW_ID = wrapping_key_id(NEW)


def keep(store: Store, subject: str, texts: Mapping[str, str], ring: KeyRing = RING) -> None:
    with store.write() as connection:
        keep_secrets(connection, ring, "provider", subject, texts, now_s=1.0)


def opened(store: Store, ring: KeyRing = RING) -> dict[tuple[str, str], str]:
    with store.read() as connection:
        return {(one.place.id, one.place.field): one.text for one in open_secrets(connection, ring, "provider")}


def test_secrets_are_read_back_and_stand_nowhere_in_clear(store: Store) -> None:
    keep(store, "acme", {"api_key": "sk-very-secret-1", "headers.x": "very-secret-2"})
    keep(store, "other", {"api_key": "ü"})

    assert opened(store) == {
        ("acme", "api_key"): "sk-very-secret-1",
        ("acme", "headers.x"): "very-secret-2",
        ("other", "api_key"): "ü",
    }
    with store.read() as connection:
        assert "secret" not in repr([tuple(row) for row in connection.execute(select(tr_secrets))])


def test_what_is_kept_replaces_all_that_a_subject_had(store: Store) -> None:
    keep(store, "acme", {"api_key": "one", "headers.x": "two"})
    keep(store, "acme", {"api_key": "three"})

    assert opened(store) == {("acme", "api_key"): "three"}


def test_what_cannot_be_decrypted_is_told_beside_the_rest(store: Store) -> None:
    keep(store, "acme", {"api_key": "one"})
    keep(store, "other", {"api_key": "two", "headers.x": "three"})
    with store.write() as connection:
        columns = tr_secrets.c
        connection.execute(update(tr_secrets).where(columns.field == "headers.x").values(sealed=b"damaged" * 9))

    states = {(one.place.id, one.place.field): one.problem for one in list_secrets(store, RING)}
    assert [place for place, problem in states.items() if problem] == [("other", "headers.x")]
    with store.read() as connection:
        assert "headers.x cannot be decrypted" in problem_of(open_secrets(connection, RING, "provider", "other"))
        assert problem_of(open_secrets(connection, RING, "provider", "acme")) == ""

    lost = KeyRing(lambda: (b"x" * 32,))
    assert all("is not here" in one.problem for one in list_secrets(store, lost))


def test_a_secret_that_was_moved_to_another_provider_does_not_open_there(store: Store) -> None:
    keep(store, "acme", {"api_key": "one"})
    with store.write() as connection:
        connection.execute(update(tr_secrets).values(id="mine"))

    assert opened(store) == {("mine", "api_key"): ""}


def test_new_secrets_are_wrapped_under_the_key_that_the_database_names(store: Store) -> None:
    keep(store, "acme", {"api_key": "one"})
    use_key(store, RING, NEW_ID)
    keep(store, "other", {"api_key": "two"})

    assert {one.place.id: one.key_id for one in list_secrets(store, RING)} == {"acme": RING.ids[0], "other": NEW_ID}


def test_who_does_not_have_that_key_keeps_nothing_under_another(store: Store) -> None:
    use_key(store, RING, NEW_ID)

    with pytest.raises(SecretUnreadable, match="is not here"):
        keep(store, "acme", {"api_key": "one"}, KeyRing(lambda: (OLD,)))
    assert opened(store) == {}


def test_secrets_are_rewrapped_a_few_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets_module, "MAX_AT_ONCE", 2)
    for subject in "abcde":
        keep(store, subject, {"api_key": f"secret of {subject}"})
    with store.write() as connection:
        connection.execute(update(tr_secrets).where(tr_secrets.c.id == "b").values(wrapped=b"damaged"))
    use_key(store, RING, NEW_ID)

    after: SecretPlace | None = None
    counts, problems = [], []
    for _ in itertools.count():
        step = rewrap_some(store, RING, NEW_ID, after=after, clock=lambda: 7.0)
        if step.last is None:
            break
        after = step.last
        counts.append(step.count)
        problems += [place.id for place in step.problems]

    assert (counts, problems) == ([1, 2, 1], ["b"])
    assert opened(store, KeyRing(lambda: (NEW,)))[("e", "api_key")] == "secret of e"
    assert {one.rotated_at_s for one in list_secrets(store, RING) if one.place.id != "b"} == {7.0}
    with store.read() as connection:
        assert current_key_id(connection, RING) == NEW_ID


@pytest.mark.parametrize(("text", "hint"), [("sk-0123456789abc", "…9abc"), ("short", "…"), ("", "…")])
def test_a_hint_tells_little(text: str, hint: str) -> None:
    assert secret_hint(text) == hint
