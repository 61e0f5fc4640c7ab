"""A temporary key, made, kept alive and revoked, at a server that only answers."""

import json
import threading
import time
from pathlib import Path

import pytest

from tests.cli.answering import Answering
from tokenrouter.cli.client import NoAnswer, Refused, Server
from tokenrouter.cli.wrapping.temporary_key import Heartbeat, TemporaryKey, make_key, revoke, usual_name

MADE = b'{"id": "key_1", "name": "run", "expires_at": "2026-11-22T12:00:00Z", "key": "tr_secret"}'
REFUSED = b'{"detail": "no"}'


def test_it_is_made_as_one_with_a_heartbeat_and_its_secret_is_not_shown() -> None:
    with Answering(201, MADE) as server:
        key = make_key(Server(server.url, "tr_own"), "run", ttl_s=60.0, comment="toro wrap")

    wanted = {"name": "run", "temporary": True, "heartbeat": True, "ttl_s": 60.0, "comment": "toro wrap"}
    assert server.asked == [("POST", "/api/v1/keys", "Bearer tr_own", wanted)]
    assert key == TemporaryKey("key_1", "run", "2026-11-22T12:00:00Z", "tr_secret")
    assert "tr_secret" not in repr(key)


def test_no_two_have_one_name() -> None:
    names = {usual_name("codex") for _ in range(100)}

    assert len(names) == 100
    assert all(name.startswith("toro-codex-20") for name in names)


@pytest.mark.parametrize(("status", "asked", "problem"), [(200, 1, ""), (404, 1, ""), (403, 1, "no"), (503, 4, "no")])
def test_a_key_is_revoked_and_a_server_that_is_away_for_a_while_waited_for(
    status: int, asked: int, problem: str
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return True

    with Answering(status, REFUSED) as server:
        told = revoke(Server(server.url), "key_1", pause)

    assert (told, len(server.asked), len(pauses)) == (problem, asked, asked - 1)
    assert server.asked[0][:2] == ("DELETE", "/api/v1/keys/key_1")


def test_whoever_has_no_time_to_wait_does_not() -> None:
    with Answering(503, REFUSED) as server:
        assert revoke(Server(server.url), "key_1", lambda _: False) == "no"
    assert len(server.asked) == 1
    assert "nothing answers" in revoke(Server("http://127.0.0.1:1"), "key_1", lambda _: False)


class Beating:
    """A heartbeat whose clock a test sets."""

    def __init__(self, url: str) -> None:
        self.at_s = 0.0
        self.heartbeat = Heartbeat(Server(url), "key_1", lambda: self.at_s)


def until(server: Answering, number: int) -> None:
    tick = threading.Event()
    for _ in range(6000):
        if len(server.asked) >= number:
            return
        tick.wait(0.01)
    raise AssertionError(f"asked {len(server.asked)} times, not {number}")


def test_it_is_said_at_once_when_somebody_wakes_up_and_never_again_after_the_end() -> None:
    with Answering(200, b"{}") as server:
        beating = Beating(server.url)
        beating.heartbeat.start()
        beating.heartbeat.now()
        until(server, 1)
        beating.heartbeat.stop()
        beating.heartbeat.now()
        beating.heartbeat.join()

    assert [row[:2] for row in server.asked] == [("POST", "/api/v1/keys/key_1/heartbeat")]
    assert not beating.heartbeat.is_gone


def test_a_clock_that_has_moved_on_says_that_it_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenrouter.cli.wrapping.temporary_key._LOOK_S", 0.01)
    with Answering(200, b"{}") as server:
        beating = Beating(server.url)
        beating.heartbeat.start()
        for number in (1, 2):
            beating.at_s += 15
            until(server, number)
        beating.heartbeat.stop()
        beating.heartbeat.join()

    assert len(server.asked) == 2


def test_a_key_that_is_gone_is_spoken_of_once() -> None:
    with Answering(404, REFUSED) as server:
        beating = Beating(server.url)
        beating.heartbeat.start()
        beating.heartbeat.now()
        beating.heartbeat.join()

    assert beating.heartbeat.is_gone
    assert len(server.asked) == 1


def test_a_refusal_to_make_one_is_told() -> None:
    with Answering(409, REFUSED) as server, pytest.raises(Refused, match="no"):
        make_key(Server(server.url), "run", ttl_s=60.0, comment="")


@pytest.mark.parametrize(
    "changed",
    [{"id": None}, {"id": 7}, {"expires_at": None}, {"key": ""}, {"key": "a\0b"}, {"key": "tr_\udcff"}, {"key": 1}],
)
def test_an_answer_that_is_no_key_is_told_in_words(changed: dict[str, object]) -> None:
    answer = json.dumps({**json.loads(MADE), **changed}).encode()
    with Answering(201, answer) as server, pytest.raises(NoAnswer, match="not what toro expects"):
        make_key(Server(server.url), "run", ttl_s=60.0, comment="")


def test_a_server_that_is_starting_is_not_waited_for_longer_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    starting = b'{"code": "control_plane_away", "detail": "still starting"}'

    with Answering(503, starting) as server:
        assert revoke(Server(server.url), "key_1", lambda _: False) == "still starting"

    assert (len(server.asked), slept) == (1, [])


def test_a_certificate_that_is_being_exchanged_silences_nobody(tmp_path: Path) -> None:
    missing = Server("https://127.0.0.1:1", ca_file=str(tmp_path / "missing.crt"))

    assert "missing.crt cannot be used" in revoke(missing, "key_1", lambda _: True)
    assert Heartbeat(missing, "key_1")._say() is False


def test_a_name_may_be_whatever_the_server_takes() -> None:
    answer = json.dumps({**json.loads(MADE), "name": "\u202e"}).encode()
    with Answering(201, answer) as server:
        assert make_key(Server(server.url), "\u202e", ttl_s=60.0, comment="").name == "\u202e"
