"""`torod logs`: what the processes of this installation have said.

It reads the files, so it needs no key and works while the server is away; whoever may read the state folder may read
them anyway.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tokenrouter.cli.opening import CONFIG, JSON, load_settings

if TYPE_CHECKING:
    from tokenrouter.observe.log_reader import LogFilter, LogLine

LOOK_S: Final = 0.3


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on with what is new, until interrupted.")
@click.option(
    "--level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="debug",
    help="This level and what is more serious.",
)
@click.option("--q", "text", metavar="TEXT", default="", help="Only lines with this text, in capitals or not.")
@click.option("--process", metavar="NAME", default="", help="Only of supervisor, control or data.")
@click.option("--lines", type=click.IntRange(0), default=50, show_default=True, help="How many of the newest.")
@JSON
@CONFIG
def logs(follow: bool, level: str, text: str, process: str, lines: int, as_json: bool, config: str | None) -> None:
    """Show what the server has said, the newest last."""
    from tokenrouter.observe.log_files import FOLDER
    from tokenrouter.observe.log_reader import LogFilter, newest_lines

    folder = load_settings(config).paths.state_dir / FOLDER
    wanted = LogFilter(level, text, process)
    found = newest_lines(folder, wanted, limit=lines)[::-1] if lines else []
    _print(found, as_json=as_json)
    if follow:
        _follow(folder, wanted, found[-1].id if found else "", as_json=as_json)


def _follow(folder: Path, wanted: "LogFilter", after_id: str, *, as_json: bool) -> None:
    from tokenrouter.observe.log_reader import LogFollower

    follower = LogFollower(folder, wanted, after_id=after_id)
    while True:
        _print(follower.new(time.time_ns() // 1000), as_json=as_json)
        time.sleep(LOOK_S)


def _print(lines: Iterable["LogLine"], *, as_json: bool) -> None:
    for line in lines:
        click.echo(_as_json(line) if as_json else _as_words(line))


def _as_json(line: "LogLine") -> str:
    from msgspec import to_builtins

    return json.dumps(to_builtins(line), ensure_ascii=False)


def _as_words(line: "LogLine") -> str:
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line.time_us / 1e6))
    return line.shown(moment)
