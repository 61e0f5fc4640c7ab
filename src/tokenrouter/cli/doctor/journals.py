"""What the journals hold that is in no ledger: left over by a server that ended, or put away because it is damaged."""

from collections.abc import Iterator

from tokenrouter.cli.doctor.finding import Finding, Patient, amount
from tokenrouter.cli.opening import counted
from tokenrouter.journal.reader import damaged_files, journal_files


def check_journals(patient: Patient) -> Iterator[Finding]:
    """Say what waits to be taken in, and what nobody could read."""
    folder = patient.paths.state_dir / "journal"
    for path in damaged_files(folder):
        yield Finding(
            "warning",
            "journal",
            f"{path} was put away unread: what only it holds is in no ledger",
            "keep it for a bug report, or delete it; torod ledger verify says whether sums agree",
        )
    left = journal_files(folder) if patient.server is None else []
    if left:
        size = sum(path.stat().st_size for path in left)
        says = f"an ended server has left {counted(len(left), 'file')} ({amount(size)})"
        yield Finding("note", "journal", says, "nothing: the next start takes in what is new in them")
    else:
        yield Finding("ok", "journal", "nothing is left over")
