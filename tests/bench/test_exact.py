from pathlib import Path

import pytest

from bench import exact, idle
from bench.targets import PLAIN, Setup, gateway_command
from tokenrouter.config.load import load


@pytest.mark.parametrize(
    ("setup", "limits"),
    [(PLAIN, 0), (exact.IN_MEMORY, 3), (idle.SETUP, 3), (exact.in_valkey("redis://127.0.0.1:6379/0", 2), 3)],
)
def test_every_setup_is_a_configuration_that_loads(setup: Setup, limits: int, tmp_path: Path) -> None:
    gateway_command(tmp_path, 8080, 9000, setup)

    loaded = load(config=str(tmp_path / "bench.toml"), environ={"TOKENROUTER_HOME": str(tmp_path)})

    assert len(loaded.limits) == limits
