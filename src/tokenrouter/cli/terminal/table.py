"""Tables: lined up, as wide as the terminal at most, and plain text where nobody looks."""

import os
from collections.abc import Iterable, Sequence
from typing import Final

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tokenrouter.cli.terminal.texts import plain

GAP: Final = 2
NARROWEST_WORDS: Final = 12
"""Room that every column of words can be asked to make do with."""


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, last_is_total: bool = False) -> None:
    """Print `rows` below the names of their columns; a name that begins with `>` has its column to the right.

    On a terminal, long words of the first column are broken and those of others are cut, but never a number: where
    there is no room for that, each row is a few lines, one for a column. In a pipe every row is one line, however long.
    Columns in which nothing stands are left out.
    """
    told = [[plain(cell) for cell in row] for row in rows]
    console = Console(highlight=False)
    used = [place for place in range(len(columns)) if place == 0 or any(row[place] for row in told)]
    if console.is_terminal and _least_width(columns, told, used) > console.width:
        _print_records(columns, told, used)
        return
    stands_out = "" if os.environ.get("NO_COLOR") else "bold"
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style=stands_out)
    for place in used:
        name = columns[place]
        right = name.startswith(">")
        table.add_column(
            name.removeprefix(">"),
            justify="right" if right else "left",
            no_wrap=right,
            overflow="fold" if place == 0 else "ellipsis",
        )
    for number, row in enumerate(told, 1):
        style = stands_out if last_is_total and number == len(told) else None
        table.add_row(*(Text(row[place]) for place in used), style=style)
    print_lines(table)


def _least_width(columns: Sequence[str], rows: Sequence[Sequence[str]], used: Sequence[int]) -> int:
    """Return how wide a terminal has to be for a table that can be read."""
    needed = 0
    for place in used:
        widest = max(cell_len(text) for text in (columns[place].removeprefix(">"), *(row[place] for row in rows)))
        is_number = columns[place].startswith(">")
        needed += GAP + (widest if is_number else min(widest, NARROWEST_WORDS))
    return needed - GAP


def _print_records(columns: Sequence[str], rows: Sequence[Sequence[str]], used: Sequence[int]) -> None:
    names = {place: columns[place].removeprefix(">") for place in used[1:]}
    width = max(map(cell_len, names.values()), default=0)
    for row in rows:
        click.echo(row[0])
        for place, name in names.items():
            if row[place]:
                click.echo(f"  {name.ljust(width)}  {row[place]}")


def print_lines(table: Table) -> None:
    """Print a table without blanks at the ends of its lines."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(1, console.measure(table, options=console.options.update(max_width=100_000)).maximum)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
