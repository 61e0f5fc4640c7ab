"""The snippets of the documents, each with where it stands; and which of them nobody executes, with the reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.repo.files import ROOT, project_files

NOT_EXECUTED: Final = ROOT / "docs" / "not-executed.md"
_FENCE: Final = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_ROW: Final = re.compile(r"^\| ([\w./-]+) \| `(.+)` \| (.+) \|$", re.MULTILINE)
_HAND_WRITTEN: Final = ("README.md", "CONTRIBUTING.md", "DESIGN.md", "SECURITY.md", "bench/README.md")


@dataclass(frozen=True)
class Snippet:
    """One fenced block. `file` is relative to the project, `line` its first line's number, `language` may be ""."""

    file: str
    line: int
    language: str
    text: str

    @property
    def first_line(self) -> str:
        """What it is called by in docs/not-executed.md."""
        return self.text.strip().splitlines()[0].strip()

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}"


def documents() -> list[Path]:
    """Return every document that somebody reads."""
    found = [ROOT / name for name in _HAND_WRITTEN]
    return found + sorted(path for path in project_files(ROOT / "docs") if path.suffix == ".md")


def snippets(*languages: str) -> list[Snippet]:
    """Return the snippets in these languages, of all documents."""
    return [one for path in documents() for one in _of(path) if one.language in languages]


def reasons() -> dict[tuple[str, str], str]:
    """Return why nobody executes a snippet, by its file and first line."""
    return {(file, line): why for file, line, why in _ROW.findall(NOT_EXECUTED.read_text())}


def executed(*languages: str) -> list[Snippet]:
    """Return those snippets in these languages for which no reason is given."""
    given = reasons()
    return [one for one in snippets(*languages) if (one.file, one.first_line) not in given]


def _of(path: Path) -> Iterator[Snippet]:
    text = path.read_text()
    for found in _FENCE.finditer(text):
        indent, language, body = found.groups()
        line = text.count("\n", 0, found.start(3)) + 1
        lines = "\n".join(one.removeprefix(indent) for one in body.splitlines())
        yield Snippet(str(path.relative_to(ROOT)), line, language, lines)
