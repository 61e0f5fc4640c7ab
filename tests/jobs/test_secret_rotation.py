"""Rotation against a real key file and database, broken off wherever it can be."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tokenrouter.config.keyfile import add_secret, key_file, load_or_create_secrets, wrapping_key_id
from tokenrouter.config.keyring import KeyRing, ring_of
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.jobs.secret_rotation import NothingToRotate, rotate_secrets
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.migrate import migrate
from tokenrouter.store.secrets import current_key_id, keep_secrets, list_secrets, open_secrets, use_key

COUNT = 450


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=Paths(None, tmp_path / "torod.toml", tmp_path, tmp_path))


def fill(store: Store, ring: KeyRing) -> None:
    with store.write() as connection:
        for number in range(COUNT):
            keep_secrets(connection, ring, "provider", f"p{number:03}", {"api_key": f"secret {number}"}, now_s=1.0)


def key_ids(store: Store, ring: KeyRing) -> set[str]:
    states = list_secrets(store, ring)
    assert not [one for one in states if one.problem]
    return {one.key_id for one in states}


def texts(store: Store, ring: KeyRing) -> set[str]:
    with store.read() as connection:
        return {one.text for one in open_secrets(connection, ring, "provider")}


def test_every_secret_is_wrapped_under_a_new_key_and_the_one_before_goes(settings: Settings, store: Store) -> None:
    ring = ring_of(settings)
    fill(store, ring)
    first = load_or_create_secrets(settings)[0]

    done = rotate_secrets(settings, store, ring)
    again = rotate_secrets(settings, store, ring)

    assert (done.rewrapped, again.rewrapped, done.problems, done.resumed) == (COUNT, COUNT, {}, False)
    assert key_ids(store, ring) == {again.key_id}
    kept = load_or_create_secrets(settings)
    assert kept[0] == first
    assert [wrapping_key_id(secret) for secret in kept[1:]] == [again.key_id]
    assert texts(store, ring_of(settings)) == {f"secret {number}" for number in range(COUNT)}


def test_a_server_that_runs_meanwhile_reads_and_keeps_secrets_throughout(settings: Settings, store: Store) -> None:
    ring, server = ring_of(settings), ring_of(settings)
    fill(store, ring)
    done = rotate_secrets(settings, store, ring)

    assert len(texts(store, server)) == COUNT
    with store.write() as connection:
        keep_secrets(connection, server, "provider", "late", {"api_key": "late"}, now_s=2.0)
    assert key_ids(store, server) == {done.key_id}


def test_a_new_key_that_was_never_used_is_used_by_the_next_rotation(settings: Settings, store: Store) -> None:
    fill(store, ring_of(settings))
    fresh = add_secret(key_file(settings))

    done = rotate_secrets(settings, store, ring_of(settings))

    assert (done.key_id, done.resumed, done.rewrapped) == (wrapping_key_id(fresh), True, COUNT)


def test_secrets_that_were_left_behind_are_taken_up_without_yet_another_key(settings: Settings, store: Store) -> None:
    fill(store, ring_of(settings))
    fresh = wrapping_key_id(add_secret(key_file(settings)))
    use_key(store, ring_of(settings), fresh)

    done = rotate_secrets(settings, store, ring_of(settings))

    assert (done.key_id, done.resumed, done.rewrapped) == (fresh, True, COUNT)
    assert len(load_or_create_secrets(settings)) == 2


def test_a_secret_that_cannot_be_decrypted_stays_and_stops_no_other(settings: Settings, store: Store) -> None:
    fill(store, KeyRing(lambda: (b"lost" * 8,)))
    ring = ring_of(settings)
    with store.write() as connection:
        keep_secrets(connection, ring, "provider", "good", {"api_key": "good"}, now_s=1.0)

    done = rotate_secrets(settings, store, ring)

    assert (done.rewrapped, len(done.problems)) == (1, COUNT)
    assert [one.place.id for one in list_secrets(store, ring) if not one.problem] == ["good"]
    assert not rotate_secrets(settings, store, ring).resumed


def test_variables_are_rotated_once_every_node_knows_the_new_one(settings: Settings, store: Store) -> None:
    before = replace(settings, encryption_key="first key")
    behind = ring_of(before)
    fill(store, behind)
    with pytest.raises(NothingToRotate, match="ENCRYPTION_KEY_OLD"):
        rotate_secrets(before, store, behind)

    both = replace(settings, encryption_key="second key", encryption_key_old="first key")
    with store.write() as connection:
        keep_secrets(connection, ring_of(both), "provider", "p000", {"api_key": "secret 0"}, now_s=1.0)
    assert key_ids(store, behind) == {behind.ids[0]}  # a node that is behind still reads everything

    assert rotate_secrets(both, store, ring_of(both)).rewrapped == COUNT
    after = replace(settings, encryption_key="second key", encryption_key_first="first key")
    assert len(texts(store, ring_of(after))) == COUNT
    assert load_or_create_secrets(after)[0] == load_or_create_secrets(before)[0]
    with pytest.raises(NothingToRotate):
        rotate_secrets(after, store, ring_of(after))


KILLED = """
import os, signal, sys
from pathlib import Path
from tokenrouter.config.keyring import ring_of
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.jobs import secret_rotation
from tokenrouter.store.engine import open_store

folder, steps = Path(sys.argv[1]), int(sys.argv[2])
settings = Settings(paths=Paths(None, folder / "torod.toml", folder, folder))
done = 0

def counted(work):
    def run(*args, **kwargs):
        global done
        done += 1
        if done > steps:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(*args, **kwargs)
    return run

for name in ("add_secret", "use_key", "rewrap_some", "keep_secrets"):
    setattr(secret_rotation, name, counted(getattr(secret_rotation, name)))
store = open_store(f"sqlite:///{folder / 'tokenrouter.db'}")
secret_rotation.rotate_secrets(settings, store, ring_of(settings))
"""


@pytest.mark.parametrize("steps", range(7))
def test_a_rotation_that_is_killed_anywhere_loses_nothing_and_is_finished_by_the_next(
    settings: Settings, store: Store, tmp_path: Path, steps: int
) -> None:
    fill(store, ring_of(settings))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(steps)], env=env, capture_output=True, timeout=60, check=False
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    everything = {f"secret {number}" for number in range(COUNT)}
    assert texts(store, ring_of(settings)) == everything
    ring = ring_of(settings)
    done = rotate_secrets(settings, store, ring)
    assert key_ids(store, ring) == {done.key_id}
    assert texts(store, ring) == everything
    assert len(load_or_create_secrets(settings)) == 2
    with store.read() as connection:
        assert current_key_id(connection, ring) == done.key_id
