"""`torod providers` as a user types it."""

import json
import os
import time
from pathlib import Path

from click.testing import CliRunner, Result

from tokenrouter.cli.torod import main
from tokenrouter.jobs.provider_status import FILE_NAME, CoolingTarget, ProviderStatus, StatusFile
from tokenrouter.testing.processes import make_home


def providers(folder: Path, rows: list[ProviderStatus] | None, *args: str) -> Result:
    home = make_home(folder)
    if rows is not None:
        StatusFile(home.path / "cache" / FILE_NAME).write(rows)
    return CliRunner().invoke(main, ["providers", *args], env={**dict.fromkeys(os.environ), **home.env})


def test_every_provider_has_a_line(tmp_path: Path) -> None:
    now_s = time.time()
    rows = [
        ProviderStatus("acme", "groq", "file", "online", "", 12.4, 3, now_s - 7200, now_s - 120, now_s + 800, 0.25, []),
        ProviderStatus(
            "beta",
            "groq",
            "file",
            "auth problem",
            "its key must be renewed",
            cooling=[CoolingTarget("m", "provider_timeout", now_s + 4000), CoolingTarget("n", "x", now_s - 1)],
        ),
    ]

    done = providers(tmp_path, rows)

    head, acme, beta = done.stdout.splitlines()
    assert head.split() == ["PROVIDER", "STATUS", "MODELS", "LISTED", "ANSWERED", "CHECKED", "NOTE"]
    assert " ".join(acme.split()) == "acme online 3 2 h ago 12 ms 2 min ago 25% of a quota left"
    assert "never" in beta
    assert beta.endswith("its key must be renewed; m left alone for 1 h (provider_timeout)")
    assert done.stderr.startswith("As of ")


def test_programs_get_json(tmp_path: Path) -> None:
    done = providers(tmp_path, [ProviderStatus("acme", "groq", "file")], "--json")

    (row,) = json.loads(done.stdout)
    assert (row["name"], row["status"], row["cooling"]) == ("acme", "unknown", [])


def test_where_no_server_has_run_nothing_is_known(tmp_path: Path) -> None:
    done = providers(tmp_path, None)

    assert done.exit_code == 1
    assert "torod serve" in done.stderr
