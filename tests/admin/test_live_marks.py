from collections.abc import Mapping
from dataclasses import replace

from tests.admin.installation import PEPPER, TOKENS, Installation
from tests.store.entries import entry
from tokenrouter.admin.live_marks import LiveMarks
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.listener_desk import OpenListener
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.limits import create_limit
from tokenrouter.store.teams import create_team


def changed(marks: LiveMarks, before: Mapping[str, object]) -> list[str]:
    now = marks.look()
    return sorted(scope for scope in now if now[scope] != before[scope])


def test_who_changes_something_changes_what_pages_show_of_it(installation: Installation) -> None:
    marks = LiveMarks(installation.state)
    before = marks.look()
    assert changed(marks, before) == []

    create_key(installation.store, KeyRequest("bob"), pepper=PEPPER, now_s=1.0)
    assert changed(marks, before) == ["audit", "keys"]
    before = marks.look()
    create_limit(installation.store, replace(TOKENS, scope="key:bob", id="bob"), now_s=1.0)
    create_team(installation.store, "chemistry", now_s=1.0)
    assert changed(marks, before) == ["audit", "keys", "limits", "teams"]


def test_rows_of_the_ledger_are_usage_whoever_has_written_them(installation: Installation) -> None:
    marks = LiveMarks(installation.state)
    before = marks.look()
    record(installation.store, [Row(entry("1"))], {"other-node.journal": 100})

    assert changed(marks, before) == ["usage"]


def test_what_nobody_decided_is_seen_in_the_catalog(installation: Installation) -> None:
    catalog = installation.catalog()
    installation.state.catalog = lambda: catalog
    marks = LiveMarks(installation.state)
    before = marks.look()
    appeared = (*catalog.providers, Provider("local", "openai-compatible", "http://127.0.0.1:1/v1"))
    catalog = replace(catalog, version=catalog.version + 1, providers=appeared)

    assert changed(marks, before) == ["catalog", "models", "providers"]


def test_a_provider_that_falls_silent_is_a_change(installation: Installation) -> None:
    marks = LiveMarks(installation.state)
    before = marks.look()
    installation.provider_statuses = (ProviderStatus("acme", "openai-compatible", "file", status="offline"),)

    assert changed(marks, before) == ["providers"]


def test_an_address_that_comes_or_goes_is_a_change(installation: Installation) -> None:
    marks = LiveMarks(installation.state)
    before = marks.look()
    installation.state.listeners.listeners = (OpenListener(1, "http", "listen_addr", "127.0.0.1:8080"),)

    assert changed(marks, before) == ["network"]


def test_requests_that_run_are_counted_over_all_workers(installation: Installation) -> None:
    marks = LiveMarks(installation.state)
    before = marks.look()
    installation.figures = {"a": {"gauges": {"in_flight": 2}}, "b": {"gauges": {"in_flight": 1}}}

    assert changed(marks, before) == ["running"]
    assert marks.look()["running"] == 3


def test_what_other_nodes_write_is_taken_in_while_somebody_follows(installation: Installation) -> None:
    installation.state.settings = replace(installation.settings, redis_url="redis://elsewhere")
    record(installation.store, [Row(entry("1")), Row(entry("2"))], {})
    marks = LiveMarks(installation.state)
    marks.look()
    assert installation.state.recent_rows.last == 0

    installation.state.tails = 1
    marks.look()
    marks.look()

    assert [row.entry.id for row in installation.state.recent_rows.after(0)] == ["1", "2"]
