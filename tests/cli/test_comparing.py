"""What is compared where no server runs; where one does: tests/cli/test_config_plan.py."""

import pytest

from tokenrouter.cli.comparing import change_rows, compare
from tokenrouter.testing.processes import Home


def test_an_installation_without_a_server_is_compared_with_the_defaults(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    (home.path / "torod.toml").write_text('workers = 1\nunpriced = "deny"\n')

    compared = compare(None)

    assert (compared.server, compared.applied) == (None, None)
    rows = [row for row in change_rows(compared.changes) if row["name"] == "unpriced"]
    assert rows == [
        {
            "act": "change",
            "kind": "setting",
            "name": "unpriced",
            "needs_restart": False,
            "fields": [{"name": "unpriced", "before": '"allow"', "after": '"deny"'}],
        }
    ]
