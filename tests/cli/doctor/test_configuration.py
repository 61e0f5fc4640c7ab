from pathlib import Path

from tests.cli.doctor.patients import patient, told
from tokenrouter.cli.doctor.configuration import check_configuration


def test_every_mistake_is_a_problem(tmp_path: Path) -> None:
    said = told(list(check_configuration(patient(tmp_path, 'a = 1\nlisten_addr = "x"\n'))), "problem")

    assert "torod.toml:1: a: unknown key" in said
    assert "torod.toml:2: listen_addr" in said


def test_an_installation_without_a_provider_is_told_how_to_get_one(tmp_path: Path) -> None:
    found = list(check_configuration(patient(tmp_path, "auto_detect_local_servers = false\n")))

    assert "torod providers add" in told(found, "note")
    assert "torod.toml is right" in told(found, "ok")
