"""What works where the modules of POSIX systems are missing: `toro`, and a word from `torod`.

CI's workflow runs both on Windows itself; this keeps them from being broken by an import, on any system.
"""

import subprocess
import sys

import pytest

MISSING = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "uvloop")
PROGRAM = f"""
import importlib.util, sys

class Windows:
    def find_spec(self, name, path=None, target=None):
        if name in {MISSING!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {MISSING!r} else found(name, package)
for name in {MISSING!r}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Windows())
program = sys.argv.pop(1)
module = __import__(f"tokenrouter.cli.{{program}}", fromlist=["main"])
module.main(prog_name=program)
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [("toro", "version"), ("toro", "--help"), ("toro", "explain", "--help")])
def test_toro_runs(words: tuple[str, ...]) -> None:
    done = run(*words)

    assert done.returncode == 0, done.stderr


def test_toro_asks_a_server() -> None:
    done = run("toro", "explain", "fast", "--url", "http://127.0.0.1:1", "--key", "x")

    assert (done.returncode > 0, "nothing answers" in done.stderr) == (True, True), done.stderr


@pytest.mark.parametrize("words", [("serve",), ("keys", "list"), ("config", "check")])
def test_torod_says_where_it_runs(words: tuple[str, ...]) -> None:
    done = run("torod", *words)

    assert (done.returncode, "WSL" in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr


def test_torod_tells_its_version() -> None:
    assert run("torod", "version").stdout.startswith("torod ")
