"""A program that writes a journal and says on its output what it has written, until it is killed."""

import itertools
import sys
from pathlib import Path

from tests.journal.entries import begin, ended
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal.writer import JournalWriter


def main() -> None:
    """Write for ever; small segments, so that it is often caught changing them."""
    journal = JournalWriter(Path(sys.argv[1]), segment_bytes=4096, reserve_bytes=4096)
    for number in itertools.count():
        entry_id = f"req_{number}"
        begin(journal, entry_id, Amounts(1, number))
        sys.stdout.write(f"begin {entry_id}\n")
        sys.stdout.flush()
        if number % 3:
            journal.end(ended(entry_id))
            sys.stdout.write(f"end {entry_id}\n")
            sys.stdout.flush()
        if number % 50 == 0:
            journal.sync()


if __name__ == "__main__":
    main()
