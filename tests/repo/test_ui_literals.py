"""Every word of the admin UI stands in `ui/src/texts`, so that another language is one file."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.repo.files import ROOT

SOURCES: Final = ROOT / "ui" / "src"
_SPOKEN: Final = "aria-label|aria-description|title|label|placeholder|description|alt|hint|about|verb|message|word"
LITERALS: Final = (
    # <Text>Hello</Text>, and a line that holds nothing but words.
    re.compile(r"(?<![=\s])>\s*([A-Za-z][^<>{}=;]*)</"),
    re.compile(r"^\s+([A-Z][a-z]+(?: [\w’',-]+)+[.:?!…]?)$", re.MULTILINE),
    # label="Name", and {"Are you sure?"} or anything else that is written like a sentence.
    re.compile(rf'\b(?:{_SPOKEN})="([^"$]*[A-Za-z][^"$]*)"'),
    re.compile(r"""["`]([A-Z][a-z]+(?: [a-z]+)+[^"`]*)["`]"""),
)


def literals(source: str) -> list[str]:
    """Return the words in a source that people would read."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("//", "*", "/*", "{/*"))]
    return [found[1] for pattern in LITERALS for found in pattern.finditer("\n".join(lines))]


@pytest.mark.parametrize(
    "planted",
    [
        "return <Text>Hello</Text>;",
        "<Text>\n  Nothing has been said yet.\n</Text>",
        '<Button aria-label="Close">',
        '<Text>{isLate ? "Too late" : null}</Text>',
        "tellDone(`Saved at last`);",
    ],
)
def test_what_is_written_beside_the_catalogue_is_found(planted: str) -> None:
    assert literals(planted)


@pytest.mark.parametrize(
    "harmless",
    ["<Text>{words.name}</Text>", '<Box className="wide" />', "// Says Hello there", "const f = (a) => a < 2;"],
)
def test_what_nobody_reads_is_left_alone(harmless: str) -> None:
    assert not literals(harmless)


def _components() -> list[Path]:
    return sorted(path for path in SOURCES.rglob("*.tsx") if "texts" not in path.parts)


def test_no_component_has_words_of_its_own() -> None:
    found = {path.relative_to(SOURCES).as_posix(): literals(path.read_text(encoding="utf-8")) for path in _components()}

    assert {path: words for path, words in found.items() if words} == {}
