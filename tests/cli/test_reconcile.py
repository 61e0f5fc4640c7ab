"""`torod ledger reconcile` as a user types it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.jobs.report_api import KEY, ReportApi, serving
from tests.store.entries import entry
from tokenrouter.cli.torod import main
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.engine import open_store
from tokenrouter.store.ledger import Row, record
from tokenrouter.testing.processes import Home

COSTS = """start_time_iso,amount_value,amount_currency,line_item
2026-01-01T00:00:00+00:00,1.00,usd,"small-2025-10-10, input"
2026-01-01T00:00:00+00:00,1.00,usd,"small-2025-10-10, output"
"""


@pytest.fixture
def api() -> Iterator[ReportApi]:
    with serving(ReportApi({"2026-01-01": {"small": 2.0}}, {"2026-01-01": {"small": (100, 10)}})) as running:
        yield running


@pytest.fixture
def home(home_with_tables: Home) -> Home:
    return home_with_tables


@pytest.fixture
def installation(home: Home, api: ReportApi) -> Home:
    """One provider, of which 2 dollars were used on one day."""
    (home.path / "torod.toml").write_text(f"""
[[providers]]
name = "acme"
provider_type = "openai"
base_url = "{api.base_url}"
report_key = "file:{home.path / "key"}"

[[providers]]
name = "local"
base_url = "{api.base_url}"
""")
    (home.path / "key").write_text(KEY)
    assert run(home, "verify").exit_code == 0
    store = open_store(f"sqlite:///{home.path / 'data' / 'tokenrouter.db'}")
    record(store, [Row(entry("a", usage=Usage(100, 10), cost_nano_usd=2_000_000_000))], {})
    store.close()
    return home


def run(home: Home, *args: str) -> Result:
    return CliRunner().invoke(main, ["ledger", *args], env={**dict.fromkeys(os.environ), **home.env})


def reconcile(home: Home, *args: str) -> Result:
    return run(home, "reconcile", "--provider", "acme", *args)


@pytest.fixture
def costs(tmp_path: Path) -> Path:
    file = tmp_path / "costs.csv"
    file.write_text(COSTS)
    return file


def test_a_report_that_says_the_same_ends_well(installation: Home, costs: Path) -> None:
    done = reconcile(installation, "--report", str(costs))

    lines = [line.split() for line in done.stdout.splitlines()]
    assert done.exit_code == 0, done.stderr
    assert lines[0][:6] == ["day", "model", "cost", "theirs", "drift", "%"]
    assert lines[1] == ["2026-01-01", "small", "2.000000000", "2.000000000", "0.000000000", "+0.000", *["-"] * 8]
    assert lines[-1] == ["Nothing", "drifted."]


@pytest.mark.parametrize(("tolerance", "code"), [("0.5%", 1), ("25%", 0), ("20", 0), ("19.9", 1)])
def test_the_tolerance_decides_how_it_ends(installation: Home, costs: Path, tolerance: str, code: int) -> None:
    costs.write_text(COSTS.replace("1.00", "1.25"))

    done = reconcile(installation, "--report", str(costs), "--tolerance", tolerance)

    assert done.exit_code == code
    assert ("1 row drifted further than is tolerated (!)." in done.stdout) is bool(code)
    assert "+20.000" in done.stdout


def test_a_vendor_is_asked_with_the_key_of_its_bills(installation: Home, api: ReportApi) -> None:
    done = reconcile(installation, "--fetch", "--from", "2026-01-01", "--to", "2026-01-03", "--json")

    told = json.loads(done.stdout)
    assert (done.exit_code, told["beyond"], len(told["rows"])) == (0, False, 1)
    assert told["total"]["theirs"] == {
        "cost_nano_usd": 2_000_000_000,
        "cost_usd": "2.000000000",
        "input_tokens": 100,
        "output_tokens": 10,
        "requests": 1,
    }
    assert api.keys == {f"Bearer {KEY}"}


def test_the_key_is_never_shown(installation: Home, api: ReportApi) -> None:
    api.failures = [(401, {})]

    done = reconcile(installation, "--fetch", "--month", "2026-01")

    assert (done.exit_code, "refuses report_key" in done.stderr) == (2, True)
    assert KEY not in done.output


def test_other_names_are_joined(installation: Home, costs: Path) -> None:
    costs.write_text(COSTS.replace("small-2025-10-10", "big"))

    assert reconcile(installation, "--report", str(costs)).exit_code == 1
    assert reconcile(installation, "--report", str(costs), "--map", "big=small").exit_code == 0


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "say either --report FILE or --fetch"),
        (("--fetch",), "both a first and a last day are needed"),
        (("--fetch", "--from", "2026-01-01", "--to", "2026-01-02", "--tolerance", "much"), "'much' is no share"),
        (("--fetch", "--month", "2026-01", "--map", "big"), "is not THEIRS=OURS"),
        (("--report", "/no/such.csv"), "No such file"),
        (("--report", "costs.csv", "--provider", "amce"), "there is no provider 'amce'; did you mean \"acme\"?"),
        (("--report", "costs.csv", "--provider", "local"), "reports of provider 'local' (openai-compatible) cannot be"),
    ],
)
def test_what_cannot_be_compared_is_told_and_ends_with_two(
    installation: Home, costs: Path, args: tuple[str, ...], told: str
) -> None:
    done = reconcile(installation, *(str(costs) if arg == "costs.csv" else arg for arg in args))

    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (COSTS.replace("1.00", "one", 1), "costs.csv:2: column amount_value: 'one' is not an amount of US dollars"),
        ("day,usd\n", "costs.csv:1: the columns are those of no report that is known"),
        (COSTS.splitlines()[0], "the report names no day"),
    ],
)
def test_a_file_that_is_no_report_is_told(installation: Home, costs: Path, text: str, told: str) -> None:
    costs.write_text(text)

    done = reconcile(installation, "--report", str(costs))

    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr


def test_a_provider_without_that_key_is_told(installation: Home) -> None:
    file = installation.path / "torod.toml"
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "report_key" not in line))

    done = reconcile(installation, "--fetch", "--month", "2026-01")

    assert (done.exit_code, "provider 'acme' has no report_key" in done.stderr) == (2, True)
