"""Somebody at a terminal: a program in a pseudo-terminal, what it asks, and the keys that are pressed."""

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

import pexpect

from tests.cli.test_torod import TOROD

ANSWER_WITHIN_S: Final = 60
"""Every question comes within a second; this is for a machine that does much else."""
DOWN: Final = "\x1b[B"
ENTER: Final = "\r"
CLEAR: Final = "\x15"
"""Ctrl-U: empties the line."""
CTRL_C: Final = "\x03"


class Terminal:
    """One run of `torod`; leaving it ends the program."""

    def __init__(self, *args: str, env: Mapping[str, str]) -> None:
        self._program = pexpect.spawn(
            TOROD,
            list(args),
            env={**env, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},  # nobody tells where the cursor is
            timeout=ANSWER_WITHIN_S,
            encoding="utf-8",
            dimensions=(50, 160),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._program.close(force=True)

    def sees(self, text: str) -> None:
        """Wait until `text` appears, behind what was seen before."""
        self._program.expect_exact(text)

    def answers(self, question: str, typed: str = "") -> None:
        """Wait for a question, type, and press Enter."""
        self.sees(question)
        self._program.send(typed + ENTER)

    def instead(self, question: str, typed: str) -> None:
        """Answer a question whose default is put away first."""
        self.answers(question, CLEAR + typed)

    def presses(self, keys: str) -> None:
        self._program.send(keys)

    def ends(self) -> tuple[int | None, str]:
        """Wait for the end; return the exit code and what was printed since the last thing that was seen."""
        self._program.expect(pexpect.EOF)
        rest = str(self._program.before)
        self._program.close()
        return self._program.exitstatus, rest
