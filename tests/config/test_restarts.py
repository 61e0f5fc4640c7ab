from dataclasses import replace
from pathlib import Path

from tests.config.wholes import TEXT, whole
from tokenrouter.config.changeable import CHANGEABLE
from tokenrouter.config.restarts import FOLLOWS_RELOAD, NEEDS_NEW_START, NEEDS_RESTART, needs_restart, settle
from tokenrouter.config.shown import SHOWN


def test_of_every_setting_it_is_known_whether_it_needs_a_restart() -> None:
    assert set(SHOWN) == NEEDS_RESTART | FOLLOWS_RELOAD, "name the new setting in one of the tables of restarts.py"
    assert not NEEDS_RESTART & FOLLOWS_RELOAD
    assert set(CHANGEABLE) <= FOLLOWS_RELOAD
    assert NEEDS_NEW_START <= NEEDS_RESTART
    assert needs_restart("listen_addr")
    assert not needs_restart("unpriced")


def test_what_was_read_counts_but_for_what_needs_a_restart(tmp_path: Path) -> None:
    started = whole(tmp_path)
    text = 'listen_addr = "127.0.0.1:9999"\n' + TEXT.replace("ttl_s = 60", "ttl_s = 70\nmax_bytes = 9000000")
    read = whole(tmp_path, text.replace("alice", "bob"))

    settled, waiting = settle(read, started)

    assert waiting == ("cache.max_bytes", "listen_addr")
    assert (settled.listen_addr, settled.cache) == (started.listen_addr, started.cache)
    assert settled.policy.cache.ttl_s == 70.0
    assert "bob" in [key.name for key in settled.keys]
    assert "settings.listen_addr" not in settled.origins
    assert settled.origins["settings.cache.ttl_s"] == read.origins["settings.cache.ttl_s"]


def test_nothing_waits_where_nothing_changed(tmp_path: Path) -> None:
    started = whole(tmp_path)

    assert settle(whole(tmp_path), started) == (started, ())


def test_every_setting_that_waits_can_be_put_back(tmp_path: Path) -> None:
    started = whole(tmp_path)
    others = replace(
        started,
        workers=3,
        idempotency=replace(started.idempotency, room=replace(started.idempotency.room, max_bytes=1)),
        logs=replace(started.logs, level="debug"),
        otel=replace(started.otel, headers=(("x", "y"),)),
    )

    settled, waiting = settle(others, started)

    assert settled == started
    assert waiting == ("idempotency.max_bytes", "logs.level", "otel.headers", "workers")
