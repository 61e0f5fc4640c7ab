"""What shells need to complete commands."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tokenrouter.cli import toro, torod

PROGRAMS = {"toro": toro.main, "torod": torod.main}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("typed", "completed"), [("keys cre", "create"), ("completion b", "bash"), ("vers", "version")]
)
def test_bash_completes_commands_and_their_arguments(program: str, typed: str, completed: str) -> None:
    words = f"{program} {typed}"
    script = f"""
        eval "$({program} completion bash)"
        COMP_WORDS=({words}); COMP_CWORD={len(words.split()) - 1}
        _{program}_completion {program}
        echo "${{COMPREPLY[@]}}"
    """
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [bash, "--norc", "-c", script], env={"PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.stdout.split(), done.stderr) == ([completed], "")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(program: str, shell: str) -> None:
    done = CliRunner().invoke(PROGRAMS[program], ["completion", shell])

    assert (done.exit_code, f"_{program.upper()}_COMPLETE" in done.output) == (0, True)


def test_another_shell_is_no_choice() -> None:
    assert CliRunner().invoke(toro.main, ["completion", "tcsh"]).exit_code == 2
