"""`toro usage`, at a real gateway."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.terminal.conftest import Toro
from tokenrouter.testing.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def test_what_was_used_is_shown_with_its_cost(alice: Toro) -> None:
    assert alice("chat", "-m", "lab/lorem-21", "hello").exit_code == 0
    wait_until("it is in the ledger", lambda: "lab/lorem-21" in alice("usage", "--days", "1").output)

    before = datetime.now(UTC).date()
    done = alice("usage", "--days", "2", "--by", "model")
    told = json.loads(alice("usage", "--days", "1", "--by", "day", "--json").output)

    header, *_ = done.output.splitlines()
    row = next(line.split() for line in done.output.splitlines() if line.startswith("lab/lorem-21 "))
    assert header.split()[0] == "MODEL"
    assert row == ["lab/lorem-21", "1", "0", "8", "0", "21", "$0.00005"]
    assert any(f"from {day - timedelta(1)} to today (UTC)" in done.output for day in (before, datetime.now(UTC).date()))
    assert told["from"] in (str(before), str(datetime.now(UTC).date())), "at midnight it is one or the other"
    assert before != datetime.now(UTC).date() or told["groups"][0]["name"] == told["from"]


def test_a_time_without_use_is_said(alice: Toro) -> None:
    done = alice("usage", "--from", "2020-01-01", "--to", "2020-01-31")

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "nothing was used from 2020-01-01 to 2020-01-31 (UTC)\n"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--from", "yesterday"], "--from: 'yesterday' is no day"),
        (["--from", "2026-02-02", "--to", "2026-02-01"], "is before 2026-02-02"),
        (["--days", "3", "--from", "2026-02-02"], "give one of them"),
        (["--by", "moon"], "--by"),
    ],
)
def test_what_cannot_be_meant_is_said(alone: Toro, args: list[str], words: str) -> None:
    done = alone("usage", *args)

    assert (done.exit_code, words in done.output) == (2, True), done.output
