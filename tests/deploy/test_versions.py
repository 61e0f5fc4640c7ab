"""What names the version beside the package does so rightly, and the documents' file names with it."""

import re

from tests.repo.files import ROOT
from tokenrouter import __version__


def test_the_pkgbuild_is_of_this_version() -> None:
    assert f"pkgver={__version__}\n" in (ROOT / "deploy/packages/PKGBUILD").read_text()


def test_the_files_in_the_documents_are_those_of_this_version() -> None:
    text = (ROOT / "docs/install.md").read_text()

    assert set(re.findall(r"tokenrouter[-_](\d+\.\d+\.\d+)", text)) == {__version__}
