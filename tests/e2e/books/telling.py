"""What a run is told by: one line with its figures, for docs/ledger.md, and every difference."""

from collections.abc import Callable

from tests.e2e.books.judge import Verdict
from tests.e2e.books.load import Load

Tell = Callable[..., None]


def told(verdict: Verdict, load: Load, **figures: object) -> str:
    """Return the line."""
    facts = {
        "requests": len(load.seen),
        "answered whole": load.answered,
        **figures,
        "rows": verdict.rows,
        "exact": verdict.exact,
        "estimated": verdict.estimated,
        "interrupted": verdict.interrupted,
        "output tokens charged by estimate / billed": f"{verdict.charged_by_estimate} / {verdict.billed_of_those}",
        "differences": len(verdict.differences),
    }
    return ", ".join(f"{name} {value}" for name, value in facts.items())
