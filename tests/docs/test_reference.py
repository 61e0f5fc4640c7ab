"""What is made from the code is as the code is, and man can show its pages."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.reference.__main__ import written
from tests.repo.files import ROOT

PAGES = written()


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_a_page_is_current(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == PAGES[file], "`make docs` writes it anew"


def test_nothing_else_lies_there() -> None:
    there = {one for folder in ("reference", "man") for one in (ROOT / "docs" / folder).iterdir()}

    assert there == {*PAGES}


@pytest.mark.parametrize("file", [one for one in PAGES if one.suffix != ".md"], ids=lambda file: file.name)
def test_man_shows_a_page_without_an_error(file: Path) -> None:
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        pytest.skip("mandoc is not installed (Debian, Ubuntu: apt install mandoc)")

    done = subprocess.run(
        [mandoc, "-T", "lint", "-W", "error", str(file)], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout
