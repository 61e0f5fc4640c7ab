"""The verdict: what the provider would bill, request by request, beside the rows of our ledger.

The sandbox's books are right by definition. A request whose end the gateway saw has to agree with them to the token
and to the nano-dollar; one that was cut off has to be there once, marked, and charged no less than its client got; and
everything that is summed up from rows has to be their sum.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.books.asking import Seen
from tests.e2e.books.places import Place
from tokenrouter.testing.processes import SandboxProcess, wait_until

FIELDS = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "cached_input_tokens": "cached_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "reasoning_tokens": "reasoning_tokens",
}
"""Our columns by the books' names."""
BYTES_PER_TOKEN = {"dense": 1.5, "wide": 8.0, "thinker": 3.5}
"""Of the sandbox's models that are not like the others."""
USUAL = 4.0
"""Of all others; what a process takes for the ratio of a model of which it has not seen an answer yet."""
TOLD = (
    *("operation", "provider", "model", "stream", "status", "end_reason", "error_code", "estimated"),
    *("input_tokens", "output_tokens", "first_token_us", "bytes_out"),
)
"""Columns that say what became of a request."""
PATIENCE_S = 60.0

Row = dict[str, Any]
Line = dict[str, Any]


@dataclass
class Verdict:
    """What was compared, and what did not agree.

    Attributes:
        charged_by_estimate, billed_of_those: output tokens of rows that are marked as estimated, and the provider's.
    """

    rows: int = 0
    exact: int = 0
    estimated: int = 0
    interrupted: int = 0
    charged_by_estimate: int = 0
    billed_of_those: int = 0
    differences: list[str] = field(default_factory=list)


def bill(line: Line) -> int:
    """Return what a provider with the prices of `places.PRICES` asks for what it has billed, in nano-dollars."""
    read, written, long = line["cached_tokens"], line["cache_write_tokens"], line["cache_write_1h_tokens"]
    into = 3000 * (line["prompt_tokens"] - read - written) + 300 * read + 3750 * (written - long) + 6000 * long
    total: int = into + 15_000 * line["completion_tokens"]
    return total


class Judge:
    """Compares one sandbox's books with the ledger of one place."""

    def __init__(self, place: Place, sandbox: SandboxProcess) -> None:
        self._place = place
        self._sandbox = sandbox

    def judge(self, seen: Sequence[Seen], *, crashes: bool = False) -> Verdict:
        """Wait until everything is written down, and compare it.

        `crashes`: whether processes were killed, so that rows may be marked as interrupted.
        """
        begun, ended = self._wait_for_books()
        verdict = Verdict()
        try:
            wait_until("a row for each", lambda: begun.keys() <= self._rows().keys(), PATIENCE_S)
        except AssertionError:
            missing = sorted(begun.keys() - self._rows().keys())
            verdict.differences.append(f"{len(missing)} requests have no row: {missing[:3]}")
        rows = self._rows()
        verdict.rows = len(rows)
        self._compare_rows(verdict, rows, begun, ended, crashes=crashes)
        verdict.differences += _untrue_to_clients(rows, seen)
        verdict.differences += _lasting(self._wrong_days)
        verdict.differences += _lasting(self._wrong_limits)
        return verdict

    def _wait_for_books(self) -> tuple[dict[str, Line], dict[str, Line]]:
        """Return what was begun and what ended, by our ids, once the provider works on nothing any more."""
        wait_until("the provider to be idle", lambda: len(set.symmetric_difference(*self._ids())) == 0, PATIENCE_S)
        ours: dict[str, str] = {}
        begun: dict[str, Line] = {}
        ended: dict[str, Line] = {}
        for line in self._lines():
            if line["event"] == "begin" and (name := line.get("x-request-id")):
                ours[line["id"]] = name
                begun[name] = line
            elif line["event"] == "end" and (name := ours.get(line["id"])):
                assert name not in ended or not _is_billed(ended[name]), f"{name} was asked for twice"
                ended[name] = line
        return begun, ended

    def _lines(self) -> list[Line]:
        return self._sandbox.booked()

    def _ids(self) -> tuple[set[str], set[str]]:
        lines = self._lines()
        begun, ended = ({line["id"] for line in lines if line["event"] == event} for event in ("begin", "end"))
        return begun, ended

    def _rows(self) -> dict[str, Row]:
        """Return the rows of requests that got as far as a provider's name."""
        return {row["id"]: row for row in self._place.table("tr_ledger") if row["provider"]}

    def _compare_rows(
        self, verdict: Verdict, rows: dict[str, Row], begun: dict[str, Line], ended: dict[str, Line], *, crashes: bool
    ) -> None:
        for name, row in rows.items():
            is_cut = row["end_reason"] == "interrupted"
            verdict.interrupted += is_cut
            if is_cut and not crashes:
                verdict.differences.append(f"{name} is interrupted, and nothing was: {_told(row)}")
            if name not in begun:
                if not row["estimated"] and _charged(row):
                    verdict.differences.append(f"{name} was never sent, and is charged: {_told(row)}")
                continue
            line = ended[name]
            if row["estimated"]:
                verdict.estimated += 1
                verdict.charged_by_estimate += row["output_tokens"]
                verdict.billed_of_those += line["completion_tokens"]
                verdict.differences += _wrong_estimate(row, line)
            else:
                verdict.exact += 1
                verdict.differences += _inexact(row, line)

    def _wrong_days(self) -> Iterable[str]:
        """Yield the daily sums that are not those of the rows."""
        rows, days = self._place.table("tr_ledger"), self._place.table("tr_usage_daily")
        for column in FIELDS:
            if (ours := _sum(days, column)) != (sum_of_rows := _sum(rows, column)):
                yield f"the days' {column}: {ours}, the rows': {sum_of_rows}"

    def _wrong_limits(self) -> Iterable[str]:
        """Yield the keys of whose limits a node says another thing than the rows."""
        for key, of_rows in self._place.used_by_key().items():
            told = self._place.used_live(key)
            if any(used != of_rows for used in told):
                yield f"limits of {key} say {told}, the rows say {of_rows}"


def _lasting(find: Callable[[], Iterable[str]]) -> list[str]:
    """Return what is found and does not go away: the last rows may be still on their way."""
    deadline_s = time.monotonic() + PATIENCE_S
    while (found := list(find())) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    return found


def _is_billed(line: Line) -> bool:
    """Whether the provider asks for anything; a kept connection that is closed at once is asked for once more."""
    return bool(line["prompt_tokens"] or line["bytes_written"])


def _inexact(row: Row, line: Line) -> Iterable[str]:
    """Yield how a row that says to be exact is not."""
    ours, theirs = {name: row[name] for name in FIELDS}, {name: line[theirs] for name, theirs in FIELDS.items()}
    if ours != theirs:
        yield f"{row['id']}: {ours} != {theirs}: {_told(row)}"
    elif (row["cost_nano_usd"] or 0) != bill(line):
        yield f"{row['id']} costs {row['cost_nano_usd']}, billed {bill(line)}: {_told(row)}"


def _wrong_estimate(row: Row, line: Line) -> Iterable[str]:
    """Yield how a row is estimated without need, or not as it should be."""
    if row["end_reason"] == "completed" and "no-usage" not in row["model"]:
        yield f"{row['id']} is estimated although it ended: {_told(row)}"
    if row["end_reason"] == "interrupted" and row["input_tokens"] < line["prompt_tokens"]:
        yield f"{row['id']} is charged less than was sent, {line['prompt_tokens']}: {_told(row)}"
    if row["cost_nano_usd"] is None:
        yield f"{row['id']} has no cost: {_told(row)}"


def _untrue_to_clients(rows: dict[str, Row], seen: Sequence[Seen]) -> Iterable[str]:
    """Yield what clients got and the rows deny."""
    for one in seen:
        if not one.request_id:
            continue
        row = rows.get(one.request_id)
        if row is None:
            if one.status == 200:
                yield f"{one.request_id} was answered and has no row: {one.wish.model}"
            continue
        if one.whole and row["end_reason"] != "completed":
            yield f"{one.request_id} came whole: {_told(row)}"
        is_guess = row["estimated"] and row["end_reason"] != "interrupted"
        if (got := delivered(one, least_ratio=USUAL if is_guess else 0)) > row["output_tokens"]:
            yield f"{one.request_id} has got {got} tokens: {_told(row)}"


def delivered(one: Seen, least_ratio: float) -> int:
    """Return how many tokens of text have surely reached a client, each of at least so many bytes."""
    model = one.wish.model.partition("/")[2]
    ratio = next((ratio for name, ratio in BYTES_PER_TOKEN.items() if model.startswith(name)), USUAL)
    return int(len(one.text.encode()) / max(ratio, least_ratio))


def _sum(rows: Iterable[Row], column: str) -> int:
    return sum(int(row[column]) for row in rows)


def _charged(row: Row) -> int:
    return int(row["input_tokens"] + row["output_tokens"])


def _told(row: Row) -> str:
    return ", ".join(f"{name}={row[name]}" for name in TOLD)
