from pathlib import Path

import pytest

from tests.cli.doctor.patients import patient, told
from tokenrouter.cli.doctor.clock import check_clock, drift
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import SandboxProcess


@pytest.mark.parametrize(("offset_s", "level"), [(0.4, "ok"), (-1.9, "ok"), (5.0, "warning"), (-90.0, "problem")])
def test_how_far_clocks_are_apart_decides(offset_s: float, level: str) -> None:
    found = drift("the clock of x", offset_s)

    assert found.level == level
    assert ("ahead of" in found.says) == (offset_s > 2)


def test_the_clock_of_a_database_is_asked(tmp_path: Path, postgres: PostgresServer) -> None:
    looked = patient(tmp_path, f'database_url = "{postgres.url()}"\n', env={"ENCRYPTION_KEY": "a"}, offline=True)

    assert "PostgreSQL server says the same" in told(list(check_clock(looked)), "ok")


def test_where_nobody_is_to_be_asked_that_is_said(tmp_path: Path, sandbox: SandboxProcess) -> None:
    config = f'[[providers]]\nname = "a"\nbase_url = "{sandbox.base_url}"\n'

    assert "no other clock" in told(list(check_clock(patient(tmp_path, config, offline=True))), "note")
