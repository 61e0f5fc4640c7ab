"""Writes docs/reference and docs/man anew."""

from pathlib import Path
from typing import Final

from tests.docs.reference import api, commands, errors, man, settings
from tests.repo.files import ROOT

DOCS: Final = ROOT / "docs"


def written() -> dict[Path, str]:
    """Return every page that is made, by its file."""
    pages = {
        "reference/commands.md": commands.page(),
        "reference/settings.md": settings.page(),
        "reference/api.md": api.page(),
        "reference/errors.md": errors.page(),
        "man/torod.1": man.program("torod"),
        "man/toro.1": man.program("toro"),
        "man/torod.toml.5": man.file(),
    }
    return {DOCS / name: "\n".join(lines) + "\n" for name, lines in pages.items()}


def main() -> None:
    """Write them."""
    for file, text in written().items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
