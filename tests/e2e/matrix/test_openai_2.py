"""The same matrix with OpenAI's Python SDK of the generation before: what is built on it stays with it for long.

Two generations of a package can't be in one process, so this starts the matrix once more in another.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = Path(sys.prefix) / "openai-2"
ITS_TESTS = " or ".join(f"[{ways}{client}-" for ways in ("", "whole-", "stream-") for client in ("chat", "responses"))
"""Those whose client is OpenAI's SDK, by the beginnings of their ids."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("openai-2"),
    pytest.mark.skipif(not (PACKAGES / ".installed").exists(), reason="`make test` installs the older SDK"),
]


@pytest.mark.timeout(400)
def test_the_generation_before_holds_the_same_conversations() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(PACKAGES)
    version = "import openai; print(openai.VERSION)"
    matrix = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(Path(__file__).parent)]

    told = subprocess.run(
        [sys.executable, "-c", version], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    done = subprocess.run(
        [*matrix, "-k", ITS_TESTS], env=environment, capture_output=True, text=True, timeout=390, check=False
    )

    assert told.stdout.startswith("2.")
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
