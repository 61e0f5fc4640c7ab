import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tokenrouter.observe.log_files import LogBounds, LogFiles
from tokenrouter.testing.processes import Home, make_home

TOROD = str(Path(sys.executable).with_name("torod"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def say(home: Home, *texts: str, level: str = "info") -> None:
    log = LogFiles(home.path / "data" / "logs", "data", LogBounds())
    for text in texts:
        log.write({"event": text, "level": level, "provider": "acme"})
    log.close()


def logs(home: Home, *arguments: str) -> list[str]:
    done = subprocess.run([TOROD, "logs", *arguments], env=dict(home.env), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_lines_are_shown_with_the_newest_last(home: Home) -> None:
    say(home, "one", "two")
    say(home, "three", level="error")

    shown = logs(home)
    assert [line.split()[4] for line in shown] == ["one", "two", "three"]
    assert shown[2].endswith('three provider="acme"')
    assert len(logs(home, "--lines", "1")) == 1
    assert len(logs(home, "--level", "warning", "--q", "THR", "--process", "data")) == 1
    assert json.loads(logs(home, "--json")[0])["message"] == "one"


def test_without_a_server_there_is_nothing_to_show(home: Home) -> None:
    assert logs(home) == []


def test_what_is_new_is_followed(home: Home) -> None:
    say(home, "one")
    command = [TOROD, "logs", "--follow", "--json"]
    with subprocess.Popen(command, env=dict(home.env), stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["message"] == "one"
        say(home, "two")
        assert json.loads(following.stdout.readline())["message"] == "two"
        following.send_signal(signal.SIGINT)
        assert following.wait(60) in (0, 1, -signal.SIGINT)
