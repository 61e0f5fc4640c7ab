from pathlib import Path

from tests.cli.doctor.patients import patient, told
from tokenrouter.app.running import RunningServer
from tokenrouter.cli.doctor.server import check_server
from tokenrouter.config.applied import Applied
from tokenrouter.testing.processes import free_port


def test_where_none_runs_that_is_said(tmp_path: Path) -> None:
    assert "none runs" in told(list(check_server(patient(tmp_path))), "note")


def test_one_that_does_not_answer_or_has_something_else_is_told(tmp_path: Path) -> None:
    outline = {"setting": {"": {"listen_addr": f"127.0.0.1:{free_port()}"}}}
    applied = Applied(1, 0.0, 0.0, None, None, None, ("torod.toml:1: wrong",), ("workers",), outline, "0.0.1")

    found = list(check_server(patient(tmp_path, server=RunningServer(7), applied=applied)))

    assert "goes on with an older configuration: torod.toml:1: wrong" in told(found, "warning")
    assert "workers wait for a restart" in told(found, "note")
    assert "it is version 0.0.1" in told(found, "note")
    assert "/healthz" in told(found, "problem")
