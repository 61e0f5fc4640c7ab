import json

from tests.cli.installed import torod
from tokenrouter.testing.processes import Home


def test_settings_are_listed_changed_and_undone(home: Home) -> None:
    (home.path / "torod.toml").write_text('unpriced = "deny"\n')

    changes = [("unpriced", "allow"), ("soft_limit_alerts", "[50]"), ("cache.ttl_s", "5")]
    for name, value in changes:
        told = torod(home, "settings", "set", name, value)
        assert told.exit_code == 0, told.stderr
    listed = {one["name"]: one for one in json.loads(torod(home, "settings", "list", "--json").stdout)}

    assert [listed[name]["value"] for name, _ in changes] == ["allow", [50], 5.0]
    assert listed["unpriced"]["declared_at"] == "torod.toml:1"
    lines = torod(home, "settings", "list").stdout.splitlines()
    assert 'unpriced = "allow"  from database, instead of "deny"' in lines
    torod(home, "settings", "reset", "unpriced")
    assert 'unpriced = "deny"  from torod.toml:1' in torod(home, "settings", "list").stdout.splitlines()


def test_what_cannot_be_changed_is_told(home: Home) -> None:
    assert "cannot be changed at run time" in torod(home, "settings", "set", "listen_addr", ":1").stderr
    assert "3 is less than 35" in torod(home, "settings", "set", "ledger_retention_days", "3").stderr
