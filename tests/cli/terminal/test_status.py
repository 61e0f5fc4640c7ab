"""`toro status`, at a real gateway."""

import json

import pytest

from tests.cli.answering import Answering
from tests.cli.terminal.conftest import Toro
from tokenrouter.testing.processes import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def test_an_admin_sees_the_providers(toro: Toro) -> None:
    done = toro("status", "--period", "8h")

    assert done.exit_code == 0, done.output
    assert "health     ok\n" in done.output
    assert "key        test-admin (admin)\n" in done.output
    assert "providers  1 of 1 online\n" in done.output
    assert "last 8 h   " in done.output
    assert [line.split()[:2] for line in done.output.splitlines() if line.startswith("lab")] == [["lab", "online"]]


def test_others_see_their_limits_and_no_providers(alice: Toro) -> None:
    done = alice("status")
    told = json.loads(alice("status", "--json", "--period-seconds", "60").output)

    assert "PROVIDER" not in done.output
    assert "key:alice requests day" in done.output
    assert told["key"] == {"name": "alice", "role": "inferrer", "user": "", "teams": []}
    assert told["providers"] is None
    assert told["limits"][0]["allowed"] == 1000
    assert told["usage"]["period_seconds"] == 60
    assert told["models"] > 10


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--period", "x"], 2, "'x' is no length of time"),
        (["--period", "1h", "--period-seconds", "5"], 2, "give one of them"),
        (["--key", "tr_nobodys-0123456789-0123456789"], 1, "`toro connect`"),
        (["--url", f"http://127.0.0.1:{free_port()}"], 3, "is torod running"),
    ],
)
def test_what_is_wrong_is_said(toro: Toro, args: list[str], code: int, words: str) -> None:
    done = toro("status", *args)

    assert (done.exit_code, words in done.output) == (code, True), done.output


@pytest.mark.parametrize("body", [b'{"version": 1}', b"[]", b"7", b'{"data": {}}', b"<html>", b"null"])
def test_a_server_that_is_none_is_told_and_breaks_nothing(toro: Toro, body: bytes) -> None:
    with Answering(200, body) as server:
        done = toro("status", "--url", server.url)

    assert done.exit_code == 3, done.output
    assert done.output.startswith("toro: ")
