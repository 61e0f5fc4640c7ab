"""The single file: `torod` and `toro` in one executable (deploy/onefile).

What it was called tells which of the two is meant, or the first word does: `./toro explain fast`,
`./torod.pyz toro explain fast`. Any other name and word is `torod`'s, the program that such a file is made for.
"""

import os
import sys
from pathlib import Path
from typing import Final

PROGRAMS: Final = ("torod", "toro")
CALLED_AS: Final = "PEX"
"""Where PEX says which file was started, links followed (PEX 2.105); `sys.argv[0]` is a path of its own."""


def main() -> None:
    """Run the program that is meant."""
    program, words = choose(os.environ.get(CALLED_AS) or sys.argv[0], sys.argv[1:])
    sys.argv = [program, *words]
    if program == "toro":
        from tokenrouter.cli.toro import main as toro

        toro(prog_name="toro")
    else:
        from tokenrouter.cli.torod import main as torod

        torod(prog_name="torod")


def choose(called_as: str, words: list[str]) -> tuple[str, list[str]]:
    """Return which program is meant, and the words that are for it."""
    if words and words[0] in PROGRAMS:
        return words[0], words[1:]
    name = Path(called_as).name.partition(".")[0].partition("-")[0]
    return (name if name in PROGRAMS else "torod"), words


if __name__ == "__main__":
    main()
