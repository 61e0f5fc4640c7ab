"""The dashboard in `deploy/grafana` shows what `/metrics` has, and is shaped as Grafana's classic model wants it.

What is checked of its shape is copied by hand from grafana/grafana, kinds/dashboard/dashboard_kind.cue (2026-11).
"""

import json
import re
from typing import Any

import yaml

from tests.repo.files import ROOT

FOLDER = ROOT / "deploy" / "grafana"
DASHBOARD = json.loads((FOLDER / "tokenrouter.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
TABLE = dict(
    re.findall(
        r"^\| `(tokenrouter_\w+)` \| \w+ \| ([^|]*) \|", (ROOT / "docs/observability.md").read_text(), re.MULTILINE
    )
)
GRID_COLUMNS = 24
PANEL_TYPES = {"row", "stat", "timeseries", "table", "bargauge"}
ADDED_BY_PROMETHEUS = {"job", "instance", "le"}
TOP = {
    "uid": str,
    "title": str,
    "tags": list,
    "timezone": str,
    "editable": bool,
    "graphTooltip": int,
    "schemaVersion": int,
    "version": int,
    "refresh": str,
    "time": dict,
    "templating": dict,
    "annotations": dict,
    "links": list,
    "panels": list,
    "description": str,
}


def expressions() -> list[str]:
    queries = [target["expr"] for panel in PANELS for target in panel.get("targets", ())]
    variables = [one["definition"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    return [*queries, *variables, *(one["expr"] for one in DASHBOARD["annotations"]["list"])]


def metric_of(series: str) -> str:
    """Return the metric of the table to which a series belongs: buckets are of a histogram."""
    return series if series in TABLE else re.sub(r"_(bucket|sum|count)$", "", series)


def test_every_metric_of_the_dashboard_is_in_the_table_of_metrics() -> None:
    series = {name for expression in expressions() for name in re.findall(r"tokenrouter_\w+", expression)}

    assert len(series) > 25
    assert {metric_of(name) for name in series} <= set(TABLE)


def test_every_label_it_asks_for_is_one_of_its_metric() -> None:
    for expression in expressions():
        for series, matchers in re.findall(r"(tokenrouter_\w+)\{([^}]*)\}", expression):
            labels = set(re.findall(r'(\w+)(?:=~|!~|!=|=)"', matchers))
            known = {label.strip() for label in TABLE[metric_of(series)].split(",")}
            assert labels <= known | ADDED_BY_PROMETHEUS, (series, labels)


def test_expressions_are_balanced_and_only_counters_have_rates() -> None:
    for expression in expressions():
        for one, other in ("()", "{}", "[]"):
            assert expression.count(one) == expression.count(other)
        assert expression.count('"') % 2 == 0
        for series in re.findall(r"(?:rate|increase)\((tokenrouter_\w+)", expression):
            is_counter = series.endswith(("_total", "_bucket")) or "since" in _told(series) or "found" in _told(series)
            assert is_counter, series


def _told(series: str) -> str:
    text = (ROOT / "docs/observability.md").read_text()
    match = re.search(rf"^\| `{series}` \| \w+ \| [^|]* \| ([^|]*) \|", text, re.MULTILINE)
    assert match is not None
    return match[1]


def test_the_dashboard_has_the_fields_of_its_model() -> None:
    assert {name: type(value) for name, value in DASHBOARD.items()} == TOP
    assert "id" not in DASHBOARD
    assert {"from", "to"} == set(DASHBOARD["time"])


def test_panels_are_whole_and_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    for panel in PANELS:
        place = panel["gridPos"]
        assert panel["type"] in PANEL_TYPES
        assert panel["title"]
        assert place["x"] + place["w"] <= GRID_COLUMNS
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
        if panel["type"] == "row":
            continue
        assert {"targets", "fieldConfig", "options", "datasource"} <= set(panel)
        assert set(panel["fieldConfig"]) == {"defaults", "overrides"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


def test_every_variable_is_known() -> None:
    known = {one["name"] for one in DASHBOARD["templating"]["list"]} | {"__rate_interval", "__all"}
    named = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD)))

    assert named <= known


def test_the_examples_of_provisioning_name_the_folder_of_the_documents() -> None:
    dashboards = yaml.safe_load((FOLDER / "provisioning/dashboards.yaml").read_text())
    sources = yaml.safe_load((FOLDER / "provisioning/datasources.yaml").read_text())
    folder = dashboards["providers"][0]["options"]["path"]

    assert folder in (ROOT / "docs/observability.md").read_text()
    assert sources["datasources"][0]["type"] == "prometheus"
