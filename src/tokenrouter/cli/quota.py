"""`torod quota`: what is left to each provider, as a server of this installation knows it.

It reads the file that the server keeps, so it asks nobody and works while the server is away; then it shows what was
known last.
"""

import json
import time
from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.opening import CONFIG, JSON, open_database

if TYPE_CHECKING:
    from tokenrouter.domain.quotas import QuotaMetric, QuotaSnapshot


@click.command()
@JSON
@CONFIG
def quota(as_json: bool, config: str | None) -> None:
    """Show what is left of each provider's limits and credit, and until when."""
    from tokenrouter.jobs.provider_quotas import accounts_of, cache_file
    from tokenrouter.jobs.quota_book import QuotaBook

    settings, _ = open_database(config)
    book, now_s = QuotaBook(cache_file(settings)), time.time()
    snapshots = book.snapshots(accounts_of(settings.providers), now_s, is_on=settings.quota_inspection)
    if as_json:
        click.echo(json.dumps([_shown(snapshot) for snapshot in snapshots]))
        return
    for snapshot in snapshots:
        _tell(snapshot, now_s)


def _tell(snapshot: "QuotaSnapshot", now_s: float) -> None:
    plan = f", plan {snapshot.plan_type}" if snapshot.plan_type else ""
    click.echo(f"{snapshot.provider} ({snapshot.display_name}{plan}): {_status(snapshot, now_s)}")
    for metric in snapshot.metrics:
        click.echo("  " + "  ".join(part for part in _parts(metric, now_s) if part))


def _status(snapshot: "QuotaSnapshot", now_s: float) -> str:
    from tokenrouter.limits.words import duration_words

    if snapshot.status == "error":
        return f"unavailable: {snapshot.error}"
    if snapshot.status == "disabled":
        return "nobody looks"
    if not snapshot.checked_at_s:
        return "nothing told yet"
    return f"by {snapshot.reader}, {duration_words(max(1.0, now_s - snapshot.checked_at_s))} ago"


def _parts(metric: "QuotaMetric", now_s: float) -> tuple[str, ...]:
    from tokenrouter.limits.words import duration_words

    share = "" if metric.left_percent is None else f"{metric.left_percent:g} % left"
    amount = "" if metric.remaining_value is None else _amount(metric.remaining_value)
    of = "" if metric.limit_value is None or not amount else f" of {_amount(metric.limit_value)}"
    ends = metric.reset_at_s is not None and metric.reset_at_s > now_s
    reset = f"full again in {duration_words((metric.reset_at_s or 0) - now_s)}" if ends else ""
    return metric.key, share, f"{amount}{of} {metric.unit}" if amount else "", reset


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _shown(snapshot: "QuotaSnapshot") -> dict[str, Any]:
    from dataclasses import asdict

    scarcest = snapshot.scarcest
    return {
        **asdict(snapshot),
        "left_percent": None if scarcest is None else scarcest.left_percent,
        "reset_at_s": None if scarcest is None else scarcest.reset_at_s,
    }
