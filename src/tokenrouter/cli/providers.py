"""`torod providers`: how every provider is, as the server on this machine found them last."""

import time
from typing import TYPE_CHECKING

import click

from tokenrouter.cli.opening import CONFIG, JSON, fail, load_settings

if TYPE_CHECKING:
    from tokenrouter.jobs.provider_status import ProviderStatus

COLUMNS = ("PROVIDER", "STATUS", "MODELS", "LISTED", "ANSWERED", "CHECKED", "NOTE")


@click.command()
@JSON
@CONFIG
def providers(as_json: bool, config: str | None) -> None:
    """Show which providers are online, what they offer, and what is left alone for now."""
    import msgspec

    from tokenrouter.jobs.provider_status import FILE_NAME, read_statuses

    settings = load_settings(config)
    found = read_statuses(settings.paths.cache_dir / FILE_NAME)
    if found is None:
        fail("nothing is known yet: no server has run here; start one with `torod serve`")
    rows, age_s = found
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    now_s = time.time()
    _print_table([COLUMNS, *(_cells(row, now_s) for row in rows)])
    click.echo(f"As of {_length(age_s)} ago.", err=True)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _cells(row: "ProviderStatus", now_s: float) -> tuple[str, ...]:
    return (
        row.name,
        row.status,
        str(row.model_count),
        _ago(row.listed_at_s, now_s),
        f"{row.response_ms:.0f} ms" if row.response_ms else "-",
        _ago(row.checked_at_s, now_s),
        _note(row, now_s),
    )


def _note(row: "ProviderStatus", now_s: float) -> str:
    left = [f"{row.left:.0%} of a quota left"] if row.left is not None else []
    cooling = [
        f"{one.model} left alone for {_length(one.until_s - now_s)} ({one.reason})"
        for one in row.cooling
        if one.until_s > now_s
    ]
    return "; ".join([*([row.problem] if row.problem else []), *left, *cooling])


def _ago(moment_s: float, now_s: float) -> str:
    return f"{_length(now_s - moment_s)} ago" if moment_s else "never"


def _length(seconds: float) -> str:
    """Return a length of time in its largest unit."""
    for unit, length_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
