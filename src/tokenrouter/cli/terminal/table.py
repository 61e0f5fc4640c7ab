"""Tables: lined up, as wide as the terminal at most, and plain text where nobody looks."""

import os
from collections.abc import Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tokenrouter.cli.terminal.texts import plain


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, last_is_total: bool = False) -> None:
    """Print `rows` below the names of their columns; a name that begins with `>` has its column to the right.

    On a terminal, long words of the first column are broken and those of others are cut; in a pipe every row is one
    line, however long. Columns in which nothing stands are left out.
    """
    told = [[plain(cell) for cell in row] for row in rows]
    used = [place for place in range(len(columns)) if place == 0 or any(row[place] for row in told)]
    stands_out = "" if os.environ.get("NO_COLOR") else "bold"
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=stands_out)
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


def print_lines(table: Table) -> None:
    """Print a table without blanks at the ends of its lines."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(1, console.measure(table, options=console.options.update(max_width=100_000)).maximum)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
