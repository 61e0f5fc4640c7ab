"""Links between the documents lead to a heading that there is; those that lead out are whole, and not followed."""

import re
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit

from tests.docs.snippets import NOT_EXECUTED, documents

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def _slug(heading: str) -> str:
    """Return the name that GitHub and Markdown's `toc` give a heading."""
    text = re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", lambda found: found[1] or "", heading).strip().lower()
    kept = (one for one in text if one.isalnum() or one in " -_" or unicodedata.category(one).startswith("L"))
    return "".join(kept).replace(" ", "-")


def _prose(path: Path) -> str:
    return re.sub(r"^( *)```.*?^\1```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def _headings(path: Path) -> set[str]:
    return {_slug(one) for one in re.findall(r"^#+ (.+)$", _prose(path), re.MULTILINE)}


def test_every_part_of_a_document_that_a_link_names_is_there() -> None:
    broken = []
    for path in documents():
        for target in _LINK.findall(_prose(path)):
            file, _, part = target.partition("#")
            if not part or urlsplit(target).scheme:
                continue
            there = (path.parent / file).resolve() if file else path
            if there.suffix == ".md" and part not in _headings(there):
                broken.append((path.name, target))

    assert not broken


def test_addresses_on_the_internet_are_whole_and_private_ones_are_not_linked() -> None:
    out = [
        (path.name, target)
        for path in documents()
        for target in _LINK.findall(_prose(path))
        if urlsplit(target).scheme not in ("", "mailto")
    ]

    assert out
    assert not [
        one for one in out if urlsplit(one[1]).scheme != "https" or "." not in (urlsplit(one[1]).hostname or "")
    ]
    assert "not followed" in NOT_EXECUTED.read_text()
