"""`torod secrets` as a user types it."""

import json

from tests.cli.installed import torod
from tokenrouter.testing.processes import Home

KEY = "sk-very-secret-0123456789"


def test_secrets_are_listed_checked_and_rotated_and_never_printed(home: Home) -> None:
    made = torod(home, "providers", "add", "vendor", "--base-url", "https://vendor.test", "--api-key", KEY)
    before = torod(home, "secrets", "list")
    rotated = torod(home, "secrets", "rotate")
    after = torod(home, "secrets", "list", "--json")
    checked = torod(home, "secrets", "check")

    assert (made.exit_code, rotated.exit_code, checked.exit_code) == (0, 0, 0), rotated.stderr
    assert before.stdout.startswith("provider vendor  api_key  …6789  key ")
    assert rotated.stdout.startswith("1 secret encrypted under the key ")
    (row,) = json.loads(after.stdout)
    assert row["key_id"] in rotated.stdout
    assert row["key_id"] not in before.stdout
    assert checked.stdout == "1 secret, all of which can be decrypted.\n"
    assert not [said for said in (made, before, rotated, after) if KEY in said.stdout + said.stderr]
    assert KEY.encode() not in (home.path / "data" / "tokenrouter.db").read_bytes()

    (home.path / "data" / "secret.key").write_bytes(b"x" * 32)
    lost = torod(home, "secrets", "check")
    assert (lost.exit_code, "vendor  api_key: cannot decrypt" in lost.stderr) == (1, True)
    assert "cannot decrypt" in torod(home, "secrets", "list").stdout


def test_a_variable_that_is_not_new_is_told_how_to_be(home: Home) -> None:
    told = torod(home, "secrets", "rotate", ENCRYPTION_KEY="words")

    assert told.exit_code == 1
    assert "ENCRYPTION_KEY_OLD" in told.stderr
