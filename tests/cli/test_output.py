"""Output that cannot be written, and output that nobody reads."""

import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.cli.test_torod import TOROD
from tests.cli.wrapping.test_lifecycle import TORO
from tokenrouter.cli.toro import main as toro
from tokenrouter.cli.torod import main as torod

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize(
    "command",
    [[TORO, "version"], [TORO, "--help"], [TORO, "completion", "bash"], [TOROD, "version"], [TOROD, "--version"]],
)
def test_a_full_disk_is_said_in_a_sentence(command: list[str], tmp_path: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            command, env={"HOME": str(tmp_path)}, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    program = Path(command[0]).name
    assert done.returncode == 1
    assert done.stderr == f"{program}: what it prints cannot be written: No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="Linux has a device that is always full")
def test_where_that_cannot_be_said_either_the_exit_code_tells(tmp_path: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run([TORO, "version"], env={"HOME": str(tmp_path)}, stdout=full, stderr=full, check=False)

    assert done.returncode == 1


def test_a_pipe_that_nobody_reads_ends_it_without_a_word(tmp_path: Path) -> None:
    with subprocess.Popen(
        [TORO, "--help"], env={"HOME": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as toro:
        assert toro.stdout is not None
        assert toro.stderr is not None
        toro.stdout.close()
        said = toro.stderr.read()

    assert (toro.returncode, said) == (1, b"")


@pytest.mark.parametrize(("program", "typed", "meant"), [(toro, "model", "models"), (torod, "serv", "serve")])
def test_a_slip_of_the_pen_is_told_the_nearest_command(program: click.Group, typed: str, meant: str) -> None:
    told = CliRunner().invoke(program, [typed])

    assert (told.exit_code, f"No such command '{typed}'. Did you mean '{meant}'?" in told.output) == (2, True)
    assert "Did you mean" not in CliRunner().invoke(program, ["xyzzy"]).output
