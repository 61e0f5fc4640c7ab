from pathlib import Path

import pytest

from tests.cli.doctor.patients import patient, told
from tokenrouter.cli.doctor import versions
from tokenrouter.cli.doctor.versions import check_versions


def test_versions_are_told(tmp_path: Path) -> None:
    found = list(check_versions(patient(tmp_path)))

    assert "uvloop" in told(found, "ok")
    assert "SQLite 3." in told(found, "ok")
    assert {one.level for one in found} == {"ok"}


def test_a_package_that_is_missing_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        versions, "requires", lambda _: ["uvloop>=0.22", "no-such-package-here>=1", 'other; extra == "x"']
    )

    assert "packages are missing: no-such-package-here" in told(list(check_versions(patient(tmp_path))), "problem")
