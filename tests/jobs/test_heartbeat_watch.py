"""Which temporary keys are suspended, and when; with a clock that tests set."""

from collections.abc import Iterator

import pytest

from tokenrouter.domain.catalog import Key
from tokenrouter.jobs.heartbeat_watch import BEAT_S, LOOK_S, SILENCE_S, HeartbeatWatch
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.heartbeats import note_heartbeat
from tokenrouter.store.keys import KeyRequest, create_key, find_key, revoke_key


class Watched:
    """A key and a watch over it; `at_s` is the time of both clocks, which a test may set apart."""

    def __init__(self, store: Store) -> None:
        self.store, self.at_s, self.offset_s = store, 1000.0, 1.7e9
        self.watch = HeartbeatWatch(store, lambda: self.at_s)
        self.key = self.make("run")

    def make(self, name: str) -> Key:
        wanted = KeyRequest(name, temporary=True, heartbeat=True, expires_at_s=9e9)
        return create_key(self.store, wanted, pepper=b"p", now_s=self.at_s + self.offset_s).stored

    def speak(self) -> bool:
        return note_heartbeat(self.store, self.key.id, now_s=self.at_s + self.offset_s).revived

    def pass_time(self, seconds: float, *, speaks: bool = False) -> float:
        """Look as the control process does; return after how long the key was suspended, infinity if it was not."""
        end_s, began_s, spoken_s = self.at_s + seconds, self.at_s, self.at_s
        while self.at_s < end_s:
            if self.watch.look():
                return self.at_s - began_s
            self.at_s += LOOK_S
            if speaks and self.at_s - spoken_s >= BEAT_S:
                self.speak()
                spoken_s = self.at_s
        return float("inf")

    def is_suspended(self) -> bool:
        return find_key(self.store, self.key.id).suspended


@pytest.fixture
def watched(sqlite_url: str) -> Iterator[Watched]:
    store = open_store(sqlite_url)
    yield Watched(store)
    store.close()


def test_a_key_that_is_spoken_for_stays_good(watched: Watched) -> None:
    assert watched.pass_time(600, speaks=True) == float("inf")
    assert not watched.is_suspended()


def test_silence_is_over_in_time_for_all_nodes_to_know_after_ninety_seconds(watched: Watched) -> None:
    watched.pass_time(60, speaks=True)

    assert SILENCE_S - 3 <= watched.pass_time(200) <= SILENCE_S - LOOK_S
    assert watched.is_suspended()
    assert watched.speak()
    assert not watched.is_suspended()
    assert watched.pass_time(60) == float("inf")
    assert watched.pass_time(60) < SILENCE_S


def test_a_restart_and_another_node_give_the_whole_time_anew(watched: Watched) -> None:
    watched.pass_time(80)
    watched.watch = HeartbeatWatch(watched.store, lambda: watched.at_s)
    assert watched.pass_time(SILENCE_S - 3) == float("inf")

    watched.watch.forget()
    assert watched.pass_time(SILENCE_S - 3) == float("inf")
    assert watched.pass_time(5) <= 3


def test_time_in_which_nobody_could_look_is_nobody_s_silence(watched: Watched) -> None:
    watched.pass_time(60)
    watched.at_s += 3600  # the database was away, or the machine asleep

    assert 15 <= watched.pass_time(100) <= 28


@pytest.mark.parametrize("jump_s", [-7200.0, 7200.0])
def test_a_clock_that_is_set_suspends_nobody(watched: Watched, jump_s: float) -> None:
    watched.pass_time(30, speaks=True)
    watched.offset_s += jump_s
    assert watched.pass_time(120, speaks=True) == float("inf")


def test_only_who_is_silent_is_suspended_and_a_revoked_key_is_forgotten(watched: Watched) -> None:
    silent, gone = watched.make("silent"), watched.make("gone")
    revoke_key(watched.store, gone.id)

    assert watched.pass_time(SILENCE_S, speaks=True) < SILENCE_S
    assert find_key(watched.store, silent.id).suspended
    assert not watched.is_suspended()
    assert watched.watch.look() == ()
