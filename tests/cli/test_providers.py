"""`torod providers` as a user types it."""

import json
import os
import time
from pathlib import Path

from click.testing import CliRunner, Result

from tests.cli.installed import torod
from tokenrouter.cli.torod import main
from tokenrouter.jobs.provider_status import FILE_NAME, CoolingTarget, ProviderStatus, StatusFile
from tokenrouter.testing.processes import Home, SandboxProcess, make_home


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


def test_a_provider_is_made_changed_switched_and_removed(home: Home) -> None:
    def listed() -> list[str]:
        return torod(home, "secrets", "list").stdout.splitlines()

    made = torod(home, "providers", "add", "vendor", "--base-url", "https://vendor.test/v1", "--api-key", "secret-1234")
    assert (made.exit_code, len(listed())) == (0, 1), made.stderr
    elsewhere = torod(home, "providers", "change", "vendor", "--base-url", "https://evil.test")
    assert (elsewhere.exit_code, "api_key: is needed again" in elsewhere.stderr) == (1, True)
    assert torod(home, "providers", "change", "vendor", "--comment", "x").exit_code == 0
    assert "is off" in torod(home, "providers", "disable", "vendor").stderr
    assert "there is no provider 'gone'" in torod(home, "providers", "enable", "gone").stderr
    assert "'vendor' already" in torod(home, "providers", "add", "vendor", "--base-url", "https://x.test").stderr
    assert torod(home, "providers", "remove", "vendor").exit_code == 0
    assert (listed(), torod(home, "providers", "remove", "vendor").exit_code) == ([], 1)


def test_those_of_the_file_are_only_switched(home: Home) -> None:
    (home.path / "torod.toml").write_text('[[providers]]\nname = "acme"\nbase_url = "https://acme.test"\n')

    for command in (["add", "acme"], ["change", "acme"], ["remove", "acme"]):
        assert "declared at torod.toml:1; change it there" in torod(home, "providers", *command).stderr
    assert torod(home, "providers", "disable", "acme").exit_code == 0
    assert torod(home, "providers", "reset", "acme").exit_code == 0


def test_what_may_not_be_asked_is_refused(home: Home) -> None:
    private = torod(home, "providers", "add", "near", "--base-url", "http://127.0.0.1:9/v1")
    made = torod(home, "keys", "create", "alice", "--json")
    ours = torod(home, "providers", "add", "mine", "--base-url", "https://x.test", "--api-key", _key(made.stdout))

    assert "is a private address" in private.stderr
    assert "is a key of this gateway" in ours.stderr


def test_a_provider_is_tried_with_the_key_that_it_has(home: Home, sandbox: SandboxProcess) -> None:
    (home.path / "torod.toml").write_text("allow_private_providers = true\n")
    for name, key in (("good", "sk-cli-good"), ("bad", "sk-cli-bad~0")):
        torod(home, "providers", "add", name, "--base-url", sandbox.base_url, "--api-key", key)

    good = torod(home, "providers", "test", "good", "--json")
    bad = torod(home, "providers", "test", "bad")

    assert json.loads(good.stdout)["ok"], good.stderr
    assert (bad.exit_code, "auth problem" in bad.stderr, "sk-cli-bad" in bad.stderr) == (1, True, False)
    assert "there is no provider" in torod(home, "providers", "test", "gone").stderr


def test_known_vendors_are_looked_for(home: Home) -> None:
    assert torod(home, "providers", "presets", "groq").stdout.startswith("groq ")


def _key(text: str) -> str:
    key: str = json.loads(text)["key"]
    return key
