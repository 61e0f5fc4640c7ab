"""The compose files: each service as closed as it can be, secrets from outside, and right in Compose's own eyes."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repo.files import ROOT
from tokenrouter.config.load import load
from tokenrouter.testing.processes import make_home

FOLDER = ROOT / "deploy/compose"
FULL = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SMALL = yaml.safe_load((FOLDER / "small.yaml").read_text())
SECRETS = {"POSTGRES_PASSWORD": "abc123", "VALKEY_PASSWORD": "def456", "ENCRYPTION_KEY": "ghi789"}
SERVICES = [*FULL["services"].items(), *SMALL["services"].items()]


@pytest.mark.parametrize(("name", "service"), SERVICES, ids=[name for name, _ in SERVICES])
def test_every_service_has_only_what_it_needs(name: str, service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert "privileged" not in service
    assert not service["image"].endswith(":latest") or service["image"] == "tokenrouter:latest"


def test_gateways_begin_when_what_they_need_is_well() -> None:
    gateways = [FULL["services"]["gateway-1"], FULL["services"]["gateway-2"]]

    assert gateways[0]["volumes"][0] != gateways[1]["volumes"][0], "a journal of its own for each"
    for gateway in gateways:
        assert {one["condition"] for one in gateway["depends_on"].values()} == {"service_healthy"}
    assert all("healthcheck" in FULL["services"][name] for name in ("postgres", "valkey"))


def test_database_and_counters_are_reached_from_the_inside_only() -> None:
    for name in ("postgres", "valkey"):
        assert FULL["services"][name]["networks"] == ["inside"]
        assert "ports" not in FULL["services"][name]
    assert FULL["networks"]["inside"]["internal"] is True


def test_no_secret_stands_in_a_file_or_on_a_command_line() -> None:
    example = (FOLDER / "example.env").read_text()

    for name in SECRETS:
        assert re.search(rf"^{name}=$", example, re.MULTILINE)
    for _, service in SERVICES:
        assert "${" not in re.sub(r"\$\{SANDBOX[^}]*\}", "", str(service.get("command", "")))


def test_the_gateways_trust_the_network_of_their_proxy(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    settings = load(config=str(FOLDER / "torod.toml"), environ=home.env)

    (network,) = FULL["networks"]["outside"]["ipam"]["config"]
    assert [str(one) for one in settings.trusted_proxies] == [network["subnet"]]


@pytest.mark.parametrize("file", ["compose.yaml", "small.yaml"])
def test_compose_itself_takes_it(file: str, tmp_path: Path) -> None:
    command = compose()
    # The older program does not know that a project can name itself.
    text = (FOLDER / file).read_text()
    (tmp_path / file).write_text(
        text if command[0] == "docker" else re.sub(r"^name: .*$", "", text, flags=re.MULTILINE)
    )
    shutil.copy(FOLDER / "example.env", tmp_path / ".env")
    env = {**os.environ, **SECRETS}

    done = subprocess.run(
        [*command, "-f", tmp_path / file, "config"], env=env, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "read_only: true" in done.stdout


def test_without_its_secrets_it_is_not_started(tmp_path: Path) -> None:
    command = compose()
    text = (FOLDER / "compose.yaml").read_text()
    (tmp_path / "compose.yaml").write_text(re.sub(r"^name: .*$", "", text, flags=re.MULTILINE))
    shutil.copy(FOLDER / "example.env", tmp_path / ".env")
    env = {name: value for name, value in os.environ.items() if name not in SECRETS}

    done = subprocess.run(
        [*command, "-f", tmp_path / "compose.yaml", "config"], env=env, capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "deploy/compose/.env" in done.stderr


def compose() -> list[str]:
    """Return the command that is Compose here: Docker's plugin, or the older program."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and not subprocess.run([*command, "version"], check=False, capture_output=True).returncode
        ):
            return command
    pytest.skip("no Docker Compose here (Debian, Ubuntu: apt install docker-compose)")
