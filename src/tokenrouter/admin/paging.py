"""Lists in pages: `limit`, `after`, `format`, answered with `{data, next}` or with everything as CSV.

A page is cut by what its last row is ordered by (a keyset), not by a number: the next one costs the same however deep
it lies, and neither repeats nor leaves out a row because others came or went. To clients that place is a word without
meaning (`next`), so that a list may be ordered otherwise one day. CSV is read in pages too, each in a transaction of
its own, so that a slow reader holds nothing up and nothing is held in memory.

A list is a `Reader`: it returns so many rows after a place, each with its own place. Who may see which rows is the
reader's to know, never the cursor's: a forged one only begins elsewhere.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from tokenrouter.admin.problems import Problem
from tokenrouter.admin.texts import encodable
from tokenrouter.domain.csv_text import Cell, csv_text

DEFAULT_ROWS: Final = 100
MAX_ROWS: Final = 1000
MAX_CURSOR_CHARS: Final = 4000
MAX_INTEGER: Final = 2**63 - 1
"""The largest whole number that both databases keep."""

Place = tuple[str | int | float, ...]
"""What a row is ordered by; `()` is the start."""
Row = TypeVar("Row")
Found = TypeVar("Found")
Shown = TypeVar("Shown", bound=BaseModel)
Reader = Callable[[Place, int], Sequence[tuple[Place, Row]]]
"""Returns at most so many rows that stand after a place, in order, with their places."""

CSV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
"""What a list declares in OpenAPI beside its page (`responses`)."""


class Page(BaseModel, Generic[Shown]):
    """Rows in order; `next` is the `after` of the page after this one, null at the end."""

    data: list[Shown]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked of a list."""

    rows: int = DEFAULT_ROWS
    after: Place = ()
    form: Literal["json", "csv"] = "json"


def wanted_page(
    limit: Annotated[
        int, Query(ge=1, le=MAX_ROWS, description="Most rows of a page; CSV has them all.")
    ] = DEFAULT_ROWS,
    after: Annotated[str, Query(max_length=MAX_CURSOR_CHARS, description="`next` of the page before.")] = "",
    form: Annotated[
        Literal["json", "csv"], Query(alias="format", description="`csv`: everything that is filtered, as a file.")
    ] = "json",
) -> Wanted:
    """Return what the question says.

    Raises:
        Problem: `after` is no cursor.
    """
    return Wanted(limit, place_of(after), form)


WantedPage = Annotated[Wanted, Depends(wanted_page)]


def listing(
    name: str, wanted: Wanted, model: type[Shown], read: Reader[Row], show: Callable[[Row], Shown]
) -> Page[Shown] | StreamingResponse:
    """Return the page that is `wanted` of a list, or all of it as the file `name`.csv, with a column for each field."""
    if wanted.form == "csv":
        pages = ([cells(show(row)) for row in page] for page in all_pages(read, wanted.after))
        return csv_file(name, csv_text(list(model.model_fields), pages))
    rows, after = one_page(read, wanted)
    return Page[model](data=[show(row) for row in rows], next=after)  # type: ignore[valid-type]


def one_page(read: Reader[Row], wanted: Wanted) -> tuple[list[Row], str | None]:
    """Return the rows that are `wanted`, and the cursor of those after them; None at the end."""
    found = read(wanted.after, wanted.rows + 1)
    page = found[: wanted.rows]
    return [row for _, row in page], cursor(page[-1][0]) if len(found) > len(page) else None


def all_pages(read: Reader[Row], after: Place = ()) -> Iterator[list[Row]]:
    """Yield every row after a place, in pages."""
    while page := read(after, MAX_ROWS):
        yield [row for _, row in page]
        if len(page) < MAX_ROWS:
            return
        after = page[-1][0]


def whole_list(rows: Sequence[Row], place: Callable[[Row], Place]) -> Reader[Row]:
    """Return the list of `rows`, which are few enough to be read at once and stand in the order of their places."""

    def read(after: Place, limit: int) -> list[tuple[Place, Row]]:
        placed = [(place(row), row) for row in rows]
        if after and placed:
            checked(after, *(type(part) for part in placed[0][0]))
        return [one for one in placed if not after or one[0] > after][:limit]

    return read


def declared_first(declared: Sequence[Row], stored: Reader[Row]) -> Reader[Row]:
    """Return the list of what the file or the environment owns, in its order, and then of what is `stored`."""

    def read(after: Place, rows: int) -> list[tuple[Place, Row]]:
        if len(after) > 1 and after[0] == 1:
            return _behind(stored(after[1:], rows))
        part, last = checked(after, int, int) if after else (0, -1)
        if part != 0:
            raise _no_cursor()
        numbers = range(max(0, last + 1), len(declared))[:rows]
        owned: list[tuple[Place, Row]] = [((0, number), declared[number]) for number in numbers]
        return owned + (_behind(stored((), rows - len(owned))) if len(owned) < rows else [])

    return read


def beside(read: Reader[Row], look: Callable[[Sequence[Row]], Sequence[Found]]) -> Reader[tuple[Row, Found]]:
    """Return the list of `read`, each row with what `look` finds of it; the rows of a page are looked at together."""

    def read_both(after: Place, rows: int) -> list[tuple[Place, tuple[Row, Found]]]:
        page = read(after, rows)
        found = look([row for _, row in page])
        return [(place, (row, one)) for (place, row), one in zip(page, found, strict=True)]

    return read_both


def nothing_beside(rows: Sequence[Row]) -> Sequence[None]:
    """Find nothing, of each of `rows`, where nothing was asked."""
    return [None] * len(rows)


def csv_file(name: str, text: Iterable[str]) -> StreamingResponse:
    """Return `text` as the file `name`.csv, which no cache keeps."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return StreamingResponse(text, media_type="text/csv; charset=utf-8", headers=headers)


def cells(shown: BaseModel) -> list[Cell]:
    """Return a row of CSV: each field of `shown`, lists and objects as JSON."""
    values = shown.model_dump(mode="json").values()
    return [json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value for value in values]


def cursor(place: Place) -> str:
    """Return `place` as clients get it."""
    return urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).rstrip(b"=").decode()


def place_of(text: str) -> Place:
    """Return the place that `cursor` has written, `()` for "".

    Raises:
        Problem: it has not.
    """
    if not text:
        return ()
    try:
        place = json.loads(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        raise _no_cursor() from None
    if not isinstance(place, list) or not place or not all(map(_is_storable, place)):
        raise _no_cursor()
    return tuple(place)


def checked(place: Place, *kinds: type[str] | type[int] | type[float]) -> Any:
    """Return `place`, whose parts are to be of these kinds.

    Raises:
        Problem: it is of another list.
    """
    if len(place) != len(kinds) or not all(isinstance(part, kind) for part, kind in zip(place, kinds, strict=True)):
        raise _no_cursor()
    return place


def _behind(rows: Sequence[tuple[Place, Row]]) -> list[tuple[Place, Row]]:
    return [((1, *place), row) for place, row in rows]


def _is_storable(part: object) -> bool:
    """Whether `part` may be compared with what a database keeps."""
    if isinstance(part, str):
        try:
            return encodable(part) == part
        except ValueError:
            return False
    if isinstance(part, float):
        return isfinite(part)
    return isinstance(part, int) and not isinstance(part, bool) and abs(part) <= MAX_INTEGER


def _no_cursor() -> Problem:
    return Problem(422, "invalid_field", "after: it is not the `next` of a page of this list.")
