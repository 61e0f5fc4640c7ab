import json
from pathlib import Path

from tests.cli.installed import torod
from tokenrouter.config.keyring import KeyRing
from tokenrouter.store.engine import open_store
from tokenrouter.store.providers import find_provider
from tokenrouter.testing.processes import Home


def test_secrets_come_from_variables_files_and_standard_input(home: Home, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    said = ["--header", f"x-key=file:{tmp_path / 'key'}", "--header", "x-plain=a=b", "--model", "m", "--model", "n"]

    made = torod(
        home, "providers", "add", "vendor", "--base-url", "https://vendor.test", "--api-key", "env:VENDOR", *said,
        VENDOR="from-a-variable",
    )  # fmt: skip
    changed = torod(home, "providers", "change", "vendor", "--api-key", "-", "--allow-model", "m*", text="typed-in\n")

    assert (made.exit_code, changed.exit_code) == (0, 0), made.stderr + changed.stderr
    store = open_store(f"sqlite:///{home.path / 'data' / 'tokenrouter.db'}")
    ring = KeyRing(lambda: ((home.path / "data" / "secret.key").read_bytes(),))
    values = find_provider(store, ring, "vendor").values
    store.close()
    assert (values["api_key"], values["headers"]) == ("typed-in", {"x-key": "from-a-file", "x-plain": "a=b"})
    assert (values["models"], values["allowed_models"]) == (["m", "n"], ["m*"])


def test_what_cannot_be_taken_is_told(home: Home) -> None:
    missing = torod(home, "providers", "add", "vendor", "--api-key", "env:NO_SUCH")
    header = torod(home, "providers", "add", "vendor", "--header", "x-key")

    assert "the environment variable 'NO_SUCH' is not set" in missing.stderr
    assert "--header must be NAME=VALUE" in header.stderr
    assert json.loads(torod(home, "secrets", "list", "--json").stdout) == []
