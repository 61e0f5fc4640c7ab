"""What a vendor's report says: how much of which model it billed on which UTC day.

Vendors tell tokens and money apart (two files, two paths of an API), so a line may hold one without the other;
None is "this line does not say", never zero. Money stays a decimal number until everything is summed up, since
vendors report fractions that are finer than a nano-dollar.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Protocol


class ReportInvalid(ValueError):
    """A report cannot be read; the message names the file, and the line and column where there is one."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A part of what one model was billed on one day.

    Attributes:
        model: as the vendor calls it, "" where the report is not split by model.
        input_tokens: with those that were read from or written to a cache.
        output_tokens: with reasoning.
    """

    day: date
    model: str
    cost_usd: Decimal | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One page to be asked for with GET; `path` is relative to the provider's base URL and may have a query."""

    subject: str
    path: str


class ReportReader(Protocol):
    """Reads one vendor's reports: the files that people export, and the pages of its API."""

    def read_file(self, name: str, lines: Iterable[str]) -> list[ReportLine]:
        """Return what a file says.

        Raises:
            ReportInvalid: it is none of the vendor's reports, or a value in it is wrong.
        """

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers that carry the administrator's key."""

    def questions(self, since: date, until: date) -> tuple[Question, ...]:
        """Return the first page of everything that says what was billed from `since` to `until`, both included."""

    def read_page(self, question: Question, body: bytes) -> tuple[list[ReportLine], Question | None]:
        """Return what a page says, and the next one, or None when it was the last.

        Raises:
            ReportInvalid: it is not what the vendor documents.
        """


_DATED: Final = re.compile(r"(?:[-@](?:\d{4}-\d{2}-\d{2}|\d{8})|-latest)$")
"""How vendors end the name of a snapshot: `-2024-08-06`, `-20251001`, `@20251001`, or of the newest one."""


def model_stem(name: str) -> str:
    """Return a model's name without the date of its snapshot, in lower case.

    A request for `gpt-4o` is billed as `gpt-4o-2024-08-06`, so names are compared without it.
    """
    return _DATED.sub("", name.strip().lower())
