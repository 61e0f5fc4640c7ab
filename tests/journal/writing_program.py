"""A program that writes a journal and says on its output what it has written, until it is killed."""

import itertools
import sys
from pathlib import Path

from tests.journal.entries import entry
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal.writer import JournalWriter


def main() -> None:
    """Write for ever; small segments, so that it is often caught changing them."""
    journal = JournalWriter(Path(sys.argv[1]), segment_bytes=4096, reserve_bytes=4096)
    for number in itertools.count():
        one = entry(f"req_{number}")
        journal.begin(one, Amounts(1, number))
        sys.stdout.write(f"begin {one.id}\n")
        sys.stdout.flush()
        if number % 3:
            journal.end(one)
            sys.stdout.write(f"end {one.id}\n")
            sys.stdout.flush()
        if number % 50 == 0:
            journal.sync()


if __name__ == "__main__":
    main()
